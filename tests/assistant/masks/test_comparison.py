import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.masks.comparison import UNKNOWN_CODE, Comparison, Fate, compare_masks
from serving.grid import Grid
from serving.mask import Mask
from tests.assistant.masks.strategies import draw_mask, masks_on_one_grid


@given(masks=masks_on_one_grid(count=3))
def test_fates_rebuild_both_masks_where_the_ground_is_known(masks: tuple[Mask, ...]) -> None:
    before, after, known = masks
    comparison = compare_masks(before, after, known.pixels)
    was = comparison.select((Fate.REMOVED, Fate.UNCHANGED)).pixels
    now = comparison.select((Fate.ADDED, Fate.UNCHANGED)).pixels
    np.testing.assert_array_equal(was, before.pixels & known.pixels)
    np.testing.assert_array_equal(now, after.pixels & known.pixels)


@given(masks=masks_on_one_grid(count=3))
def test_no_pixel_has_two_fates_and_unknown_ones_have_none(masks: tuple[Mask, ...]) -> None:
    before, after, known = masks
    comparison = compare_masks(before, after, known.pixels)
    count = sum(comparison.select((fate,)).pixels.astype(int) for fate in Fate)
    assert np.max(count) <= 1
    assert not np.any(np.asarray(count)[~known.pixels])
    assert comparison.unknown_share == pytest.approx(1 - known.pixel_count / known.grid.pixel_count)


def test_each_fate_lies_where_it_is() -> None:
    known = draw_mask("####.").pixels
    comparison = compare_masks(draw_mask("##..#"), draw_mask(".##.."), known)
    expected = [Fate.REMOVED.code, Fate.UNCHANGED.code, Fate.ADDED.code, 0, UNKNOWN_CODE]
    assert comparison.codes.tolist() == [expected]


def test_masks_of_different_grids_are_refused() -> None:
    with pytest.raises(ValueError, match="different grids"):
        compare_masks(draw_mask("#."), draw_mask("#"), np.ones((1, 1), np.bool_))


@given(st.sampled_from([np.zeros((2, 3), np.uint8), np.zeros((2, 2), np.int64)]))
def test_codes_that_do_not_fit_are_refused(codes: np.ndarray) -> None:
    with pytest.raises(ValueError, match="uint8 of the grid's size"):
        Comparison(codes, Grid(2, 2))


def test_a_comparison_keeps_codes_of_its_own() -> None:
    codes = np.zeros((2, 2), np.uint8)
    comparison = Comparison(codes, Grid(2, 2))
    codes[0, 0] = Fate.ADDED.code
    assert not comparison.codes.any()
    with pytest.raises(ValueError, match="read-only"):
        comparison.codes[0, 0] = 1
