"""Images with their questions, answers and targets; targets are run lengths in memory, or read when they are needed."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from evaluation.pack import Pack, Rle, decode_rle

ReadTarget = Callable[[], NDArray[np.bool_]]
"""Returns the pixels to be marked, bool (H, W), at the label's own size."""


@dataclass(frozen=True)
class QuestionSample:
    """One question about one image.

    Attributes:
        id: the pack's id.
        text: the question.
        kind: "class", "count", "implicit", "region", "position", "size", "relation" or "negative".
        target: COCO run lengths at the image's size, what reads the label, or None when nothing is to be marked.
        answers: sentences that answer it; the language model learns them where it learns to reply.
    """

    id: str
    text: str
    kind: str
    target: Rle | ReadTarget | None
    answers: tuple[str, ...] = ()

    def decode_target(self, height: int, width: int) -> NDArray[np.uint8]:
        """Return the target, uint8 0/1, (height, width)."""
        if self.target is None:
            return np.zeros((height, width), np.uint8)
        if callable(self.target):
            label = self.target().astype(np.uint8)
            if label.shape == (height, width):
                return label
            return np.asarray(cv2.resize(label, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)
        return decode_rle(self.target).astype(np.uint8)


@dataclass(frozen=True)
class ImageSample:
    """One image with all its questions."""

    id: str
    path: Path
    source: str
    questions: tuple[QuestionSample, ...]


def load_samples(pack: Pack, split: str) -> list[ImageSample]:
    """Return the images of one split ("train", "val" or "test") in the pack's order."""
    samples = []
    for image_id, group in groupby(pack.select_questions(split), key=lambda question: question.image_id):
        of_image = list(group)
        questions = tuple(
            QuestionSample(question.id, question.question, question.kind, pack.encode_target(question))
            for question in of_image
        )
        samples.append(ImageSample(image_id, pack.image_path(of_image[0]), of_image[0].source, questions))
    return samples
