import pytest
from hypothesis import given

from assistant.comparing import describe_difference, measure_difference
from assistant.errors import MasksNotComparableError
from serving.grid import Grid
from serving.mask import Mask
from tests.assistant.masks.strategies import draw_mask, masks_on_one_grid


@given(pair=masks_on_one_grid(count=2))
def test_what_came_and_stayed_makes_the_newer_mask_and_what_went_and_stayed_the_older(pair: tuple[Mask, Mask]) -> None:
    before, after = pair
    difference = measure_difference(before, after)
    assert difference.added_px + difference.unchanged_px == after.pixel_count
    assert difference.removed_px + difference.unchanged_px == before.pixel_count


def test_the_sentence_counts_each_kind() -> None:
    difference = measure_difference(draw_mask("##.."), draw_mask(".###"))
    assert describe_difference(difference) == "Added 2 pixels, removed 1 pixel, unchanged 1 pixel."


def test_areas_are_given_where_the_scale_is_known() -> None:
    grid = Grid(1, 4, gsd_m=(2.0, 2.0))
    before, after = (Mask(draw_mask(drawn).pixels, grid) for drawn in ("##..", "###."))
    assert describe_difference(measure_difference(before, after)) == "Added 4 m², removed nothing, unchanged 8 m²."


def test_equal_masks_are_called_equal() -> None:
    assert describe_difference(measure_difference(draw_mask("#."), draw_mask("#."))) == "Both mark exactly the same."


def test_masks_of_different_images_are_refused() -> None:
    with pytest.raises(MasksNotComparableError):
        measure_difference(draw_mask("#."), draw_mask("#"))
