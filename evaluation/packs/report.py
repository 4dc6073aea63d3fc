"""Put a pack's questions to a segmenter and report how its masks agree with the targets."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from assistant.interfaces import Engine
from evaluation.errors import PackEmptyError, PackMissingError, PackUnreadableError
from evaluation.metrics import Score, ciou, empty_accuracy, giou, precision_at, score_answer
from evaluation.packs.pack import Pack, PackQuestion
from serving.calibration import Temperatures
from serving.cancellation import Cancellation
from serving.clicks import Box, Click
from serving.grid import Grid
from serving.image_ref import ImageRef
from serving.mask import Mask
from serving.prediction import Prediction
from serving.refinement.kinds import RefinerKind

REPORTED_THRESHOLDS = (0.5, 0.7, 0.9)

# An image and the questions about it, in order -> one mask per question, bool (height, width) of the image.
Segmenter = Callable[[Path, Sequence[str]], Iterable[NDArray[np.bool_]]]


@dataclass(frozen=True)
class ScoredQuestion:
    """A question and how its answer compares with the target.

    Attributes:
        question: as asked.
        score: of the answer.
        target_share: of the image that was to be marked, 0..1.
    """

    question: PackQuestion
    score: Score
    target_share: float


def score_questions(
    pack: Pack,
    questions: Sequence[PackQuestion],
    segment: Segmenter,
    *,
    on_scored: Callable[[ScoredQuestion, NDArray[np.bool_]], None] = lambda _, mask: None,
) -> tuple[ScoredQuestion, ...]:
    """Put questions to `segment` and compare its masks with the targets, at the images' own sizes.

    Args:
        pack: where targets come from.
        questions: those of one image follow each other, so that an engine encodes each image once.
        segment: what answers.
        on_scored: called after each question with its answer, to show progress or to keep it.
    """
    scored: list[ScoredQuestion] = []
    for _, group in groupby(questions, key=lambda question: question.image):
        of_image = list(group)
        masks = segment(pack.image_path(of_image[0]), [question.question for question in of_image])
        for question, mask in zip(of_image, masks, strict=True):
            target = pack.load_target(question)
            scored.append(ScoredQuestion(question, score_answer(mask, target), float(target.mean())))
            on_scored(scored[-1], mask)
    return tuple(scored)


def report_scores(scored: Sequence[ScoredQuestion], *, split: str) -> dict[str, object]:
    """Return the figures of all questions, and of each kind, source, half of the templates and size; ready for JSON.

    Kinds and sources are reported once more for questions whose target is in the image, classes and sizes for those
    alone.

    Args:
        scored: at least one question.
        split: for the message when there is none.

    Raises:
        PackEmptyError: there is no question.
    """
    if not scored:
        raise PackEmptyError(split=split)
    with_target = [one for one in scored if not one.score.is_target_empty]
    present = [one.score for one in with_target]
    absent = [one.score for one in scored if one.score.is_target_empty]
    return {
        "split": split,
        **_summarise([one.score for one in scored]),
        "present_gIoU": giou(present),
        "absent_gIoU": giou(absent),
        "per_kind": _summarise_by(scored, lambda one: one.question.kind),
        "per_source": _summarise_by(scored, lambda one: one.question.source),
        "per_class_present": _summarise_by(with_target, lambda one: one.question.class_name),
        "per_kind_present": _summarise_by(with_target, lambda one: one.question.kind),
        "per_source_present": _summarise_by(with_target, lambda one: one.question.source),
        "per_template": _summarise_by(scored, lambda one: "heldout" if one.question.is_template_heldout else "seen"),
        "per_target_share": _summarise_by(with_target, lambda one: name_share(one.target_share)),
    }


def name_share(share: float) -> str:
    """Return the class of size of a target that covers `share` (0..1) of its image."""
    for name, upper in (("< 0.1 %", 0.001), ("0.1-1 %", 0.01), ("1-10 %", 0.1)):
        if share < upper:
            return name
    return ">= 10 %"


class MeasuredEngine(Engine, Protocol):
    """An engine that can also be asked what people are not allowed to: with no words at all, or a refiner by name."""

    def segment_text(
        self,
        image: ImageRef,
        text: str,
        *,
        cancellation: Cancellation,
        report_stage: Callable[[str], None],
    ) -> Prediction:
        """Do as `segment`, for any text, the empty one included."""
        ...

    @property
    def temperatures(self) -> Temperatures:
        """By what the logits behind confidence and score are divided."""
        ...

    @property
    def refiner_kind(self) -> RefinerKind:
        """What answers a click."""
        ...

    def refine_by(
        self,
        kind: RefinerKind,
        image: ImageRef,
        prior: Mask | None,
        *,
        clicks: Sequence[Click],
        box: Box | None,
        cancellation: Cancellation,
        report_stage: Callable[[str], None],
    ) -> Prediction:
        """Do as `refine`, by the refiner that is named."""
        ...


def segment_with(engine: MeasuredEngine, *, replacement: str | None = None) -> Segmenter:
    """Return a segmenter that asks `engine`.

    Args:
        engine: what answers.
        replacement: put in place of every question ("" to see what the words contribute); None leaves them.
    """

    def segment(path: Path, questions: Sequence[str]) -> Iterable[NDArray[np.bool_]]:
        image = refer_to_file(path)
        for question in questions:
            text = question if replacement is None else replacement
            prediction = engine.segment_text(image, text, cancellation=Cancellation(), report_stage=lambda _: None)
            yield prediction.mask.pixels

    return segment


def refer_to_file(path: Path) -> ImageRef:
    """Return a reference to an 8-bit RGB picture on disk, which serves as its own rendering.

    Raises:
        PackError: the file is missing or no picture.
    """
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        with Image.open(path) as picture:
            width, height = picture.size
            picture_format = picture.format or "unknown"
    except FileNotFoundError as error:
        raise PackMissingError(name=path.name) from error
    except (UnidentifiedImageError, OSError) as error:
        raise PackUnreadableError(where=path.name, problem="not a picture") from error
    return ImageRef(
        digest=digest,
        path=path,
        rendering_path=path,
        grid=Grid(height=height, width=width),
        name=path.name,
        format=picture_format,
    )


def _summarise(scores: Sequence[Score]) -> dict[str, object]:
    return {
        "gIoU": giou(scores),
        "cIoU": ciou(scores),
        "precision_at": {str(threshold): precision_at(scores, threshold) for threshold in REPORTED_THRESHOLDS},
        "empty_accuracy": empty_accuracy(scores),
        "n": len(scores),
    }


def _summarise_by(
    scored: Sequence[ScoredQuestion], name_group: Callable[[ScoredQuestion], str]
) -> Mapping[str, dict[str, object]]:
    groups: dict[str, list[Score]] = {}
    for one in scored:
        groups.setdefault(name_group(one), []).append(one.score)
    return {name: _summarise(groups[name]) for name in sorted(groups)}
