"""A golden case on disk: recorded outputs of the whole pipeline, and the model and picture that follow from them.

A case is `case_X.npz`; its picture is `image_X.png` beside it, or a formula picture of a given size.
"""

import dataclasses
import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from evaluation.errors import GoldenCaseError
from evaluation.parity.golden_fill import formula_image
from serving.language.sequence import PromptSequence, expand_placeholders, label_reply
from serving.model.config import RELEASED, SegEarthConfig

# (height, width, k) of the formula pictures that the known cases were made with.
KNOWN_FORMULAS = {"case_A": (1024, 1024, 0), "case_S": (500, 333, 1)}

# The red channel's shift is 11 - k.
MAX_FORMULA_K = 11
# A side above this is a typing mistake; the picture is resized to 1024 in any case.
MAX_FORMULA_SIDE = 20_000

_HEAD_DIM = 64
_MLP_RATIO = 4

_ALWAYS_RECORDED = (
    *("input_ids", "labels", "question_ids", "image_span", "question_span", "seq_len", "image_norm", "image_sum"),
    *("res2", "res3", "res4", "res5", "res2_stats", "res3_stats", "res4_stats", "res5_stats"),
    *("visual_tokens", "visual_tokens_stats", "inputs_embeds", "inputs_embeds_stats"),
    *("hidden_question", "hidden_stats", "e", "g", "t0", "t_rest", "V", "V_stats", "d", "query"),
    *("pixel_ms0", "pixel_ms1", "pixel_ms2", "pixel_ms0_stats", "pixel_ms1_stats", "pixel_ms2_stats"),
    *("mask_features", "mask_features_stats", "aux_logits", "mask_logits_256", "mask_logits_1024"),
    *("mask_packed", "mask_count"),
)
_LAYER_KEY = re.compile(r"llm_layer(\d+)")


@dataclass(frozen=True)
class GoldenCase:
    """Everything recorded in one case.

    Attributes:
        path: of the file.
        arrays: recorded point -> values.
    """

    path: Path
    arrays: dict[str, NDArray[Any]]

    @property
    def recorded_layers(self) -> tuple[int, ...]:
        """Language layers after which the residual stream is recorded, ascending; the last is the model's last."""
        matches = (_LAYER_KEY.fullmatch(key) for key in self.arrays)
        return tuple(sorted(int(match.group(1)) for match in matches if match))

    @property
    def image_path(self) -> Path:
        """Where the case's picture is, if it has one of its own."""
        return self.path.with_name(f"image_{self.path.stem.removeprefix('case_')}.png")

    @property
    def visual_token_step(self) -> int:
        """Every how many columns the visual tokens are recorded; finer for a narrower language model."""
        columns = self.arrays["visual_tokens"].shape[-1] if self.arrays["visual_tokens"].ndim else 0
        return max(1, self.arrays["e"].size // max(1, columns))

    def build_sequence(self, config: SegEarthConfig) -> PromptSequence:
        """Return the case's conversation, question, labels and reply included.

        Raises:
            GoldenCaseError: the recorded ids do not make a prompt for this model.
        """
        placeholder_ids, question_ids, answer_ids = map(self._ids, ("input_ids", "question_ids", "answer_ids"))
        vocabulary = config.language.vocabulary_size
        if max((*placeholder_ids, *question_ids, *answer_ids), default=0) >= vocabulary:
            raise GoldenCaseError(f"{self.path} holds a token id beyond the vocabulary of {vocabulary}.")
        try:
            return expand_placeholders(
                placeholder_ids,
                question_ids,
                answer_ids,
                visual_token_count=config.compressor.token_count,
                labels=label_reply(placeholder_ids),
            )
        except ValueError as error:
            raise GoldenCaseError(f"{self.path} holds no prompt that the model can read: {error}.") from error

    def label_reply(self) -> tuple[int, ...]:
        """Return our labels for the case's conversation, before its placeholders are filled in."""
        return label_reply(self._ids("input_ids"))

    def _ids(self, key: str) -> list[int]:
        """Return recorded ids; none where the case has no such part (a prompt without an answer)."""
        return [int(value) for value in self.arrays[key].ravel()] if key in self.arrays else []

    def build_config(self) -> SegEarthConfig:
        """Return the released model's config with the language model's size of this case."""
        hidden = self.arrays["e"].size
        if hidden == 0 or hidden % _HEAD_DIM:
            raise GoldenCaseError(f"{self.path}: the hidden size {hidden} is not a multiple of {_HEAD_DIM}.")
        heads = hidden // _HEAD_DIM
        return dataclasses.replace(
            RELEASED,
            compressor=dataclasses.replace(RELEASED.compressor, hidden_channels=hidden, token_dim=hidden),
            projector=dataclasses.replace(RELEASED.projector, text_dim=hidden),
            language=dataclasses.replace(
                RELEASED.language,
                hidden_size=hidden,
                layers=self.recorded_layers[-1] + 1,
                heads=heads,
                key_value_heads=heads,
                intermediate_size=_MLP_RATIO * hidden,
            ),
        )

    def load_image(self, formula: tuple[int, int, int] | None = None) -> NDArray[np.uint8]:
        """Return the case's picture, uint8 RGB (height, width, 3).

        Args:
            formula: (height, width, k) where no picture lies beside the case; known cases need none.

        Raises:
            GoldenCaseError: there is neither picture nor formula, or the picture cannot be read.
        """
        if self.image_path.is_file():
            try:
                with Image.open(self.image_path) as image:
                    return np.asarray(image.convert("RGB"))
            except (UnidentifiedImageError, OSError, SyntaxError) as error:
                raise GoldenCaseError(f"The picture {self.image_path} cannot be read: {error}.") from error
        formula = formula or KNOWN_FORMULAS.get(self.path.stem)
        if formula is None:
            raise GoldenCaseError(
                f"There is no picture {self.image_path.name} beside {self.path}. "
                "Put it there, or say how it was made: --formula HEIGHT,WIDTH,K"
            )
        return formula_image(*formula)


def load_golden_case(path: Path) -> GoldenCase:
    """Read a case whole.

    Raises:
        GoldenCaseError: the file is missing, damaged, of another kind, or a point is not recorded.
    """
    if not path.is_file():
        raise GoldenCaseError(f"There is no golden case {path}. Give the path of a case_X.npz file.")
    try:
        with path.open("rb") as file:
            stored = np.load(file)
            if not isinstance(stored, np.lib.npyio.NpzFile):
                raise GoldenCaseError(f"{path} holds a single array; a golden case is an .npz file of many.")
            arrays = {key: stored[key] for key in stored.files}
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
        raise GoldenCaseError(f"{path} cannot be read as a golden case (.npz): {error}.") from error
    case = GoldenCase(path, arrays)
    missing = [key for key in _ALWAYS_RECORDED if key not in arrays]
    if not case.recorded_layers:
        missing.append("llm_layer0")
    if missing:
        raise GoldenCaseError(f"{path} is not a golden case of the whole pipeline: it lacks {', '.join(missing)}.")
    return case


def parse_formula(text: str) -> tuple[int, int, int]:
    """Return (height, width, k) from text such as "500,333,1".

    Raises:
        GoldenCaseError: it is not three numbers in range.
    """
    parts = text.split(",")
    try:
        height, width, k = (int(part) for part in parts)
    except ValueError as error:
        raise GoldenCaseError(
            f"--formula takes three whole numbers HEIGHT,WIDTH,K, for example 500,333,1; got {text!r}."
        ) from error
    if not (1 <= height <= MAX_FORMULA_SIDE and 1 <= width <= MAX_FORMULA_SIDE and 0 <= k <= MAX_FORMULA_K):
        raise GoldenCaseError(
            f"--formula takes sides of 1 to {MAX_FORMULA_SIDE} pixels and K of 0 to {MAX_FORMULA_K}; got {text!r}."
        )
    return height, width, k
