"""Batches as a pure function of (seed, step), so that a resumed training sees what an undisturbed one would have."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from evaluation.pictures import read_rgb
from training.absences import asks_anywhere, find_labels
from training.augmentation import cut_target, draw_geometry, warp_image, warp_target
from training.colour import ColourRange, imitate_sensor, jitter_colour
from training.mosaic import build_mosaic
from training.paraphrases import load_wordings
from training.parts import load_part_wordings
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
        mosaic_share: of the pictures are made of four images.
        absent_share: of the questions to one image ask for a class that it is known to lack, in words that were written
            for another image.
        paraphrase_share: of the questions for all of a class are put in words of our own.
        picked_weight: how much likelier a question that picks by place, size or relation is drawn than another.
        part_share: of the questions for all of a class ask for it in a half or a quarter of the image instead, where
            the picture shows it whole and upright.
    """

    images: int
    questions: int
    side: int
    seed: int
    source_balance: float = 0.1
    colour: ColourRange = "plain"
    mosaic_share: float = 0.0
    absent_share: float = 0.0
    paraphrase_share: float = 0.0
    picked_weight: float = 1.0
    part_share: float = 0.0


@dataclass(frozen=True)
class Batch:
    """One step's images, questions and targets.

    Attributes:
        images: uint8, (B, side, side, 3).
        texts: Q questions for each image.
        targets: float32 0..1, (B, Q, side/4, side/4), the share of each cell that is covered.
        is_known: bool, (B, Q, side/4, side/4), False where no label says whether it belongs to the target.
        is_present: bool, (B, Q).
        is_judged: bool, (B, Q), False where too little of the target is left to say.
    """

    images: Tensor
    texts: list[list[str]]
    targets: Tensor
    is_known: Tensor
    is_present: Tensor
    is_judged: Tensor


@dataclass
class _Picture:
    """One image of a batch while it is made, with its questions."""

    image: NDArray[np.uint8]
    texts: list[str] = field(default_factory=list)
    targets: list[NDArray[np.uint8]] = field(default_factory=list)
    known: list[NDArray[np.bool_]] = field(default_factory=list)
    present: list[bool] = field(default_factory=list)
    judged: list[bool] = field(default_factory=list)

    def ask(
        self,
        text: str,
        target: NDArray[np.uint8],
        *,
        is_present: bool,
        is_judged: bool,
        is_known: NDArray[np.bool_] | None = None,
    ) -> None:
        self.texts.append(text)
        self.targets.append(target)
        self.known.append(np.ones(target.shape, np.bool_) if is_known is None else is_known)
        self.present.append(is_present)
        self.judged.append(is_judged)


class TrainingBatches(Dataset[Batch]):
    """Item i is the batch of step i."""

    def __init__(self, samples: Sequence[ImageSample], config: BatchConfig, length: int) -> None:
        self._samples = list(samples)
        self._config = config
        self._length = length
        sizes = Counter(sample.source for sample in samples)
        weights = np.array([sizes[sample.source] ** -config.source_balance for sample in samples])
        self._weights = weights / weights.sum()
        self._class_texts = collect_class_texts(samples)
        self._wordings = load_wordings(self._class_texts) if config.paraphrase_share else {}
        self._part_wordings = load_part_wordings(self._class_texts) if config.part_share else {}

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, step: int) -> Batch:
        """Build the batch of `step`; the same for the same seed, whenever it is asked for."""
        cv2.setNumThreads(0)
        rng = np.random.default_rng((self._config.seed, step))
        chosen = rng.choice(len(self._samples), self._config.images, replace=False, p=self._weights)
        pictures = [self._build(self._samples[index], rng) for index in chosen]
        return Batch(
            images=torch.from_numpy(np.stack([picture.image for picture in pictures])),
            texts=[picture.texts for picture in pictures],
            targets=torch.from_numpy(np.stack([picture.targets for picture in pictures])).float().div_(255),
            is_known=torch.from_numpy(np.stack([picture.known for picture in pictures])),
            is_present=torch.tensor([picture.present for picture in pictures]),
            is_judged=torch.tensor([picture.judged for picture in pictures]),
        )

    def _build(self, sample: ImageSample, rng: np.random.Generator) -> _Picture:
        # Nothing is drawn for a share of 0, so that recipes without it see the batches they always saw.
        is_mosaic = bool(self._config.mosaic_share) and rng.random() < self._config.mosaic_share
        if is_mosaic and not self._class_texts.keys().isdisjoint(find_labels(sample)):
            picture = self._build_mosaic(sample, rng)
        else:
            picture = self._build_single(sample, rng)
        if self._config.colour == "wide":
            picture.image = imitate_sensor(picture.image, rng)
        picture.image = jitter_colour(picture.image, rng)
        return picture

    def _build_mosaic(self, sample: ImageSample, rng: np.random.Generator) -> _Picture:
        others = rng.choice(len(self._samples), 3, p=self._weights)
        four = [sample, *(self._samples[index] for index in others)]
        image, asked = build_mosaic(
            [four[place] for place in rng.permutation(4)],
            rng,
            side=self._config.side,
            questions=self._config.questions,
            askable=self._class_texts,
            smallest_cells=_UNSURE_CELLS,
        )
        picture = _Picture(image)
        for one in asked:
            picture.ask(
                self._word(one.class_name, rng),
                one.target,
                is_present=one.is_present,
                is_judged=one.is_judged,
                is_known=one.is_known,
            )
        return picture

    def _build_single(self, sample: ImageSample, rng: np.random.Generator) -> _Picture:
        side = self._config.side
        rgb = read_rgb(sample.path)
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
        picture = _Picture(warp_image(rgb, geometry, side))
        weight = self._config.picked_weight
        weights = np.array([weight if question.is_pick else 1.0 for question, _ in usable])
        shares = None if weight == 1 else weights / weights.sum()  # None draws as recipes without it always did
        for index in rng.choice(len(usable), count, replace=len(usable) < count, p=shares):
            question, text = usable[index]
            target = warp_target(question.decode_target(height, width), geometry, side)
            is_cut = geometry.is_cropped
            part_wordings = self._part_wordings.get(question.class_name, ())
            if asks_anywhere(question):
                if part_wordings and not geometry.is_cropped and rng.random() < self._config.part_share:
                    text, part = part_wordings[int(rng.integers(len(part_wordings)))]
                    target = cut_target(target, part, geometry, height, width)
                    is_cut = True
                else:
                    text = self._reword(text, question.class_name, rng)
            cells = float(target.sum()) / 255
            is_judged = question.target is None or cells >= _UNSURE_CELLS or not is_cut
            picture.ask(text, target, is_present=cells > 0, is_judged=is_judged)
        if self._config.absent_share:
            self._ask_for_absent_classes(picture, sample, rng)
        return picture

    def _ask_for_absent_classes(self, picture: _Picture, sample: ImageSample, rng: np.random.Generator) -> None:
        """Put some of the questions' places to questions for what the image lacks."""
        absent = [name for name, target in find_labels(sample).items() if target is None and name in self._class_texts]
        for place in range(len(picture.texts)):
            if absent and rng.random() < self._config.absent_share:
                picture.texts[place] = self._word(absent[int(rng.integers(len(absent)))], rng)
                picture.targets[place] = np.zeros_like(picture.targets[place])
                picture.present[place], picture.judged[place] = False, True

    def _word(self, class_name: str, rng: np.random.Generator) -> str:
        texts = self._class_texts[class_name]
        return self._reword(texts[int(rng.integers(len(texts)))], class_name, rng)

    def _reword(self, text: str, class_name: str, rng: np.random.Generator) -> str:
        """Put some of the questions for all of a class in words of our own."""
        if class_name in self._wordings and rng.random() < self._config.paraphrase_share:
            return self._wordings[class_name].draw(rng)
        return text


def collect_class_texts(samples: Sequence[ImageSample]) -> dict[str, list[str]]:
    """Return the wordings that ask for all of a class, by class."""
    texts: dict[str, set[str]] = {}
    for sample in samples:
        for question in sample.questions:
            if asks_anywhere(question):
                texts.setdefault(question.class_name, set()).add(question.text)
    return {name: sorted(of_class) for name, of_class in texts.items()}
