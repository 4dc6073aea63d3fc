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
EDGE = 4 * 64 * 4  # pixels that an enlarged proposal may be off along its edge


def _refine(
    before: NDArray[np.bool_], *clicks: Click, box: Box | None = None, sees_ground: bool = False
) -> NDArray[np.bool_]:
    suggester = Suggester(build_square_sam(sees_ground=sees_ground)[0])
    refiner = PromptedRefiner(suggester)
    window = refiner.choose_window(GRID, before, clicks, box)
    assert window.covers(GRID)
    embedding = suggester.look(np.zeros((1024, 1024, 3), np.uint8))
    pixels, logits = refiner.refine(embedding, window, before, clicks, box)
    np.testing.assert_array_equal(logits > 0, pixels)
    return pixels


def _square(row: int, column: int, radius: int) -> NDArray[np.bool_]:
    marked = NOTHING.copy()
    marked[row - radius : row + radius, column - radius : column + radius] = True
    return marked


def _yes(row: int, column: int) -> Click:
    return Click(column + 0.5, row + 0.5, is_positive=True)


def _no(row: int, column: int) -> Click:
    return Click(column + 0.5, row + 0.5, is_positive=False)


def _differ(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> int:
    return int((one ^ other).sum())


def test_a_click_marks_the_thing_and_leaves_the_rest() -> None:
    before = _square(800, 800, 50)
    assert _differ(_refine(before, _yes(300, 200)), before | _square(300, 200, 32)) < EDGE


def test_a_click_that_says_no_takes_away_no_more_than_it_may_mean() -> None:
    before = _square(300, 200, 100) | _square(800, 800, 50)
    assert _differ(_refine(before, _no(300, 200)), before & ~_square(300, 200, 32)) < EDGE


def test_a_click_that_says_no_beside_one_that_says_yes_leaves_the_road() -> None:
    road = NOTHING.copy()
    road[480:544] = True
    after = _refine(road, _yes(512, 500), _no(512, 530))
    assert after[480:544, 640:].all()
    assert after[480:544, :400].all()
    assert after[512, 500]
    assert not after[512, 530]


def test_several_things_in_one_turn_are_answered_one_after_the_other() -> None:
    road = NOTHING.copy()
    road[480:544] = True
    after = _refine(road, _no(512, 300), _yes(200, 200), _yes(800, 700))
    wanted = (road & ~_square(512, 300, 32)) | _square(200, 200, 32) | _square(800, 700, 32)
    assert _differ(after, wanted) < 3 * EDGE


def test_what_the_mask_says_already_is_left_alone() -> None:
    before = _square(300, 200, 10)
    np.testing.assert_array_equal(_refine(before, _yes(300, 200), _no(700, 700)), before)


def test_earlier_clicks_on_the_same_thing_are_told_with_the_newest() -> None:
    after = _refine(_square(300, 200, 2), _yes(300, 200), _yes(340, 240))
    marked = NOTHING.copy()
    marked[300:344, 200:244] = True  # the fake's box around all positive points
    assert _differ(after, marked) < EDGE


def test_the_ground_is_no_thing_and_joins_no_clicks() -> None:
    before = _square(800, 800, 50)
    after = _refine(before, _yes(800, 800), _yes(300, 200), sees_ground=True)
    assert _differ(after, before | _square(300, 200, 32)) < EDGE


def test_a_box_marks_what_is_in_it() -> None:
    after = _refine(NOTHING, box=Box(100.5, 200.5, 300.5, 400.5))
    assert _differ(after, _square(300, 200, 100)) < 4 * 200 * 4


def test_what_is_marked_in_a_box_stays_marked() -> None:
    before = _square(300, 300, 40)
    after = _refine(before, box=Box(100.5, 200.5, 300.5, 400.5))
    assert after[before].all()


def test_a_box_and_clicks_are_both_answered() -> None:
    after = _refine(NOTHING, _no(300, 200), _yes(800, 800), box=Box(100.5, 200.5, 300.5, 400.5))
    wanted = (_square(300, 200, 100) & ~_square(300, 200, 32)) | _square(800, 800, 32)
    assert _differ(after, wanted) < 4 * 200 * 4


@pytest.mark.parametrize("height", [1, 700, 3000])
def test_an_image_of_any_size_is_looked_at_around_what_is_new(height: int) -> None:
    grid = Grid(height, 2500)
    before = np.zeros((height, 2500), bool)
    before[0, :20] = True
    clicks = [Click(10.5, 0.5, is_positive=True), Click(2000.5, height - 0.5, is_positive=True)]
    suggester = Suggester(build_square_sam()[0])
    refiner = PromptedRefiner(suggester)
    window = refiner.choose_window(grid, before, clicks, None)
    assert max(window.height, window.width) <= 1024
    embedding = suggester.look(np.zeros((window.height, window.width, 3), np.uint8))
    pixels, _ = refiner.refine(embedding, window, before, clicks, None)
    assert pixels[height - 1, 2000]
    np.testing.assert_array_equal(pixels[:, :900], before[:, :900])
