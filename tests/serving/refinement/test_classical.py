"""The graph cut: it follows colours, obeys clicks, and leaves alone what is far from them."""

import numpy as np
import pytest
from numpy.typing import NDArray

from serving.clicks import Box, Click
from serving.refinement.classical import refine_classically

RGB = NDArray[np.uint8]


def _scene(height: int = 120, width: int = 160) -> tuple[RGB, NDArray[np.bool_]]:
    """Grey noise with a red roof; returns the roof too."""
    rgb = np.random.default_rng(5).integers(90, 130, (height, width, 3), dtype=np.uint8)
    roof = np.zeros((height, width), bool)
    roof[30:70, 50:110] = True
    rgb[roof] = (200, 40, 40)
    return rgb, roof


def _iou(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    return float(np.count_nonzero(a & b) / np.count_nonzero(a | b))


def test_one_click_marks_the_thing_of_that_colour() -> None:
    rgb, roof = _scene()
    mask = refine_classically(rgb, np.zeros_like(roof), [Click(80, 50, is_positive=True)], None)
    assert _iou(mask, roof) > 0.9


def test_a_box_marks_the_thing_in_it() -> None:
    rgb, roof = _scene()
    mask = refine_classically(rgb, np.zeros_like(roof), [], Box(42, 22, 118, 78))
    assert _iou(mask, roof) > 0.9
    assert not mask[:22].any()


def test_a_negative_click_takes_the_wrong_part_away_and_leaves_the_rest() -> None:
    rgb, roof = _scene()
    wrong = np.zeros_like(roof)
    wrong[85:105, 10:40] = True
    mask = refine_classically(rgb, roof | wrong, [Click(25, 95, is_positive=False)], None)
    assert not mask[95, 25]
    assert np.count_nonzero(mask & wrong) < 0.2 * np.count_nonzero(wrong)
    assert np.array_equal(mask & roof, roof)


def test_what_is_far_from_every_click_stays() -> None:
    rgb = np.random.default_rng(1).integers(0, 255, (900, 900, 3), dtype=np.uint8)
    prior = np.random.default_rng(2).random((900, 900)) < 0.5
    mask = refine_classically(rgb, prior, [Click(800, 800, is_positive=True), Click(820, 790, is_positive=False)], None)
    np.testing.assert_array_equal(mask[:400], prior[:400])
    np.testing.assert_array_equal(mask[:, :400], prior[:, :400])


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (7, 3), (500, 12)])
@pytest.mark.parametrize("is_prior_full", [False, True])
def test_clicks_are_obeyed_on_any_size(size: tuple[int, int], is_prior_full: bool) -> None:
    rgb = np.random.default_rng(3).integers(0, 255, (*size, 3), dtype=np.uint8)
    prior = np.full(size, is_prior_full)
    click = Click(size[1] - 0.5, size[0] - 0.5, is_positive=not is_prior_full)
    mask = refine_classically(rgb, prior, [click], None)
    assert mask.shape == size
    assert mask[click.row_col] == click.is_positive


def test_the_same_clicks_give_the_same_mask() -> None:
    rgb, roof = _scene()
    clicks = [Click(80, 50, is_positive=True), Click(20, 20, is_positive=False)]
    first = refine_classically(rgb, np.zeros_like(roof), clicks, None)
    refine_classically(rgb, roof, [Click(5, 5, is_positive=True)], None)
    np.testing.assert_array_equal(first, refine_classically(rgb, np.zeros_like(roof), clicks, None))
