"""Features, targets and the model's own answers of training images, computed once and kept on disk."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional

from evaluation.pictures import read_rgb
from serving.imagery.letterbox import Letterbox
from serving.language.smollm2 import SmolLM2
from serving.model.features import PixelFeatures
from serving.model.normalisation import fit_pictures
from serving.model.segearth import SegEarth
from serving.refinement.prompt_maps import share_of_cells, shrink_square
from serving.refinement.suggestions import Suggester
from training.half_precision import autocast_on_cpu
from training.samples import ImageSample, QuestionSample


@dataclass(frozen=True, eq=False)
class KeptImage:
    """One image as the refiner sees it, with what is to be found in it; S is the model's square.

    Attributes:
        mask_features: float16, (M, S/4, S/4).
        level: float16, the finest of the multi-scale features, (D, S/8, S/8).
        rgb: uint8, (3, S/2, S/2).
        targets: bool, (T, S/2, S/2), none of them empty.
        answers: bool, (T, S/2, S/2), what the model marked when it was asked.
        embedding: float16, (256, 64, 64), what Segment Anything sees in it; None where nobody looks.
    """

    mask_features: Tensor
    level: Tensor
    rgb: Tensor
    targets: NDArray[np.bool_]
    answers: NDArray[np.bool_]
    embedding: Tensor | None = None

    def window(self, row: int, col: int, cells: int) -> tuple[PixelFeatures, Tensor]:
        """Return features and picture, a batch of one in float32, of a window of stride-2 cells.

        Args:
            row: first cell; a multiple of 16, as the window's side is, so that strides 4 and 8 fit.
            col: likewise.
            cells: rows and columns.
        """
        fine, coarse = slice(row // 2, (row + cells) // 2), slice(row // 4, (row + cells) // 4)
        fine_cols, coarse_cols = slice(col // 2, (col + cells) // 2), slice(col // 4, (col + cells) // 4)
        level = self.level[None, :, coarse, coarse_cols].float()
        empty = level.new_zeros(1, 0, 1, 1)  # the coarser levels are not looked at
        features = PixelFeatures((empty, empty, level), self.mask_features[None, :, fine, fine_cols].float())
        return features, self.rgb[None, :, row : row + cells, col : col + cells].float()


def choose_questions(sample: ImageSample, count: int, rng: np.random.Generator) -> list[QuestionSample]:
    """Return at most `count` questions with different, non-empty targets, in a drawn order."""
    chosen: dict[object, QuestionSample] = {}
    for index in rng.permutation(len(sample.questions)):
        question = sample.questions[index]
        if question.target is None:
            continue
        # Run lengths are one target for all questions that ask for it; what is read from a file is asked for once.
        key = question.id if callable(question.target) else question.target["counts"]
        chosen.setdefault(key, question)
    return list(chosen.values())[:count]


class FeatureKeeper:
    """Computes an image once; later it is read from `folder`.

    Args:
        model: frozen; its features are the refiner's.
        language: its language backbone.
        folder: where the images are kept; one folder belongs to one model.
        questions: targets per image at most.
        seed: of the choice of questions.
        suggester: looks at the image too, for a refiner that reads suggestions; a folder is kept with one or without.
    """

    def __init__(
        self,
        model: SegEarth,
        language: SmolLM2,
        folder: Path,
        *,
        questions: int,
        seed: int,
        suggester: Suggester | None = None,
    ) -> None:
        self._model, self._language = model.eval(), language.eval()
        self._folder = folder
        self._suggester = suggester
        self._questions, self._seed = questions, seed

    def keep(self, samples: Sequence[ImageSample], number: int) -> KeptImage | None:
        """Return `samples[number]`; None when nothing in it is to be marked."""
        path = self._folder / f"{number:05d}.safetensors"
        if not path.is_file():
            tensors = self._compute(samples[number], np.random.default_rng((self._seed, number)))
            self._folder.mkdir(parents=True, exist_ok=True)
            temporary = path.with_suffix(".tmp")
            save_file(tensors, temporary)
            temporary.replace(path)
        return _open(path)

    @torch.inference_mode()
    def _compute(self, sample: ImageSample, rng: np.random.Generator) -> dict[str, Tensor]:
        config = self._model.config
        rgb = read_rgb(sample.path)
        height, width = rgb.shape[:2]
        letterbox = Letterbox(height, width, config.input_size)
        square = letterbox.fit_image(rgb)
        questions = choose_questions(sample, self._questions, rng)
        targets = [
            share_of_cells(letterbox.fit_mask(question.decode_target(height, width).astype(bool))) >= 0.5
            for question in questions
        ]
        # A target can be too small for a single cell.
        usable = [index for index, target in enumerate(targets) if target.any()]
        image = fit_pictures([rgb], config)
        with autocast_on_cpu():
            features = self._model.encode(image)
        half = config.input_size // 2
        answers = torch.zeros(len(usable), half, half, dtype=torch.bool)
        if usable:
            with autocast_on_cpu():
                prefix = self._language.encode_prefix(features.visual_tokens)
                texts = [questions[index].text for index in usable]
                logits = self._model.decode(features, self._language.describe(prefix, [texts])).mask_logits
            enlarged = functional.interpolate(logits.float(), size=half, mode="bilinear", align_corners=False)
            answers = enlarged[0] > 0
        embeddings = {}
        if self._suggester is not None:
            with autocast_on_cpu():
                seen = self._suggester.look(rgb).image
            embeddings["embedding"] = seen[0].half().cpu().contiguous()
        return {
            **embeddings,
            "mask_features": features.pixel.mask_features[0].half().contiguous(),
            "level": features.pixel.multi_scale[2][0].half().contiguous(),
            "rgb": torch.from_numpy(shrink_square(square)).permute(2, 0, 1).contiguous(),
            "targets": torch.from_numpy(np.array([targets[index] for index in usable], bool).reshape(-1, half, half)),
            "answers": answers.contiguous(),
        }


def _open(path: Path) -> KeptImage | None:
    tensors = load_file(path)
    if not len(tensors["targets"]):
        return None
    return KeptImage(
        mask_features=tensors["mask_features"],
        level=tensors["level"],
        rgb=tensors["rgb"],
        targets=tensors["targets"].numpy(),
        answers=tensors["answers"].numpy(),
        embedding=tensors.get("embedding"),
    )
