"""Ask the same in other words and of changed images, and compare the answers with the targets and with each other."""

import tempfile
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from assistant.masks.agreement import measure_agreement
from evaluation.metrics import Score, giou, score_answer
from evaluation.packs.pack import Pack, PackQuestion
from evaluation.packs.report import Segmenter
from evaluation.pictures import read_rgb
from evaluation.robustness.disturbances import DISTURBANCES, Disturbance, misspell
from evaluation.run_lengths import RunLengths, encode_run_lengths, measure_pairwise_iou

TYPOS = "typos"
_KINDS_OF_PLACE = ("position", "region", "relation")


@dataclass
class Compared:
    """Answers to the same questions, undisturbed and disturbed.

    Attributes:
        before: how the undisturbed ones compare with their targets.
        after: how the disturbed ones do.
        agreements: IoU of each pair of answers.
    """

    before: list[Score] = field(default_factory=list)
    after: list[Score] = field(default_factory=list)
    agreements: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Robustness:
    """What was found.

    Attributes:
        images: how many were asked about.
        questions: how many there were.
        wordings: of each target that was asked for in more than one way, the mean IoU over pairs of answers.
        compared: name of a disturbance -> the answers.
    """

    images: int
    questions: int
    wordings: tuple[float, ...]
    compared: Mapping[str, Compared]


@dataclass(frozen=True, eq=False)
class _Asked:
    question: PackQuestion
    target: NDArray[np.bool_]
    mask: NDArray[np.bool_]
    score: Score


def draw_images(questions: Sequence[PackQuestion], count: int, seed: int) -> tuple[PackQuestion, ...]:
    """Return all questions of `count` images drawn at random; those of one image follow each other."""
    images = list(dict.fromkeys(question.image for question in questions))
    drawn = np.random.default_rng(seed).permutation(len(images))[:count]
    chosen = {images[position] for position in drawn}
    return tuple(question for question in questions if question.image in chosen)


def measure_robustness(
    pack: Pack,
    questions: Sequence[PackQuestion],
    segment: Segmenter,
    *,
    seed: int,
    on_image: Callable[[], None] = lambda: None,
) -> Robustness:
    """Ask every question as it is, with typos, and of each changed image.

    Args:
        pack: where images and targets come from.
        questions: those of one image follow each other, so that each picture is encoded once.
        segment: what answers.
        seed: of the typos.
        on_image: called after each image.
    """
    compared = {name: Compared() for name in (TYPOS, *DISTURBANCES)}
    wordings: list[float] = []
    groups = [list(group) for _, group in groupby(questions, key=lambda question: question.image)]
    with tempfile.TemporaryDirectory() as folder:
        for group in groups:
            path = pack.image_path(group[0])
            masks = segment(path, [one.question for one in group])
            asked = [_score(one, mask, pack.load_target(one)) for one, mask in zip(group, masks, strict=True)]
            wordings += _compare_wordings(asked)
            misspelt = [misspell(one.question, _make_rng(seed, one.id)) for one in group]
            _note(compared[TYPOS], asked, segment(path, misspelt))
            for name, disturbance in DISTURBANCES.items():
                kept = [one for one in asked if disturbance.keeps_places or one.question.kind not in _KINDS_OF_PLACE]
                texts = [one.question.question for one in kept]
                _note(compared[name], kept, _ask_disturbed(segment, path, texts, disturbance, Path(folder)))
            on_image()
    return Robustness(len(groups), len(questions), tuple(wordings), compared)


def report_robustness(found: Robustness) -> dict[str, object]:
    """Return the figures, ready for JSON; those of a disturbance are None where nothing was asked."""
    return {
        "images": found.images,
        "n": found.questions,
        "wordings": {"targets": len(found.wordings), "mask_iou": _mean(found.wordings)},
        "disturbances": {
            name: {
                "n": len(pairs.agreements),
                "unchanged_gIoU": giou(pairs.before),
                "gIoU": giou(pairs.after),
                "mask_iou": _mean(pairs.agreements),
            }
            for name, pairs in found.compared.items()
        },
    }


def _score(question: PackQuestion, mask: NDArray[np.bool_], target: NDArray[np.bool_]) -> _Asked:
    return _Asked(question, target, mask, score_answer(mask, target))


def _ask_disturbed(
    segment: Segmenter, path: Path, texts: Sequence[str], disturbance: Disturbance, folder: Path
) -> Iterable[NDArray[np.bool_]]:
    if not texts:
        return
    rgb = read_rgb(path)
    changed = folder / "changed.png"
    Image.fromarray(disturbance.change(rgb)).save(changed, compress_level=1)
    for mask in segment(changed, texts):
        yield disturbance.restore(mask, (rgb.shape[0], rgb.shape[1]))


def _note(compared: Compared, asked: Sequence[_Asked], answers: Iterable[NDArray[np.bool_]]) -> None:
    for one, answer in zip(asked, answers, strict=True):
        compared.before.append(one.score)
        compared.after.append(score_answer(answer, one.target))
        compared.agreements.append(measure_agreement(one.mask, answer).iou)


def _compare_wordings(asked: Sequence[_Asked]) -> list[float]:
    """Return the mean pairwise IoU of each target of one image that is there and was asked for more than once."""
    by_target: dict[tuple[object, ...], list[RunLengths]] = {}
    for one in asked:
        if not one.score.is_target_empty:
            key = (one.question.mask, one.question.instances, one.question.clip_xyxy_px)
            by_target.setdefault(key, []).append(encode_run_lengths(one.mask))
    return [measure_pairwise_iou(answers) for answers in by_target.values() if len(answers) > 1]


def _make_rng(seed: int, name: str) -> np.random.Generator:
    """Return a generator of one question's own, so that its typos do not depend on what else is asked."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
