"""Images with their questions, answers and targets; targets are run lengths in memory, or read when they are needed."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from evaluation.packs.pack import Pack, PackQuestion, Rle, decode_rle
from training.parts import PartBox, read_part

ReadTarget = Callable[[], NDArray[np.bool_]]
"""Returns the pixels to be marked, bool (H, W), at the label's own size."""

SampleTarget = Rle | ReadTarget
"""COCO run lengths at the image's size, or what reads the label."""


@dataclass(frozen=True)
class QuestionSample:
    """One question about one image.

    Attributes:
        id: the pack's id.
        text: the question.
        kind: "class", "count", "implicit", "region", "position", "size", "relation" or "negative".
        target: None when nothing is to be marked.
        answers: sentences that answer it; the language model learns them where it learns to reply.
        class_name: what is asked for; empty where the data set names no classes.
        part_xyxy: the part of the image that is meant, as shares of its width and height: what the target is cut to, or
            the half or quarter that is named where whole objects are picked from it. None for all of the image, or
            where neither says.
    """

    id: str
    text: str
    kind: str
    target: SampleTarget | None
    answers: tuple[str, ...] = ()
    class_name: str = ""
    part_xyxy: PartBox | None = None

    @property
    def is_of_whole_class(self) -> bool:
        """Whether the target is all of a class, so that the words hold however the image is laid."""
        return bool(self.class_name) and self.kind in ("class", "count", "implicit")

    @property
    def is_pick(self) -> bool:
        """Whether the target is what a class has in a place, of a size or beside something."""
        return self.kind in ("region", "position", "size", "relation")

    def decode_target(self, height: int, width: int) -> NDArray[np.uint8]:
        """Return the target, uint8 0/1, (height, width)."""
        return decode_target(self.target, height, width)


@dataclass(frozen=True)
class ImageSample:
    """One image with all its questions."""

    id: str
    path: Path
    source: str
    questions: tuple[QuestionSample, ...]


def decode_target(target: SampleTarget | None, height: int, width: int) -> NDArray[np.uint8]:
    """Return a target's pixels, uint8 0/1, (height, width); all 0 for None."""
    if target is None:
        return np.zeros((height, width), np.uint8)
    if callable(target):
        label = target().astype(np.uint8)
        if label.shape == (height, width):
            return label
        return np.asarray(cv2.resize(label, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)
    return decode_rle(target).astype(np.uint8)


def _part_in_words(question: PackQuestion) -> PartBox | None:
    return read_part(question.question) if question.kind == "region" else None


def load_samples(pack: Pack, split: str) -> list[ImageSample]:
    """Return the images of one split ("train", "val" or "test") in the pack's order."""
    samples = []
    for image_id, group in groupby(pack.select_questions(split), key=lambda question: question.image_id):
        of_image = list(group)
        questions = tuple(
            QuestionSample(
                question.id,
                question.question,
                question.kind,
                pack.encode_target(question),
                class_name=question.class_name,
                part_xyxy=pack.share_of_image(question) or _part_in_words(question),
            )
            for question in of_image
        )
        samples.append(ImageSample(image_id, pack.image_path(of_image[0]), of_image[0].source, questions))
    return samples
