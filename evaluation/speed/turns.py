"""Measure the seconds of a first turn, of a second question and of a click on one image, stage by stage."""

import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from assistant.interfaces import Engine
from evaluation.packs.report import refer_to_file
from serving.cancellation import Cancellation
from serving.clicks import Click
from serving.image_ref import ImageRef
from serving.mask import Mask

FIRST_QUESTION = "Where could a plane be serviced or refuelled right now?"
SECOND_QUESTION = "Which areas beside the road could be used to shelter residents after a flood?"
_MIDDLE, _ELSEWHERE = 0.5, 0.3


@dataclass(frozen=True)
class TurnTime:
    """Seconds of one question.

    Attributes:
        total_s: from the call to the answer, by the clock on the wall.
        stages_s: stage name -> seconds, as the engine counts them; a stage served from its cache is absent.
    """

    total_s: float
    stages_s: Mapping[str, float]


@dataclass(frozen=True)
class SpeedReport:
    """Medians over the images.

    Attributes:
        height: rows of each image.
        width: columns of each image.
        images: how many were asked about.
        warm_up: the very first question of the process, which loads what is loaded late; on an image of its own.
        first: the first question on an image.
        second: another question on the same image.
        first_click: a click on the answer, the first one in the image.
        click: another one, with everything cached; the first is told again.
    """

    height: int
    width: int
    images: int
    warm_up: TurnTime
    first: TurnTime
    second: TurnTime
    first_click: TurnTime
    click: TurnTime

    @property
    def speedup(self) -> float:
        """How many times faster the second question is than the first."""
        return self.first.total_s / self.second.total_s

    def to_row(self) -> dict[str, object]:
        """Return the report as one object for JSON."""
        return {
            "height": self.height,
            "width": self.width,
            "images": self.images,
            "warm_up": _to_row(self.warm_up),
            "first": _to_row(self.first),
            "second": _to_row(self.second),
            "first_click": _to_row(self.first_click),
            "click": _to_row(self.click),
            "speedup": self.speedup,
        }


def measure_speed(engine: Engine, folder: Path, *, side: int, images: int) -> SpeedReport:
    """Ask two questions and click twice on each of `images` pictures of `side` x `side` pixels; return the medians.

    Args:
        engine: what answers.
        folder: where the pictures are written; the caller removes it.
        side: rows and columns.
        images: how many pictures, at least 1; each differs, so that its first question finds no cached features.
    """
    if images < 1:
        raise ValueError(f"at least one image is needed, got {images}")
    refs = [_write_picture(folder, side=side, seed=seed) for seed in range(images + 1)]
    warm_up, mask = _ask(engine, refs[0], FIRST_QUESTION)
    _, mask = _click(engine, refs[0], mask, _MIDDLE)
    _click(engine, refs[0], mask, _MIDDLE, _ELSEWHERE)
    first: list[TurnTime] = []
    second: list[TurnTime] = []
    first_click: list[TurnTime] = []
    click: list[TurnTime] = []
    for ref in refs[1:]:
        first.append(_ask(engine, ref, FIRST_QUESTION)[0])
        turn, mask = _ask(engine, ref, SECOND_QUESTION)
        second.append(turn)
        turn, mask = _click(engine, ref, mask, _MIDDLE)
        first_click.append(turn)
        click.append(_click(engine, ref, mask, _MIDDLE, _ELSEWHERE)[0])
    medians = [_take_median(times) for times in (first, second, first_click, click)]
    return SpeedReport(side, side, images, warm_up, *medians)


def draw_scene(side: int, seed: int) -> NDArray[np.uint8]:
    """Return a picture of ground and roofs, uint8 (side, side, 3), the same for the same seed."""
    generator = np.random.default_rng(seed)
    coarse = generator.integers(60, 160, size=(16, 16, 3), dtype=np.uint8)
    ground = np.asarray(Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC)).copy()
    for _ in range(40):
        top, left = generator.integers(0, side, size=2)
        height, width = generator.integers(1, max(2, side // 12), size=2)
        ground[top : top + height, left : left + width] = generator.integers(0, 256, size=3, dtype=np.uint8)
    return ground


def _write_picture(folder: Path, *, side: int, seed: int) -> ImageRef:
    path = folder / f"scene_{seed}.png"
    Image.fromarray(draw_scene(side, seed)).save(path)
    return refer_to_file(path)


def _ask(engine: Engine, image: ImageRef, question: str) -> tuple[TurnTime, Mask]:
    started = time.perf_counter()
    prediction = engine.segment(image, question, cancellation=Cancellation(), report_stage=lambda _: None)
    return TurnTime(time.perf_counter() - started, dict(prediction.seconds)), prediction.mask


def _click(engine: Engine, image: ImageRef, mask: Mask, *places: float) -> tuple[TurnTime, Mask]:
    """Click at places on the diagonal, shares of the side: the last for the opposite of what is there, others agree."""
    at = [(int(image.grid.height * place), int(image.grid.width * place)) for place in places]
    clicks = [Click(column, row, is_positive=bool(mask.pixels[row, column])) for row, column in at[:-1]]
    row, column = at[-1]
    clicks.append(Click(column, row, is_positive=not mask.pixels[row, column]))
    started = time.perf_counter()
    prediction = engine.refine(
        image, mask, clicks=clicks, box=None, cancellation=Cancellation(), report_stage=lambda _: None
    )
    return TurnTime(time.perf_counter() - started, dict(prediction.seconds)), prediction.mask


def _take_median(times: Sequence[TurnTime]) -> TurnTime:
    """Return the median total, and the median of each stage over the turns that have it."""
    names = dict.fromkeys(name for one in times for name in one.stages_s)
    return TurnTime(
        statistics.median(one.total_s for one in times),
        {name: statistics.median(one.stages_s[name] for one in times if name in one.stages_s) for name in names},
    )


def _to_row(turn: TurnTime) -> dict[str, object]:
    return {"total_s": turn.total_s, "stages_s": dict(turn.stages_s)}
