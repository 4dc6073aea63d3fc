"""Batches as a pure function of step and device, so that a resumed training sees what an undisturbed one would have."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from evaluation.pictures import read_rgb
from serving.imagery.letterbox import Letterbox
from training.augmentation import Geometry, draw_geometry, warp_image, warp_mask
from training.colour import jitter_colour
from training.joint.experiment import DataConfig
from training.samples import ImageSample, QuestionSample

_DRAWS = 8  # geometries that are tried before the image is taken as it is
_KEPT_SHARE = 0.5  # of each target; with less in sight the answer could be wrong


@dataclass(frozen=True)
class JointBatch:
    """Images of one device, with Q questions each.

    Attributes:
        images: uint8, (B, S, S, 3).
        questions: Q texts for each image.
        answers: as many; None where there is none.
        targets: uint8 0 or 1, (B, Q, S, S).
    """

    images: Tensor
    questions: list[list[str]]
    answers: list[list[str | None]]
    targets: Tensor

    @property
    def is_present(self) -> Tensor:
        """Whether anything is to be marked, bool (B, Q)."""
        return self.targets.flatten(2).any(-1)

    def to(self, device: torch.device) -> "JointBatch":
        """Return the batch with its tensors on `device`."""
        return JointBatch(self.images.to(device), self.questions, self.answers, self.targets.to(device))


@dataclass(frozen=True)
class Share:
    """Which part of every step one device does.

    Attributes:
        images: at once on this device.
        rank: number of this device.
        devices: how many there are.
    """

    images: int
    rank: int = 0
    devices: int = 1


class JointBatches(Dataset[JointBatch]):
    """Item i is this device's part of batch i; images come in a new order at each visit of all of them."""

    def __init__(
        self, samples: Sequence[ImageSample], config: DataConfig, share: Share, *, side: int, seed: int, length: int
    ) -> None:
        self._samples = list(samples)
        self._config, self._share = config, share
        self._side, self._seed, self._length = side, seed, length

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> JointBatch:
        """Build a batch; the same for the same seed, whenever it is asked for."""
        cv2.setNumThreads(0)
        first = (index * self._share.devices + self._share.rank) * self._share.images
        items = [self._build(position) for position in range(first, first + self._share.images)]
        return JointBatch(
            images=torch.from_numpy(np.stack([image for image, _, _, _ in items])),
            questions=[questions for _, questions, _, _ in items],
            answers=[answers for _, _, answers, _ in items],
            targets=torch.from_numpy(np.stack([targets for _, _, _, targets in items])),
        )

    def _build(self, position: int) -> tuple[NDArray[np.uint8], list[str], list[str | None], NDArray[np.uint8]]:
        visit, place = divmod(position, len(self._samples))
        order = np.random.default_rng((self._seed, visit)).permutation(len(self._samples))
        number = int(order[place])
        sample = self._samples[number]
        rng = np.random.default_rng((self._seed, visit, place))
        rgb = read_rgb(sample.path)
        height, width = rgb.shape[:2]
        chosen = self._choose(number, visit, rng)
        masks = [question.decode_target(height, width) for question, _ in chosen]
        texts: list[tuple[str, str | None]] = [(question.text, answer) for question, answer in chosen]
        geometry = self._draw(chosen, masks, height, width, rng) if self._config.geometric else None
        if geometry is None:
            box = Letterbox(height, width, self._side)
            image = box.fit_image(rgb)
            targets = [box.fit_mask(mask.astype(bool)).astype(np.uint8) for mask in masks]
        else:
            image = warp_image(rgb, geometry, self._side)
            targets = [warp_mask(mask, geometry, self._side) for mask in masks]
            texts = [_reword(question, answer, geometry) or (question.text, answer) for question, answer in chosen]
        if self._config.colour:
            image = jitter_colour(image, rng)
        return image, [text for text, _ in texts], [answer for _, answer in texts], np.stack(targets)

    def _choose(self, number: int, visit: int, rng: np.random.Generator) -> list[tuple[QuestionSample, str | None]]:
        """Return the questions about image `number` at this visit, each with one of its answers."""
        count, questions = self._config.questions_per_image, self._samples[number].questions
        if self._config.questions == "first":
            return [(questions[0], questions[0].answers[0] if questions[0].answers else None)] * count
        # In turn, so that every question is asked equally often; each image has an order of its own.
        turn = np.random.default_rng((self._seed, number)).permutation(len(questions))
        chosen = [questions[turn[(visit * count + ask) % len(questions)]] for ask in range(count)]
        return [(question, str(rng.choice(question.answers)) if question.answers else None) for question in chosen]

    def _draw(
        self,
        chosen: Sequence[tuple[QuestionSample, str | None]],
        masks: Sequence[NDArray[np.uint8]],
        height: int,
        width: int,
        rng: np.random.Generator,
    ) -> Geometry | None:
        """Return a geometry under which every question has a true wording and keeps its target, or None."""
        for _ in range(_DRAWS):
            geometry = draw_geometry(rng, height, width, self._side)
            if all(_reword(question, answer, geometry) is not None for question, answer in chosen) and all(
                _kept_share(mask, geometry, self._side) >= _KEPT_SHARE for mask in masks
            ):
                return geometry
        return None


def _reword(question: QuestionSample, answer: str | None, geometry: Geometry) -> tuple[str, str | None] | None:
    """Return question and answer as they are true of the transformed image, or None when they are not."""
    text = geometry.question_text(question)
    if text is None:
        return None
    if answer is None:
        return text, None
    # The answer is held to what the question is held to.
    spoken = geometry.question_text(QuestionSample(question.id, answer, question.kind, None))
    return None if spoken is None else (text, spoken)


def _kept_share(mask: NDArray[np.uint8], geometry: Geometry, side: int) -> float:
    """Return how much of the target stays in sight, 1 for an empty one."""
    native = float(mask.sum()) * abs(float(np.linalg.det(geometry.matrix[:, :2])))
    return 1.0 if native == 0 else float(warp_mask(mask, geometry, side).sum()) / native
