from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given

from assistant.masks.algebra import intersect, invert, subtract, union
from serving.grid import Grid
from serving.mask import Mask
from tests.assistant.masks.strategies import masks, masks_on_one_grid


@given(pair=masks_on_one_grid(count=2))
def test_difference_and_intersection_rebuild_the_mask(pair: tuple[Mask, Mask]) -> None:
    first, second = pair
    rebuilt = union(subtract(first, second), intersect(first, second))
    np.testing.assert_array_equal(rebuilt.pixels, first.pixels)


@given(pair=masks_on_one_grid(count=2))
def test_outside_a_union_is_outside_both(pair: tuple[Mask, Mask]) -> None:
    first, second = pair
    np.testing.assert_array_equal(invert(union(first, second)).pixels, intersect(invert(first), invert(second)).pixels)


@given(pair=masks_on_one_grid(count=2))
def test_outside_an_intersection_is_outside_either(pair: tuple[Mask, Mask]) -> None:
    first, second = pair
    np.testing.assert_array_equal(invert(intersect(first, second)).pixels, union(invert(first), invert(second)).pixels)


@given(triple=masks_on_one_grid(count=3))
def test_intersection_distributes_over_union(triple: tuple[Mask, Mask, Mask]) -> None:
    first, second, third = triple
    np.testing.assert_array_equal(
        intersect(first, union(second, third)).pixels,
        union(intersect(first, second), intersect(first, third)).pixels,
    )


@given(pair=masks_on_one_grid(count=2))
def test_what_is_subtracted_is_gone_and_nothing_else(pair: tuple[Mask, Mask]) -> None:
    first, second = pair
    left = subtract(first, second)
    assert intersect(left, second).pixel_count == 0
    assert left.pixel_count == first.pixel_count - intersect(first, second).pixel_count


@given(mask=masks())
def test_inverting_twice_changes_nothing(mask: Mask) -> None:
    np.testing.assert_array_equal(invert(invert(mask)).pixels, mask.pixels)


@given(mask=masks())
def test_a_mask_and_its_inverse_fill_the_grid_once(mask: Mask) -> None:
    assert mask.pixel_count + invert(mask).pixel_count == mask.grid.pixel_count


@pytest.mark.parametrize("operation", [union, intersect, subtract])
def test_masks_of_different_places_are_refused(operation: Callable[[Mask, Mask], Mask]) -> None:
    here = Mask(np.ones((2, 2), dtype=np.bool_), Grid(2, 2, gsd_m=(1.0, 1.0)))
    there = Mask(np.ones((2, 2), dtype=np.bool_), Grid(2, 2, gsd_m=(2.0, 2.0)))
    with pytest.raises(ValueError, match="different grids"):
        operation(here, there)
