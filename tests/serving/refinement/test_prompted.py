"""Segment Anything alone: which clicks it is told, what is added, and what is taken away."""

import numpy as np
import pytest
from numpy.typing import NDArray

from serving.clicks import Box, Click
from serving.grid import Grid
from serving.refinement.prompted import PromptedRefiner
from serving.refinement.suggestions import Suggester
from tests.fakes.square_sam import build_square_sam

# A square of Segment Anything, so that its fake marks 64, 128 and 192 pixels around a point; the first is the choice.
GRID = Grid(1024, 1024)
NOTHING = np.zeros((1024, 1024), bool)


def _refine(before: NDArray[np.bool_], *clicks: Click, box: Box | None = None) -> NDArray[np.bool_]:
    refiner = PromptedRefiner(Suggester(build_square_sam()[0]))
    window = refiner.choose_window(GRID, clicks, box)
    assert window.covers(GRID)
    embedding = refiner.embed(np.zeros((1024, 1024, 3), np.uint8))
    pixels, logits = refiner.refine(embedding, window, before, clicks, box)
    np.testing.assert_array_equal(logits > 0, pixels)
    return pixels


def _square(row: int, column: int, radius: int) -> NDArray[np.bool_]:
    marked = NOTHING.copy()
    marked[row - radius : row + radius, column - radius : column + radius] = True
    return marked


def _differ(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> int:
    return int((one ^ other).sum())


EDGE = 4 * 64 * 4  # pixels that the enlarged proposal may be off along an edge


def test_a_click_marks_the_thing_and_leaves_the_rest() -> None:
    before = _square(800, 800, 50)
    after = _refine(before, Click(200.5, 300.5, is_positive=True))
    assert _differ(after, before | _square(300, 200, 32)) < EDGE


def test_a_click_that_says_no_takes_the_thing_away_and_no_more() -> None:
    before = _square(300, 200, 100) | _square(800, 800, 50)
    after = _refine(before, Click(200.5, 300.5, is_positive=False))
    assert _differ(after, before & ~_square(300, 200, 32)) < EDGE


def test_earlier_clicks_on_the_same_thing_are_told_with_the_newest() -> None:
    first, newest = Click(200.5, 300.5, is_positive=True), Click(240.5, 340.5, is_positive=True)
    after = _refine(NOTHING, first, newest)
    marked = NOTHING.copy()
    marked[300:344, 200:244] = True  # the fake's box around all positive points
    assert _differ(after, marked) < EDGE


def test_earlier_clicks_elsewhere_are_not() -> None:
    before = _square(800, 800, 50)
    after = _refine(before, Click(800.5, 800.5, is_positive=True), Click(200.5, 300.5, is_positive=True))
    assert _differ(after, before | _square(300, 200, 32)) < EDGE


def test_a_box_marks_what_is_in_it() -> None:
    after = _refine(NOTHING, box=Box(100.5, 200.5, 300.5, 400.5))
    marked = NOTHING.copy()
    marked[200:400, 100:300] = True
    assert _differ(after, marked) < 4 * 200 * 4


def test_what_is_marked_in_a_box_stays_marked() -> None:
    before = _square(300, 300, 40)
    after = _refine(before, box=Box(100.5, 200.5, 300.5, 400.5))
    assert after[before].all()


@pytest.mark.parametrize("height", [1, 700, 3000])
def test_an_image_of_any_size_is_looked_at_around_the_click(height: int) -> None:
    grid = Grid(height, 2500)
    click = Click(2000.5, height - 0.5, is_positive=True)
    refiner = PromptedRefiner(Suggester(build_square_sam()[0]))
    window = refiner.choose_window(grid, [click], None)
    assert max(window.height, window.width) <= 1024
    embedding = refiner.embed(np.zeros((window.height, window.width, 3), np.uint8))
    pixels, _ = refiner.refine(embedding, window, np.zeros((height, 2500), bool), [click], None)
    assert pixels[height - 1, 2000]
    assert not pixels[:, :900].any()
