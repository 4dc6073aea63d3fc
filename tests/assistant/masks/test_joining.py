import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from assistant.masks.instances import split_instances
from assistant.masks.joining import join_parts, split_touching
from assistant.operations import Length, LengthUnit
from serving.grid import Grid
from serving.mask import Mask
from tests.assistant.masks.strategies import draw_mask, masks

LENGTHS = st.floats(min_value=0.0, max_value=8.0).map(Length)


@given(masks(), LENGTHS)
def test_joining_loses_no_pixel_and_never_makes_more_parts(mask: Mask, gap: Length) -> None:
    joined = join_parts(mask, gap)
    assert not (mask.pixels & ~joined.pixels).any()
    assert len(split_instances(joined)) <= len(split_instances(mask))


@given(masks())
def test_a_gap_as_long_as_the_image_joins_all(mask: Mask) -> None:
    assert len(split_instances(join_parts(mask, Length(100)))) == (1 if mask.pixels.any() else 0)


def test_single_pixels_are_joined_only_as_far_as_the_gap() -> None:
    drawn = draw_mask("#...#.......#")
    assert len(split_instances(join_parts(drawn, Length(3.9)))) == 3
    assert len(split_instances(join_parts(drawn, Length(4)))) == 2


def test_a_gap_in_metres_counts_unequal_pixels_as_they_are() -> None:
    across = draw_mask("#..#", Grid(1, 4, gsd_m=(1.0, 5.0)))
    assert len(split_instances(join_parts(across, Length(14, LengthUnit.METRES)))) == 2
    assert len(split_instances(join_parts(across, Length(15, LengthUnit.METRES)))) == 1


@given(masks(), LENGTHS)
def test_cutting_gains_no_pixel_and_loses_no_part(mask: Mask, neck: Length) -> None:
    cut = split_touching(mask, neck)
    assert not (cut.pixels & ~mask.pixels).any()
    assert len(split_instances(cut)) >= len(split_instances(mask))


def test_two_blocks_with_a_neck_become_two_and_one_block_stays_one() -> None:
    drawn = draw_mask(
        """
        #####...#####..####
        #####...#####..####
        #############..####
        #####...#####..####
        #####...#####..####
        """
    )
    cut = split_touching(drawn, Length(2))
    assert len(split_instances(cut)) == 3
    np.testing.assert_array_equal(cut.pixels[:, 15:], drawn.pixels[:, 15:])
