import math

import numpy as np
import pytest
from hypothesis import given
from scipy.spatial.distance import cdist

from assistant.masks.instances import select_counted, split_instances
from assistant.measuring import measure_facts
from assistant.parts import Part, measure_parts, measure_smallest_gap
from serving.grid import Grid
from serving.mask import Mask
from tests.assistant.masks.strategies import masks
from tests.assistant.test_measuring import mask_with_boxes


def test_parts_are_told_largest_first_with_ground_area_and_place() -> None:
    grid = Grid(height=40, width=60, gsd_m=(0.5, 2.0))
    assert measure_parts(mask_with_boxes(grid, (2, 4, 5, 7), (50, 30, 56, 40))) == (
        Part(size_px=60, area_m2=60.0, position="bottom right", centroid_row_col=(34.5, 52.5)),
        Part(size_px=9, area_m2=9.0, position="top left", centroid_row_col=(5.0, 3.0)),
    )


def test_without_a_scale_there_is_no_ground_area() -> None:
    (part,) = measure_parts(mask_with_boxes(Grid(height=20, width=20), (2, 4, 12, 7)))
    assert part.area_m2 is None


@given(masks())
def test_there_are_as_many_parts_as_the_facts_count(mask: Mask) -> None:
    assert len(measure_parts(mask)) == measure_facts(mask).count


@pytest.mark.parametrize(
    ("gsd_m", "gap"),
    [(None, 5.0), ((2.0, 2.0), 10.0), ((1.0, 3.0), math.hypot(4, 9))],
)
def test_the_gap_is_measured_between_the_nearest_pixels(gsd_m: tuple[float, float] | None, gap: float) -> None:
    grid = Grid(height=40, width=40, gsd_m=gsd_m)
    # From (row 9, column 9) to (row 13, column 12): four down, three across.
    mask = mask_with_boxes(grid, (0, 0, 10, 10), (12, 13, 20, 20), (30, 30, 39, 39))
    assert measure_smallest_gap(mask) == pytest.approx(gap)


def test_one_part_has_no_gap() -> None:
    assert measure_smallest_gap(mask_with_boxes(Grid(height=40, width=40), (0, 0, 10, 10))) is None


@given(masks())
def test_the_gap_is_the_least_of_all_distances_between_pixels_of_two_parts(mask: Mask) -> None:
    instances = split_instances(mask)
    counted = instances[: len(select_counted([one.size_px for one in instances], mask.grid))]
    places = []
    for one in counted:
        left, top, _, _ = one.bounds_xyxy_px
        places.append(
            np.argwhere(one.pixels) * (mask.grid.gsd_m or (1, 1)) + np.multiply((top, left), mask.grid.gsd_m or (1, 1))
        )
    between = [cdist(places[i], places[j]).min() for i in range(len(places)) for j in range(i)]
    gap = measure_smallest_gap(mask)
    assert gap == (pytest.approx(min(between)) if between else None)
