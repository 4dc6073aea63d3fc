import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.applying import apply_operations
from assistant.errors import ConfidenceMissingError, ScaleUnknownError
from assistant.operations import (
    ClipToRegion,
    Grow,
    Intersect,
    Invert,
    Keep,
    Length,
    Operation,
    Region,
    RepeatInImage,
    Side,
    Subtract,
    Threshold,
    TouchingBorder,
    Unite,
    name_others,
)
from serving.mask import Mask
from tests.assistant.masks.strategies import draw_mask, masks_on_one_grid
from tests.assistant.operation_strategies import OPERATIONS

ON_MASKS = OPERATIONS.filter(lambda operation: not isinstance(operation, RepeatInImage))


@given(masks_on_one_grid(count=2), st.lists(ON_MASKS, max_size=3).map(tuple))
def test_any_operations_give_a_mask_on_the_same_grid_the_same_each_time(
    pair: tuple[Mask, Mask], operations: tuple[Operation, ...]
) -> None:
    mask, other = pair
    before = mask.pixels.copy()
    others = dict.fromkeys(name_others(operations), other)
    confidence = np.where(other.pixels, np.uint8(200), np.uint8(90))
    try:
        first = apply_operations(mask, operations, others, confidence)
    except ScaleUnknownError:
        assert mask.grid.gsd_m is None
        return
    assert first.grid == mask.grid
    again = apply_operations(mask, operations, others, confidence)
    np.testing.assert_array_equal(first.pixels, again.pixels)
    np.testing.assert_array_equal(mask.pixels, before)


def test_operations_are_done_in_order_with_the_masks_that_they_name() -> None:
    mask, ships = draw_mask("##...\n....."), draw_mask(".#..#\n.....")
    operations = (Subtract("ships"), Invert(), Intersect("ships"), Unite("start"))
    changed = apply_operations(mask, operations, {"ships": ships, "start": draw_mask("#....\n.....")})
    np.testing.assert_array_equal(changed.pixels, draw_mask("##..#\n.....").pixels)
    assert name_others(operations) == ("ships", "start")


def test_a_region_cuts_what_crosses_its_border() -> None:
    changed = apply_operations(draw_mask("######"), (ClipToRegion(Region((Side.LEFT,))),), {})
    np.testing.assert_array_equal(changed.pixels, draw_mask("###...").pixels)


def test_order_matters() -> None:
    mask = draw_mask(".....\n..#..\n.....")
    grown_first = apply_operations(mask, (Grow(Length(1)), Keep(TouchingBorder())), {})
    kept_first = apply_operations(mask, (Keep(TouchingBorder()), Grow(Length(1))), {})
    assert (grown_first.pixel_count, kept_first.pixel_count) == (5, 0)


def test_another_image_is_no_matter_of_one_mask() -> None:
    with pytest.raises(ValueError, match="another image"):
        apply_operations(draw_mask("#"), (RepeatInImage(2),), {})


def test_a_threshold_marks_what_is_likelier_in_place_of_what_was_marked() -> None:
    confidence = np.array([[0, 90, 128, 255]], dtype=np.uint8)
    levels = {
        level: apply_operations(draw_mask("#..."), (Threshold(level),), {}, confidence) for level in (0.3, 0.5, 1)
    }
    np.testing.assert_array_equal(levels[0.3].pixels, draw_mask(".###").pixels)
    np.testing.assert_array_equal(levels[0.5].pixels, draw_mask("..##").pixels)
    assert levels[1].pixel_count == 0


def test_a_threshold_without_a_confidence_map_is_refused_with_a_way_out() -> None:
    with pytest.raises(ConfidenceMissingError, match="ask the question again"):
        apply_operations(draw_mask("#"), (Threshold(0.4),), {})
