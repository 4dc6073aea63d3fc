"""How many clicks a mask takes: simulated people who click on what is wrong until it is right."""

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.masks.agreement import measure_agreement
from assistant.pointing import find_middle
from evaluation.clicking.simulated_clicks import next_click
from evaluation.errors import PackEmptyError
from evaluation.packs.pack import Pack, PackQuestion
from evaluation.packs.report import MeasuredEngine, refer_to_file
from evaluation.spreading import spread_positions
from serving.cancellation import Cancellation
from serving.clicks import Box, Click
from serving.image_ref import ImageRef
from serving.mask import Mask
from serving.refinement.kinds import RefinerKind

MAX_CLICKS = 20
NOC_THRESHOLDS = (0.80, 0.85)
REPORTED_CLICKS = (1, 3, 5)
_SMALLEST_OBJECT_PX = 60  # smaller ones are a few pixels that annotators disagree about


class Start(StrEnum):
    """What there is before the first click."""

    OBJECT = "object"
    """Nothing; one connected part of the target is wanted."""
    BOX = "box"
    """What the refiner makes of a box around the same part, which is drawn before the first click."""
    ANSWER = "answer"
    """The model's answer to the question; all of the target is wanted."""


@dataclass(frozen=True)
class ClickRun:
    """How one mask came about.

    Attributes:
        question: whose target was wanted.
        start: what there was before.
        ious: IoU with the target before the first click and after each; stays at its last value once nothing is wrong.
        seconds: of each click, by the clock on the wall.
    """

    question: PackQuestion
    start: Start
    ious: tuple[float, ...]
    seconds: tuple[float, ...]

    def clicks_to(self, threshold: float) -> int:
        """Return how many clicks reach the IoU; `MAX_CLICKS` where they never do."""
        return next((count for count, iou in enumerate(self.ious) if iou >= threshold), MAX_CLICKS)

    def iou_after(self, clicks: int) -> float:
        """Return the IoU after so many clicks."""
        return self.ious[min(clicks, len(self.ious) - 1)]


class Refine(Protocol):
    """Answers clicks."""

    def __call__(self, before: Mask, clicks: Sequence[Click], box: Box | None = None) -> tuple[Mask, float]:
        """Return the mask after all clicks so far, or a box, and the seconds that took."""
        ...


def choose_tasks(pack: Pack, split: str, *, limit: int | None = None) -> tuple[PackQuestion, ...]:
    """Return one question for each image and class that it holds, at most `limit`, spread over the split.

    Raises:
        PackEmptyError: there is none.
    """
    chosen: dict[tuple[str, str], PackQuestion] = {}
    for question in pack.select_questions(split):
        if question.kind == "class" and not question.is_empty:
            chosen.setdefault((question.image, question.class_name), question)
    questions = list(chosen.values())
    if not questions:
        raise PackEmptyError(split=split)
    taken = sorted(spread_positions(len(questions))[:limit])
    return tuple(questions[position] for position in taken)


def click_through(
    engine: MeasuredEngine,
    pack: Pack,
    questions: Sequence[PackQuestion],
    kind: RefinerKind,
    *,
    on_done: Callable[[], None] = lambda: None,
) -> Iterable[ClickRun]:
    """Yield a run from each start for each question.

    Args:
        engine: what answers and refines.
        pack: where targets come from.
        questions: from `choose_tasks`.
        kind: who answers the clicks.
        on_done: called after each question, to show progress.
    """
    for question in questions:
        image = refer_to_file(pack.image_path(question))
        target = pack.load_target(question)
        refine = _refine_with(engine, kind, image)
        part = choose_part(target)
        if part is not None:
            nothing = Mask(np.zeros_like(target), image.grid)
            yield ClickRun(question, Start.OBJECT, *simulate(refine, nothing, part))
            box = box_around(part)
            boxed, _ = refine(nothing, (), box)
            middle = find_middle(boxed, box)
            told = () if middle is None else (middle,)
            yield ClickRun(question, Start.BOX, *simulate(refine, boxed, part, told=told))
        answer = engine.segment_text(image, question.question, cancellation=Cancellation(), report_stage=lambda _: None)
        yield ClickRun(question, Start.ANSWER, *simulate(refine, answer.mask, target))
        on_done()


def simulate(
    refine: Refine, start: Mask, target: NDArray[np.bool_], *, told: Sequence[Click] = ()
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Click on the largest wrong part until the mask is good and the reported clicks are made.

    Args:
        refine: answers.
        start: the mask before.
        target: what is wanted, bool (H, W).
        told: clicks that the refiner is told of before the others, and that do not count.

    Returns:
        IoU before the first click and after each, and the seconds of each.
    """
    mask = start
    clicks: list[Click] = []
    ious, seconds = [measure_agreement(mask.pixels, target).iou], list[float]()
    while len(clicks) < MAX_CLICKS and not (ious[-1] >= max(NOC_THRESHOLDS) and len(clicks) >= max(REPORTED_CLICKS)):
        click = next_click(mask.pixels, target)
        if click is None:
            break
        clicks.append(click)
        mask, spent = refine(mask, (*told, *clicks))
        ious.append(measure_agreement(mask.pixels, target).iou)
        seconds.append(spent)
    return tuple(ious), tuple(seconds)


def choose_part(target: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
    """Return the connected part of middle size, of those that are large enough to be clicked on; None without any."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(target.astype(np.uint8), connectivity=4)
    sizes = stats[:, cv2.CC_STAT_AREA]
    eligible = [label for label in range(1, len(sizes)) if sizes[label] >= _SMALLEST_OBJECT_PX]
    if not eligible:
        return None
    eligible.sort(key=lambda label: int(sizes[label]))
    return np.asarray(labels == eligible[len(eligible) // 2])


def box_around(part: NDArray[np.bool_]) -> Box:
    """Return the tight box around a part with pixels, bool (H, W)."""
    rows, columns = np.nonzero(part)
    return Box(float(columns.min()), float(rows.min()), float(columns.max()) + 1, float(rows.max()) + 1)


def report_runs(runs: Sequence[ClickRun]) -> dict[str, object]:
    """Return the figures of each start, and below it of each source; ready for JSON."""
    report: dict[str, object] = {}
    for start in Start:
        of_start = [run for run in runs if run.start is start]
        if not of_start:
            continue
        sources = sorted({run.question.source for run in of_start})
        report[start.value] = {
            **_summarise(of_start),
            "per_source": {
                source: _summarise([run for run in of_start if run.question.source == source]) for source in sources
            },
        }
    seconds = [spent for run in runs for spent in run.seconds]
    report["seconds_per_click"] = statistics.median(seconds) if seconds else None
    return report


def _summarise(runs: Sequence[ClickRun]) -> Mapping[str, object]:
    return {
        "n": len(runs),
        **{
            f"NoC@{round(100 * threshold)}": statistics.fmean(run.clicks_to(threshold) for run in runs)
            for threshold in NOC_THRESHOLDS
        },
        **{
            f"unreached@{round(100 * threshold)}": statistics.fmean(max(run.ious) < threshold for run in runs)
            for threshold in NOC_THRESHOLDS
        },
        "iou_after": {
            str(clicks): statistics.fmean(run.iou_after(clicks) for run in runs) for clicks in (0, *REPORTED_CLICKS)
        },
    }


def _refine_with(engine: MeasuredEngine, kind: RefinerKind, image: ImageRef) -> Refine:
    def refine(before: Mask, clicks: Sequence[Click], box: Box | None = None) -> tuple[Mask, float]:
        prediction = engine.refine_by(
            kind,
            image,
            before,
            clicks=clicks,
            box=box,
            cancellation=Cancellation(),
            report_stage=lambda _: None,
        )
        return prediction.mask, prediction.seconds["refine"]

    return refine
