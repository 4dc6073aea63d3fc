import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.applying import apply_operations
from assistant.errors import ScaleUnknownError
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
    try:
        first = apply_operations(mask, operations, others)
    except ScaleUnknownError:
        assert mask.grid.gsd_m is None
        return
    assert first.grid == mask.grid
    np.testing.assert_array_equal(first.pixels, apply_operations(mask, operations, others).pixels)
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
