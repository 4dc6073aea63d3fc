"""Batches as a pure function of (seed, step), so that a resumed training sees what an undisturbed one would have."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from training.augmentation import draw_geometry, warp_image, warp_target
from training.colour import ColourRange, imitate_sensor, jitter_colour
from training.samples import ImageSample

_UNSURE_CELLS = 2.0  # after a crop, less of the target than this is neither present nor absent


@dataclass(frozen=True)
class BatchConfig:
    """Sizes of a batch.

    Attributes:
        images: images a step.
        questions: questions per image; drawn again where an image has fewer.
        side: side of the model's square.
        source_balance: an image's weight falls with its source's size to this power; 0 draws each image as often, 1
            each source.
        colour: how far colours, sharpness and noise are moved.
    """

    images: int
    questions: int
    side: int
    seed: int
    source_balance: float = 0.1
    colour: ColourRange = "plain"


@dataclass(frozen=True)
class Batch:
    """One step's images, questions and targets.

    Attributes:
        images: uint8, (B, side, side, 3).
        texts: Q questions for each image.
        targets: float32 0..1, (B, Q, side/4, side/4), the share of each cell that is covered.
        is_present: bool, (B, Q).
        is_judged: bool, (B, Q), False where too little of the target is left to say.
    """

    images: Tensor
    texts: list[list[str]]
    targets: Tensor
    is_present: Tensor
    is_judged: Tensor


class TrainingBatches(Dataset[Batch]):
    """Item i is the batch of step i."""

    def __init__(self, samples: Sequence[ImageSample], config: BatchConfig, length: int) -> None:
        self._samples = list(samples)
        self._config = config
        self._length = length
        sizes = Counter(sample.source for sample in samples)
        weights = np.array([sizes[sample.source] ** -config.source_balance for sample in samples])
        self._weights = weights / weights.sum()

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, step: int) -> Batch:
        """Build the batch of `step`; the same for the same seed, whenever it is asked for."""
        cv2.setNumThreads(0)
        rng = np.random.default_rng((self._config.seed, step))
        chosen = rng.choice(len(self._samples), self._config.images, replace=False, p=self._weights)
        images, texts, targets, present, judged = [], [], [], [], []
        for index in chosen:
            image, questions, masks, is_present, is_judged = self._build(self._samples[index], rng)
            images.append(image)
            texts.append(questions)
            targets.append(masks)
            present.append(is_present)
            judged.append(is_judged)
        return Batch(
            images=torch.from_numpy(np.stack(images)),
            texts=texts,
            targets=torch.from_numpy(np.stack(targets)).float().div_(255),
            is_present=torch.tensor(present),
            is_judged=torch.tensor(judged),
        )

    def _build(
        self, sample: ImageSample, rng: np.random.Generator
    ) -> tuple[NDArray[np.uint8], list[str], NDArray[np.uint8], list[bool], list[bool]]:
        side = self._config.side
        rgb = np.asarray(Image.open(sample.path).convert("RGB"))
        height, width = rgb.shape[:2]
        while True:
            geometry = draw_geometry(rng, height, width, side)
            usable = [
                (question, text)
                for question in sample.questions
                if (text := geometry.question_text(question)) is not None
            ]
            if usable:
                break
        count = self._config.questions
        picked = rng.choice(len(usable), count, replace=len(usable) < count)
        texts, targets, present, judged = [], [], [], []
        for index in picked:
            question, text = usable[index]
            target = warp_target(question.decode_target(height, width), geometry, side)
            cells = float(target.sum()) / 255
            texts.append(text)
            targets.append(target)
            present.append(cells > 0)
            judged.append(question.target is None or cells >= _UNSURE_CELLS or not geometry.is_cropped)
        image = warp_image(rgb, geometry, side)
        if self._config.colour == "wide":
            image = imitate_sensor(image, rng)
        image = jitter_colour(image, rng)
        return image, texts, np.stack(targets), present, judged
