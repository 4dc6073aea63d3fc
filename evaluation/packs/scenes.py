"""Scenes larger than any image of a pack, put together from its images, and how well they are answered.

*Neighbours* are map tiles that lie beside each other, so that the scene is one that there is. A *sheet* is a square of
images of one source and size which all show the class, or which are all known to lack it.
"""

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from assistant.interfaces import Engine
from evaluation.errors import PackEmptyError
from evaluation.metrics import Score, empty_accuracy, giou, score_answer
from evaluation.packs.pack import Pack, PackQuestion
from evaluation.packs.report import refer_to_file
from evaluation.pictures import read_rgb
from evaluation.spreading import spread_positions
from serving.cancellation import Cancellation

MOST_PER_SIDE = 4
_MAP_TILE = re.compile(r"(?P<area>.+)_z(?P<zoom>\d+)_(?P<column>\d+)_(?P<row>\d+)$")


class SceneKind(StrEnum):
    """How a scene came to be."""

    NEIGHBOURS = "neighbours"
    SHEET = "sheet"


@dataclass(frozen=True)
class Scene:
    """Images in rows and columns, and what is asked of all of them together.

    Attributes:
        name: source, class and what else tells it from the others.
        kind: how it came to be.
        rows: for each image a question about it with its target; the same number in each row.
    """

    name: str
    kind: SceneKind
    rows: tuple[tuple[PackQuestion, ...], ...]

    @property
    def question(self) -> str:
        """What is asked: the words of the first image's question."""
        return self.rows[0][0].question

    def draw(self, pack: Pack) -> NDArray[np.uint8]:
        """Return the picture, uint8 (H, W, 3)."""
        return np.vstack([np.hstack([read_rgb(pack.image_path(one)) for one in row]) for row in self.rows])

    def load_target(self, pack: Pack) -> NDArray[np.bool_]:
        """Return the pixels to be marked, bool (H, W)."""
        return np.vstack([np.hstack([pack.load_target(one) for one in row]) for row in self.rows])


@dataclass(frozen=True)
class ScoredScene:
    """A scene, its size, how its answer compares with the target, and the seconds that it took."""

    scene: Scene
    pixels: int
    score: Score
    seconds: float


def find_scenes(pack: Pack, split: str) -> tuple[Scene, ...]:
    """Return the scenes that the images of a split make, none of them smaller than two by two.

    Raises:
        PackEmptyError: there are none.
    """
    questions = pack.select_questions(split)
    scenes = (*_find_neighbours(questions), *_find_sheets(pack, questions))
    if not scenes:
        raise PackEmptyError(split=split)
    return scenes


def answer_scenes(
    engine: Engine, pack: Pack, scenes: Sequence[Scene], folder: Path, *, on_done: Callable[[], None] = lambda: None
) -> Iterator[ScoredScene]:
    """Ask each scene its question.

    Args:
        engine: answers.
        pack: where pictures and targets come from.
        scenes: of that pack.
        folder: for the pictures; the caller removes it.
        on_done: called after each scene.
    """
    for number, scene in enumerate(scenes):
        picture, target = scene.draw(pack), scene.load_target(pack)
        path = folder / f"{number:03d}.png"
        Image.fromarray(picture).save(path, compress_level=1)
        started = perf_counter()
        prediction = engine.segment(
            refer_to_file(path), scene.question, cancellation=Cancellation(), report_stage=lambda _: None
        )
        seconds = perf_counter() - started
        path.unlink()
        yield ScoredScene(scene, target.size, score_answer(prediction.mask.pixels, target), seconds)
        on_done()


def report_scenes(scored: Sequence[ScoredScene]) -> dict[str, object]:
    """Return gIoU of what is there by kind, how often nothing is marked where nothing is, seconds; ready for JSON."""
    present = [one for one in scored if not one.score.is_target_empty]
    return {
        "present": {kind.value: _summarise([one for one in present if one.scene.kind is kind]) for kind in SceneKind},
        "absent": {
            "n": len(scored) - len(present),
            "accuracy": empty_accuracy([one.score for one in scored]),
        },
        "scenes": [
            {
                "name": one.scene.name,
                "kind": one.scene.kind.value,
                "pixels": one.pixels,
                "is_target_empty": one.score.is_target_empty,
                "iou": one.score.agreement.iou,
                "seconds": one.seconds,
            }
            for one in scored
        ],
    }


def _summarise(scored: Sequence[ScoredScene]) -> Mapping[str, object]:
    return {
        "n": len(scored),
        "gIoU": giou([one.score for one in scored]),
        "seconds_per_megapixel": (
            sum(one.seconds for one in scored) / sum(one.pixels / 1e6 for one in scored) if scored else None
        ),
    }


def _find_neighbours(questions: Sequence[PackQuestion]) -> Iterator[Scene]:
    """Yield squares of map tiles, as large as there are, none of which shares a tile with another."""
    grids: dict[tuple[str, str, str], dict[tuple[int, int], PackQuestion]] = defaultdict(dict)
    for question in questions:
        name = _MAP_TILE.match(question.image_id)
        if name and question.kind in ("class", "negative"):
            key = (name["area"], name["zoom"], question.class_name)
            grids[key].setdefault((int(name["row"]), int(name["column"])), question)
    for (area, zoom, class_name), tiles in grids.items():
        for side in range(MOST_PER_SIDE, 1, -1):
            for row, column in sorted(tiles):
                corners = [[(row + down, column + right) for right in range(side)] for down in range(side)]
                if all(place in tiles for line in corners for place in line):
                    rows = tuple(tuple(tiles.pop(place) for place in line) for line in corners)
                    title = f"{area} {class_name}, zoom {zoom}, {side} x {side} from {row}, {column}"
                    yield Scene(title, SceneKind.NEIGHBOURS, rows)


def _find_sheets(pack: Pack, questions: Sequence[PackQuestion]) -> Iterator[Scene]:
    """Yield for each class and source one sheet that shows the class, and one that lacks it, where there are enough."""
    groups: dict[tuple[str, str, bool], dict[tuple[int, int], dict[str, PackQuestion]]] = defaultdict(dict)
    for question in questions:
        if question.kind in ("class", "negative"):
            of_size = groups[question.source, question.class_name, question.is_empty]
            size = pack.image_size(question)
            of_size.setdefault(size, {}).setdefault(question.image_id, question)
    for (source, class_name, is_empty), by_size in groups.items():
        largest = list(max(by_size.values(), key=len).values())
        side = min(MOST_PER_SIDE, math.isqrt(len(largest)))
        if side < 2:
            continue
        chosen = [largest[place] for place in spread_positions(len(largest))[: side * side]]
        rows = tuple(tuple(chosen[start : start + side]) for start in range(0, side * side, side))
        name = f"{source} {'without ' if is_empty else ''}{class_name}, {side} x {side}"
        yield Scene(name, SceneKind.SHEET, rows)
