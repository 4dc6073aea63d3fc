"""Descriptions of every question by a language model that rests, computed once.

While the compressor's last layer holds zeros, the visual tokens are the same for every image, and so is the hidden
state of a question: a table of them replaces the language model in the training's first phase, exactly. Later on a
table made with the visual tokens of a few images stands for those of all.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import torch
from rich.progress import track
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from serving.language.smollm2 import SmolLM2
from training.errors import DescriptionsMissingError
from training.samples import ImageSample
from training.wording import mirror_all_ways

_CHUNK = 64


def collect_texts(samples: Sequence[ImageSample]) -> list[str]:
    """Return every wording that a batch may ask for: each question as it is and mirrored, sorted."""
    texts: set[str] = set()
    for sample in samples:
        for question in sample.questions:
            if question.is_of_whole_class:
                texts.add(question.text)
            else:
                texts.update(text for text, _, _ in mirror_all_ways(question.text))
    return sorted(texts)


class DescriptionTable:
    """Text to description, as read after the visual tokens of each of a few images."""

    def __init__(self, texts: Sequence[str], rows: Tensor) -> None:
        """Take the descriptions of `texts`, float32 (images, texts, D_lm)."""
        self._of_text = dict(zip(texts, rows.unbind(1), strict=True))

    def add(self, other: "DescriptionTable") -> None:
        """Take over the texts of another table, which may have been read after another number of images."""
        self._of_text.update(other._of_text)

    def look_up(self, texts: Sequence[Sequence[str]], turn: int = 0) -> Tensor:
        """Return descriptions, (B, Q, D_lm), of B lists of Q texts.

        Args:
            texts: questions.
            turn: the first list is read after the visual tokens of image `turn`, the next after those of the next, and
                round again.
        """
        return torch.stack(
            [
                torch.stack([(rows := self._of_text[text])[(turn + image) % len(rows)] for text in row])
                for image, row in enumerate(texts)
            ]
        )


def build_table(
    language: SmolLM2, visual_tokens: Tensor, texts: Sequence[str], cache_path: Path, *, adapters: str = ""
) -> DescriptionTable:
    """Run the language model over `texts`, or read the result of an earlier run.

    Args:
        language: the resting backbone.
        visual_tokens: those of the images that stand for all, (images, T, D_lm).
        texts: sorted and distinct.
        cache_path: where the rows are kept; a file for other texts, tokens or adapters is made anew.
        adapters: digest of the backbone's adapters.
    """
    fingerprint = {"texts": hash_texts(texts), "tokens": _fingerprint(visual_tokens), "adapters": adapters}
    if cache_path.is_file():
        with safe_open(cache_path, "pt") as stored:
            if stored.metadata() == fingerprint:
                return DescriptionTable(texts, stored.get_tensor("rows"))
    with torch.no_grad():
        rows = [_read_all(language, tokens[None], texts) for tokens in visual_tokens]
    table = torch.stack(rows)
    cache_path.parent.mkdir(parents=True, exist_ok=True)
    save_file({"rows": table}, cache_path, metadata=fingerprint)
    return DescriptionTable(texts, table)


def load_table(texts: Sequence[str], path: Path) -> DescriptionTable:
    """Return a table that was built for these texts, whatever language model and images it was built with.

    Raises:
        DescriptionsMissingError: it is not there, or is of other texts.
    """
    if path.is_file():
        with safe_open(path, "pt") as stored:
            if stored.metadata()["texts"] == hash_texts(texts):
                return DescriptionTable(texts, stored.get_tensor("rows"))
    raise DescriptionsMissingError(
        f"The run has no {path.name} of these questions, which it was begun with. Please begin it anew in another "
        "--run-dir."
    )


def hash_texts(texts: Sequence[str]) -> str:
    """Return a digest of the texts and their order."""
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def _read_all(language: SmolLM2, visual_tokens: Tensor, texts: Sequence[str]) -> Tensor:
    """Return descriptions after one image's visual tokens, float32, (texts, D_lm)."""
    prefix = language.encode_prefix(visual_tokens)
    # By length, so that hardly anything is padded.
    order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
    rows = torch.empty(len(texts), visual_tokens.shape[2])
    for start in track(range(0, len(order), _CHUNK), description="Reading every question once"):
        chunk = order[start : start + _CHUNK]
        rows[chunk] = language.describe(prefix, [[texts[index] for index in chunk]])[0].float()
    return rows


def _fingerprint(tensor: Tensor) -> str:
    return f"{float(tensor.double().sum()):.9e}"
