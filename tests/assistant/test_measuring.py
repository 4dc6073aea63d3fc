import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.facts import Facts
from assistant.masks.algebra import intersect, union
from assistant.measuring import POSITION_WORDS, measure_facts
from serving.grid import Grid
from serving.mask import Mask
from tests.assistant.masks.strategies import masks, masks_on_one_grid


def mask_with_boxes(grid: Grid, *boxes_xyxy_px: tuple[int, int, int, int]) -> Mask:
    pixels = np.zeros((grid.height, grid.width), dtype=np.bool_)
    for left, top, right, bottom in boxes_xyxy_px:
        pixels[top:bottom, left:right] = True
    return Mask(pixels, grid)


def test_facts_of_a_known_mask() -> None:
    grid = Grid(height=40, width=60, gsd_m=(0.5, 2.0))
    facts = measure_facts(mask_with_boxes(grid, (2, 4, 8, 7), (10, 4, 12, 10)))
    assert facts == Facts(
        pixel_count=30,
        share=30 / 2400,
        count=2,
        largest_share=18 / 30,
        position="top left",
        area_m2=30.0,
        centroid_row_col=(168 / 30, 207 / 30),
        bounds_xyxy_px=(2, 4, 12, 10),
    )


def test_nothing_marked_measures_as_nothing() -> None:
    facts = measure_facts(mask_with_boxes(Grid(height=5, width=5, gsd_m=(1.0, 1.0))))
    assert facts == Facts(0, 0.0, 0, 0.0, None, 0.0, None, None)


def test_specks_are_measured_but_not_counted() -> None:
    facts = measure_facts(mask_with_boxes(Grid(height=512, width=512), (0, 0, 20, 20), (100, 100, 102, 102)))
    assert facts.count == 1
    assert facts.pixel_count == 404


@pytest.mark.parametrize(("down", "across"), [(down, across) for down in range(3) for across in range(3)])
def test_a_mark_in_a_cell_of_the_grid_is_named_after_it(down: int, across: int) -> None:
    left, top = 10 + 30 * across, 5 + 20 * down
    facts = measure_facts(mask_with_boxes(Grid(height=60, width=90), (left, top, left + 9, top + 9)))
    assert facts.position == POSITION_WORDS[down][across]


def test_an_even_spread_lies_throughout() -> None:
    boxes = [(x, y, x + 4, y + 4) for x in (10, 45, 80) for y in (10, 45, 80)]
    assert measure_facts(mask_with_boxes(Grid(height=90, width=90), *boxes)).position == "throughout"


def test_a_row_of_marks_does_not_lie_throughout() -> None:
    boxes = [(x, 10, x + 4, 14) for x in (10, 45, 80)]
    assert measure_facts(mask_with_boxes(Grid(height=90, width=90), *boxes)).position == "top"


def test_a_stray_pixel_in_each_cell_does_not_make_it_throughout() -> None:
    boxes = [(x, y, x + 1, y + 1) for x in (10, 45, 80) for y in (10, 45, 80)]
    facts = measure_facts(mask_with_boxes(Grid(height=90, width=90), (0, 0, 25, 25), *boxes))
    assert facts.position == "top left"


def test_the_middle_of_a_single_pixel_is_the_centre() -> None:
    assert measure_facts(mask_with_boxes(Grid(height=1, width=1), (0, 0, 1, 1))).position == "centre"


@given(mask=masks())
def test_facts_hang_together(mask: Mask) -> None:
    facts = measure_facts(mask)
    assert facts.pixel_count == mask.pixel_count
    assert 0.0 <= facts.share <= 1.0
    assert (facts.count == 0) == (facts.pixel_count == 0)
    assert facts.count <= facts.pixel_count
    assert (facts.area_m2 is None) == (mask.grid.gsd_m is None)
    if facts.pixel_count:
        assert 0.0 < facts.largest_share <= 1.0
        assert facts.bounds_xyxy_px is not None
        assert facts.centroid_row_col is not None
        left, top, right, bottom = facts.bounds_xyxy_px
        row, column = facts.centroid_row_col
        assert top <= row <= bottom - 1
        assert left <= column <= right - 1
        outside = mask.pixels.copy()
        outside[top:bottom, left:right] = False
        assert not outside.any()


@given(pair=masks_on_one_grid(count=2))
def test_areas_of_a_union_and_an_intersection_add_up(pair: tuple[Mask, Mask]) -> None:
    first, second = pair
    both, shared = measure_facts(union(first, second)), measure_facts(intersect(first, second))
    one, other = measure_facts(first), measure_facts(second)
    assert both.pixel_count + shared.pixel_count == one.pixel_count + other.pixel_count
    assert both.share + shared.share == pytest.approx(one.share + other.share)
    if one.area_m2 is not None:
        assert both.area_m2 is not None
        assert shared.area_m2 is not None
        assert other.area_m2 is not None
        assert both.area_m2 + shared.area_m2 == pytest.approx(one.area_m2 + other.area_m2)


@given(mask=masks(), rows=st.booleans())
def test_a_mirrored_mask_has_mirrored_facts(mask: Mask, rows: bool) -> None:
    facts = measure_facts(mask)
    mirrored = measure_facts(Mask(np.flip(mask.pixels, axis=0 if rows else 1), mask.grid))
    assert (mirrored.pixel_count, mirrored.count, mirrored.area_m2) == (facts.pixel_count, facts.count, facts.area_m2)
    if facts.centroid_row_col is not None and mirrored.centroid_row_col is not None:
        axis, length = (0, mask.grid.height) if rows else (1, mask.grid.width)
        assert mirrored.centroid_row_col[axis] == pytest.approx(length - 1 - facts.centroid_row_col[axis])
        assert mirrored.centroid_row_col[1 - axis] == pytest.approx(facts.centroid_row_col[1 - axis])
