"""Images with their questions and targets, read once from a pack (manifest.jsonl, questions.jsonl, masks, annotations).

Targets are kept as COCO run-length encodings, so that a whole pack fits in memory.
"""

import json
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pycocotools import mask as coco_mask


@dataclass(frozen=True)
class QuestionSample:
    """One question about one image.

    Attributes:
        id: the pack's id.
        text: the question.
        kind: "class", "count", "implicit", "region", "position", "size", "relation" or "negative".
        target: COCO run-length encoding at the image's size, or None when nothing is to be marked.
    """

    id: str
    text: str
    kind: str
    target: dict[str, Any] | None

    def decode_target(self, height: int, width: int) -> NDArray[np.uint8]:
        """Return the target, uint8 0/1, (height, width)."""
        if self.target is None:
            return np.zeros((height, width), np.uint8)
        return np.asarray(coco_mask.decode(self.target), dtype=np.uint8)


@dataclass(frozen=True)
class ImageSample:
    """One image with all its questions."""

    id: str
    path: Path
    source: str
    questions: tuple[QuestionSample, ...]


def load_samples(root: Path, split: str, *, sources: frozenset[str] = frozenset()) -> list[ImageSample]:
    """Read the images of one split, in the order of the pack.

    Args:
        root: the pack's folder.
        split: "train", "val" or "test".
        sources: only these; empty for all.
    """
    questions: dict[str, list[QuestionSample]] = defaultdict(list)
    first_row: dict[str, dict[str, Any]] = {}
    reader = _TargetReader(root)
    with (root / "questions.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row["split"] != split or (sources and row["source"] not in sources):
                continue
            first_row.setdefault(row["image_id"], row)
            questions[row["image_id"]].append(QuestionSample(row["id"], row["question"], row["kind"], reader.read(row)))
    return [
        ImageSample(image_id, root / row["image"], row["source"], tuple(questions[image_id]))
        for image_id, row in first_row.items()
    ]


class _TargetReader:
    """Turns rows of questions.jsonl into run-length encodings."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._annotations: dict[str, dict[int, dict[str, Any]]] = {}
        self._mask = lru_cache(maxsize=64)(self._read_mask)

    def read(self, row: dict[str, Any]) -> dict[str, Any] | None:
        if row["empty"]:
            return None
        if row["mask"]:
            rle = self._mask(row["mask"])
        else:
            annotations = self._of_source(row["source"])
            rle = coco_mask.merge([annotations[index]["segmentation"] for index in row["instances"]])
        if row["clip"]:
            x0, y0, x1, y1 = row["clip"]
            height, width = rle["size"]
            box = coco_mask.frPyObjects(np.array([[x0, y0, x1 - x0, y1 - y0]], float), height, width)[0]
            rle = coco_mask.merge([rle, box], intersect=True)
        return rle

    def _read_mask(self, name: str) -> dict[str, Any]:
        pixels = np.asarray(Image.open(self._root / name)) > 0
        return coco_mask.encode(np.asfortranarray(pixels.astype(np.uint8)))  # type: ignore[no-any-return]

    def _of_source(self, source: str) -> dict[int, dict[str, Any]]:
        if source not in self._annotations:
            rows = json.loads((self._root / "annotations" / f"{source}.json").read_text(encoding="utf-8"))
            self._annotations[source] = {row["id"]: row for row in rows["annotations"]}
        return self._annotations[source]
