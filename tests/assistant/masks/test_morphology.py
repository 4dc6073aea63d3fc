import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import ScaleUnknownError
from assistant.masks.morphology import (
    close_gaps,
    fill_holes,
    grow_mask,
    remove_specks,
    resolve_length,
    shrink_mask,
    smooth_mask,
)
from assistant.operations import Area, AreaUnit, Length, LengthUnit
from serving.grid import Grid
from serving.mask import Mask
from tests.assistant.masks.strategies import draw_mask, masks

PIXELS = st.floats(min_value=0.0, max_value=6.0).map(Length)


def slow_grow(mask: Mask, reach: float, steps: tuple[float, float]) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Grow by comparing each pixel with each marked one."""
    rows, columns = np.nonzero(mask.pixels)
    grown = np.zeros_like(mask.pixels)
    for row in range(mask.grid.height):
        for column in range(mask.grid.width):
            away = np.hypot((rows - row) * steps[0], (columns - column) * steps[1])
            grown[row, column] = bool((away <= reach).any())
    return grown


@given(masks(), PIXELS)
def test_growing_is_what_comparing_all_pixels_gives(mask: Mask, distance: Length) -> None:
    np.testing.assert_array_equal(grow_mask(mask, distance).pixels, slow_grow(mask, distance.value, (1.0, 1.0)))


@given(masks(), st.floats(min_value=0.0, max_value=50.0))
def test_metres_are_metres_on_pixels_that_are_not_square(mask: Mask, metres: float) -> None:
    distance = Length(metres, LengthUnit.METRES)
    if mask.grid.gsd_m is None:
        with pytest.raises(ScaleUnknownError, match="metres cannot be measured"):
            grow_mask(mask, distance)
        return
    np.testing.assert_array_equal(grow_mask(mask, distance).pixels, slow_grow(mask, metres, mask.grid.gsd_m))


@given(masks(), PIXELS)
def test_shrinking_is_growing_of_what_is_not_marked(mask: Mask, distance: Length) -> None:
    outside = Mask(~mask.pixels, mask.grid)
    np.testing.assert_array_equal(
        shrink_mask(mask, distance).pixels, ~grow_mask(outside, distance).pixels & mask.pixels
    )


@given(masks(), PIXELS)
def test_shrinking_never_gains_and_growing_never_loses_a_pixel(mask: Mask, distance: Length) -> None:
    assert not (shrink_mask(mask, distance).pixels & ~mask.pixels).any()
    assert not (mask.pixels & ~grow_mask(mask, distance).pixels).any()


@given(masks(), PIXELS)
def test_closing_gaps_loses_nothing_and_is_done_after_once(mask: Mask, radius: Length) -> None:
    closed = close_gaps(mask, radius)
    assert not (mask.pixels & ~closed.pixels).any()
    np.testing.assert_array_equal(close_gaps(closed, radius).pixels, closed.pixels)


def test_the_full_mask_stays_full_when_shrunk_because_nothing_is_known_beyond_the_image() -> None:
    full = draw_mask("###\n###")
    assert shrink_mask(full, Length(5)).pixels.all()


def test_a_share_of_the_side_is_at_least_a_pixel() -> None:
    assert resolve_length(Length(0.01, LengthUnit.SIDE), Grid(20, 40)) == (1.0, (1.0, 1.0))
    assert resolve_length(Length(0.01, LengthUnit.SIDE), Grid(400, 900)) == (4.0, (1.0, 1.0))


def test_smoothing_takes_a_spike_and_keeps_a_lane() -> None:
    drawn = draw_mask(
        """
        .....#.......
        .#####......#
        .#####......#
        .#####......#
        .#####......#
        .#####......#
        .............
        """
    )
    smooth = smooth_mask(drawn, Length(1))
    assert not smooth.pixels[0, 5]
    assert smooth.pixels[1:6, 12].all()
    assert smooth.pixels[2:5, 2:5].all()


@given(masks())
def test_filling_holes_twice_changes_nothing_and_leaves_no_enclosed_ground(mask: Mask) -> None:
    filled = fill_holes(mask)
    assert not (mask.pixels & ~filled.pixels).any()
    np.testing.assert_array_equal(fill_holes(filled).pixels, filled.pixels)


def test_only_enclosed_ground_is_a_hole_and_only_up_to_the_size_given() -> None:
    drawn = draw_mask(
        """
        #####.###
        #.###.#.#
        #..##.###
        #####....
        """,
        Grid(4, 9, gsd_m=(2.0, 1.0)),
    )
    assert fill_holes(drawn).pixel_count == drawn.pixel_count + 4
    # Three pixels of 2 m² are 6 m².
    assert fill_holes(drawn, Area(5.9, AreaUnit.SQUARE_METRES)).pixel_count == drawn.pixel_count + 1
    assert fill_holes(drawn, Area(6.0, AreaUnit.SQUARE_METRES)).pixel_count == drawn.pixel_count + 4


def test_a_hole_that_opens_at_a_corner_only_is_still_enclosed() -> None:
    drawn = draw_mask("##.\n#.#\n###")
    assert fill_holes(drawn).pixels[1, 1]


@given(masks(), st.integers(1, 30))
def test_specks_below_a_size_go_and_all_others_stay(mask: Mask, below: int) -> None:
    kept = remove_specks(mask, Area(float(below)))
    assert not (kept.pixels & ~mask.pixels).any()
    np.testing.assert_array_equal(remove_specks(kept, Area(float(below))).pixels, kept.pixels)


def test_specks_are_left_where_there_is_nothing_else() -> None:
    specks = draw_mask("#..#")
    assert remove_specks(specks).pixel_count == 2
    assert remove_specks(specks, Area(4)).pixel_count == 0
