"""Read a folder of images, questions and targets (manifest.jsonl, questions.jsonl, annotations/, masks/)."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from pycocotools import mask as coco_mask

from evaluation.errors import PackMissingError, PackUnreadableError
from evaluation.spreading import spread_positions

MANIFEST = "manifest.jsonl"
QUESTIONS = "questions.jsonl"

Rle = dict[str, Any]  # COCO compressed run lengths: "size" (height, width) and "counts" (bytes)


@dataclass(frozen=True)
class PackQuestion:
    """One question and where its target lies.

    Attributes:
        id: unique in the pack.
        image: path of the image, from the root.
        image_id: the image's name in the manifest, "<source>/<name>".
        source: the data set that the image comes from.
        split: "train", "val" or "test".
        kind: "class", "implicit", "negative", ...
        class_name: what is asked for, or absent.
        question: the words.
        mask: path of the target's PNG from the root; None where the target is made of instances, or empty.
        instances: ids of annotations of the source, whose union is the target.
        clip_xyxy_px: the target is cut to this box (right and bottom exclusive); None when it is whole.
        is_empty: nothing is to be marked.
        template: name of the template that made the words.
        is_template_heldout: the template never occurs in train.
    """

    id: str
    image: str
    image_id: str
    source: str
    split: str
    kind: str
    class_name: str
    question: str
    mask: str | None
    instances: tuple[int, ...]
    clip_xyxy_px: tuple[int, int, int, int] | None
    is_empty: bool
    template: str
    is_template_heldout: bool


class Pack:
    """A folder of questions; annotations are read once per source and kept.

    Args:
        root: the folder that holds manifest.jsonl and questions.jsonl.

    Raises:
        PackError: a file is missing or not in the form.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._sizes = {
            str(row["image_id"]): (int(str(row["height"])), int(str(row["width"])))
            for row in _read_lines(root, MANIFEST, required=("image_id", "height", "width"))
        }
        self._questions = _read_questions(root)
        self._segmentations: dict[str, Mapping[int, Mapping[str, object]]] = {}

    def select_questions(self, split: str, *, sources: Collection[str] = ()) -> tuple[PackQuestion, ...]:
        """Return the questions of a split in the pack's order, those of one image one after the other.

        Args:
            split: "train", "val" or "test".
            sources: only these, when any are given.
        """
        by_image: dict[str, list[PackQuestion]] = {}
        for question in self._questions:
            if question.split == split and (not sources or question.source in sources):
                by_image.setdefault(question.image, []).append(question)
        return tuple(question for questions in by_image.values() for question in questions)

    def image_path(self, question: PackQuestion) -> Path:
        """Return where the question's image lies."""
        return self._root / question.image

    def image_size(self, question: PackQuestion) -> tuple[int, int]:
        """Return height and width of the question's image."""
        try:
            return self._sizes[question.image_id]
        except KeyError as error:
            raise PackUnreadableError(where=question.id, problem=f"its image is not in {MANIFEST}") from error

    def share_of_image(self, question: PackQuestion) -> tuple[float, float, float, float] | None:
        """Return the box that the target is cut to, as shares of width and height; None when it is whole."""
        if question.clip_xyxy_px is None:
            return None
        height, width = self.image_size(question)
        left, top, right, bottom = question.clip_xyxy_px
        return left / width, top / height, right / width, bottom / height

    def load_target(self, question: PackQuestion) -> NDArray[np.bool_]:
        """Return the pixels to be marked, bool, (height, width) of the image; all False for an empty target."""
        encoded = self.encode_target(question)
        if encoded is None:
            return np.zeros(self.image_size(question), dtype=np.bool_)
        return decode_rle(encoded)

    def encode_target(self, question: PackQuestion) -> Rle | None:
        """Return the pixels to be marked as COCO run lengths of the image's size, or None for an empty target."""
        height, width = self.image_size(question)
        if question.mask is None and not question.instances:
            return None
        if question.mask is not None:
            target = self._encode_mask(question.mask)
        else:
            parts = [self._find_instance(question.source, instance) for instance in question.instances]
            target = _merge(parts)
        if tuple(target["size"]) != (height, width):
            raise PackUnreadableError(
                where=question.id, problem=f"the target is {tuple(target['size'])}, the image {(height, width)}"
            )
        if question.clip_xyxy_px is None:
            return target
        left, top, right, bottom = question.clip_xyxy_px
        box = np.zeros((height, width), np.uint8, order="F")
        box[top:bottom, left:right] = 1
        return _merge([target, coco_mask.encode(box)], intersect=True)

    def _encode_mask(self, name: str) -> Rle:
        path = self._root / name
        try:
            with Image.open(path) as picture:
                pixels: NDArray[np.bool_] = np.asarray(picture.convert("L")) > 0
        except FileNotFoundError as error:
            raise PackMissingError(name=name) from error
        except (UnidentifiedImageError, OSError) as error:
            raise PackUnreadableError(where=name, problem="the mask is damaged") from error
        encoded: Rle = coco_mask.encode(np.asfortranarray(pixels.astype(np.uint8)))
        return encoded

    def _find_instance(self, source: str, instance: int) -> Rle:
        if source not in self._segmentations:
            self._segmentations[source] = _read_segmentations(self._root, source)
        try:
            segmentation = self._segmentations[source][instance]
        except KeyError as error:
            raise PackUnreadableError(where=f"annotations/{source}.json", problem=f"no id {instance}") from error
        return {"size": segmentation["size"], "counts": str(segmentation["counts"]).encode("ascii")}


def decode_rle(rle: Rle) -> NDArray[np.bool_]:
    """Return the pixels that COCO run lengths stand for, bool, (height, width)."""
    decoded: NDArray[np.uint8] = coco_mask.decode(rle)
    return decoded.astype(np.bool_)


def _merge(parts: list[Rle], *, intersect: bool = False) -> Rle:
    merged: Rle = coco_mask.merge(parts, intersect=intersect)
    return merged


def spread_questions(questions: Sequence[PackQuestion], limit: int) -> tuple[PackQuestion, ...]:
    """Return at most `limit` questions from images spread evenly over `questions`, in their order.

    Images are taken whole (a second question on an image is cheap), but for the last one taken, which is cut to
    fit. The same limit gives the same questions, and a larger one mostly adds to them.
    """
    if limit < 1:
        raise ValueError(f"the limit is at least 1, got {limit}")
    by_image: dict[str, list[PackQuestion]] = {}
    for question in questions:
        by_image.setdefault(question.image, []).append(question)
    taken: set[str] = set()
    images = list(by_image)
    for image in (images[position] for position in spread_positions(len(images))):
        room = limit - len(taken)
        if room == 0:
            break
        taken.update(question.id for question in by_image[image][:room])
    return tuple(question for question in questions if question.id in taken)


def _read_questions(root: Path) -> tuple[PackQuestion, ...]:
    required = (
        "id", "image", "image_id", "source", "split", "kind", "class", "question", "mask", "instances", "clip",
        "empty", "template", "template_heldout",
    )  # fmt: skip
    questions = []
    for row in _read_lines(root, QUESTIONS, required=required):
        instances, clip = row["instances"], row["clip"]
        if not isinstance(instances, list) or not (clip is None or (isinstance(clip, list) and len(clip) == 4)):
            raise PackUnreadableError(where=f"{QUESTIONS}, {row['id']}", problem="instances or clip are no lists")
        questions.append(
            PackQuestion(
                id=str(row["id"]),
                image=str(row["image"]),
                image_id=str(row["image_id"]),
                source=str(row["source"]),
                split=str(row["split"]),
                kind=str(row["kind"]),
                class_name=str(row["class"]),
                question=str(row["question"]),
                mask=None if row["mask"] is None else str(row["mask"]),
                instances=tuple(int(instance) for instance in instances),
                clip_xyxy_px=None if clip is None else (int(clip[0]), int(clip[1]), int(clip[2]), int(clip[3])),
                is_empty=bool(row["empty"]),
                template=str(row["template"]),
                is_template_heldout=bool(row["template_heldout"]),
            )
        )
    return tuple(questions)


def _read_segmentations(root: Path, source: str) -> Mapping[int, Mapping[str, object]]:
    """Return id -> COCO compressed RLE of one source."""
    name = f"annotations/{source}.json"
    try:
        annotations = json.loads((root / name).read_text(encoding="utf-8"))["annotations"]
        return {int(annotation["id"]): annotation["segmentation"] for annotation in annotations}
    except FileNotFoundError as error:
        raise PackMissingError(name=name) from error
    except (ValueError, KeyError, TypeError) as error:
        raise PackUnreadableError(where=name, problem="not COCO annotations") from error


def _read_lines(root: Path, name: str, *, required: Sequence[str]) -> list[Mapping[str, object]]:
    """Return the JSON objects of a file, one per line, each with the required keys."""
    try:
        lines = (root / name).read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise PackMissingError(name=name) from error
    rows: list[Mapping[str, object]] = []
    for number, line in enumerate(lines, start=1):
        where = f"{name}, line {number}"
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise PackUnreadableError(where=where, problem="not JSON") from error
        missing = [key for key in required if not isinstance(row, dict) or key not in row]
        if missing:
            raise PackUnreadableError(where=where, problem=f"without {', '.join(missing)}")
        rows.append(row)
    return rows
