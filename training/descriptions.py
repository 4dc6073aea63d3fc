"""Descriptions of every question by the frozen language model, computed once.

While the compressor's last layer holds zeros, the visual tokens are the same for every image, and so is the hidden
state of a question: a table of them replaces the language model in the training's first phase, exactly.
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
from training.samples import ImageSample
from training.wording import mirror_text

_CHUNK = 64


def collect_texts(samples: Sequence[ImageSample]) -> list[str]:
    """Return every wording that a batch may ask for: each question as it is and mirrored, sorted."""
    texts: set[str] = set()
    for sample in samples:
        for question in sample.questions:
            for left_right in (False, True):
                for top_bottom in (False, True):
                    mirrored = mirror_text(question.text, left_right=left_right, top_bottom=top_bottom)
                    if mirrored is not None:
                        texts.add(mirrored)
    return sorted(texts)


class DescriptionTable:
    """Text to description.

    Attributes:
        rows: float32, (texts, D_lm).
    """

    def __init__(self, texts: Sequence[str], rows: Tensor) -> None:
        self.rows = rows
        self._index = {text: index for index, text in enumerate(texts)}

    def look_up(self, texts: Sequence[Sequence[str]]) -> Tensor:
        """Return descriptions, (B, Q, D_lm), of B lists of Q texts."""
        return self.rows[torch.tensor([[self._index[text] for text in row] for row in texts])]


def build_table(language: SmolLM2, visual_tokens: Tensor, texts: Sequence[str], cache_path: Path) -> DescriptionTable:
    """Run the language model over `texts`, or read the result of an earlier run.

    Args:
        language: the frozen backbone.
        visual_tokens: the constant visual tokens, (1, T, D_lm).
        texts: sorted and distinct.
        cache_path: where the rows are kept; a file for other texts or tokens is made anew.
    """
    fingerprint = {"texts": hash_texts(texts), "tokens": f"{float(visual_tokens.double().sum()):.9e}"}
    if cache_path.is_file():
        with safe_open(cache_path, "pt") as stored:
            if stored.metadata() == fingerprint:
                return DescriptionTable(texts, stored.get_tensor("rows"))
    rows = []
    with torch.no_grad():
        prefix = language.encode_prefix(visual_tokens)
        for start in track(range(0, len(texts), _CHUNK), description="Reading every question once"):
            rows.append(language.describe(prefix, [list(texts[start : start + _CHUNK])])[0])
    table = torch.cat(rows).float().contiguous()
    cache_path.parent.mkdir(parents=True, exist_ok=True)
    save_file({"rows": table}, cache_path, metadata=fingerprint)
    return DescriptionTable(texts, table)


def hash_texts(texts: Sequence[str]) -> str:
    """Return a digest of the texts and their order."""
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()
