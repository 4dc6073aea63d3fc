import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS

from assistant.masks.directions import find_in_region, find_slope, is_compass_known, measure_from_place
from assistant.operations import Place, Region, Side
from serving.grid import Grid
from tests.assistant.masks.strategies import grids, rotated_grids, turned_grid

SIDES = st.sampled_from(Side)


@given(rotated_grids())
def test_north_is_where_the_georeference_says(case: tuple[Grid, float]) -> None:
    grid, degrees = case
    slope = find_slope(Side.NORTH, grid)
    length = math.hypot(slope.per_row, slope.per_column)
    # UTM's north differs from true north by the convergence, less than 3° here.
    angle = math.degrees(math.atan2(-slope.per_column, -slope.per_row))
    assert abs((angle - degrees + 180) % 360 - 180) < 3.0
    assert length == pytest.approx(0.5, rel=0.01)


@given(rotated_grids() | grids().map(lambda grid: (grid, 0.0)), SIDES)
def test_a_side_and_its_opposite_point_in_opposite_directions(case: tuple[Grid, float], side: Side) -> None:
    there, back = find_slope(side, case[0]), find_slope(side.opposite, case[0])
    assert (there.per_row, there.per_column) == pytest.approx((-back.per_row, -back.per_column))


@given(rotated_grids())
def test_east_is_a_right_turn_from_north(case: tuple[Grid, float]) -> None:
    north, east = find_slope(Side.NORTH, case[0]), find_slope(Side.EAST, case[0])
    assert abs(north.per_row * east.per_row + north.per_column * east.per_column) < 1e-3
    # Right of up is right: rows grow downwards, hence the sign.
    assert north.per_column * east.per_row - north.per_row * east.per_column > 0


def test_a_plain_picture_has_north_at_the_top_and_says_so() -> None:
    grid = Grid(5, 7, gsd_m=(1.0, 1.0))
    assert not is_compass_known(grid)
    assert find_slope(Side.NORTH, grid) == find_slope(Side.TOP, grid)
    assert find_slope(Side.WEST, grid) == find_slope(Side.LEFT, grid)


def test_a_south_up_grid_has_north_at_the_bottom() -> None:
    grid = turned_grid(8, 8, 180.0)
    assert is_compass_known(grid)
    inside = find_in_region(Region((Side.NORTH,)), np.array([0.0, 7.0]), np.array([4.0, 4.0]), grid)
    assert inside.tolist() == [False, True]


def test_north_is_true_north_in_a_polar_projection() -> None:
    # On 90° E the stereographic y axis runs along the parallel: north is where x falls.
    polar = CRS.from_epsg(3995).to_wkt()
    grid = Grid(9, 9, (100.0, 0.0, 1_000_000.0, 0.0, -100.0, 0.0), polar, (100.0, 100.0))
    slope = find_slope(Side.NORTH, grid)
    assert slope.per_column < 0
    assert abs(slope.per_row) < 0.01 * abs(slope.per_column)


def test_degrees_in_the_other_order_do_not_turn_the_compass() -> None:
    wgs84 = CRS.from_epsg(4326).to_wkt()
    grid = Grid(9, 9, (1e-5, 0.0, 11.3, 0.0, -1e-5, 46.5), wgs84, (1.1, 0.77))
    slope = find_slope(Side.NORTH, grid)
    assert slope.per_row == pytest.approx(-1.11, abs=0.01)
    assert slope.per_column == pytest.approx(0.0, abs=1e-6)


def test_a_crs_that_does_not_reach_the_place_leaves_the_compass_unknown() -> None:
    grid = Grid(4, 4, (1.0, 0.0, 1e30, 0.0, -1.0, 1e30), turned_grid(1, 1, 0).crs_wkt)
    assert not is_compass_known(grid)


@given(rotated_grids() | grids().map(lambda grid: (grid, 0.0)), SIDES)
def test_two_opposite_halves_leave_no_pixel_out(case: tuple[Grid, float], side: Side) -> None:
    grid = case[0]
    rows, columns = (index.ravel().astype(np.float64) for index in np.indices((grid.height, grid.width)))
    first = find_in_region(Region((side,)), rows, columns, grid)
    second = find_in_region(Region((side.opposite,)), rows, columns, grid)
    middle = (rows == (grid.height - 1) / 2) & (columns == (grid.width - 1) / 2)
    assert (first | second | middle).all()


@given(grids())
def test_the_four_quarters_of_a_picture_cover_it(grid: Grid) -> None:
    rows, columns = (index.ravel().astype(np.float64) for index in np.indices((grid.height, grid.width)))
    quarters = [
        find_in_region(Region((down, across)), rows, columns, grid)
        for down in (Side.TOP, Side.BOTTOM)
        for across in (Side.LEFT, Side.RIGHT)
    ]
    assert np.any(quarters, axis=0).all()


def test_distances_from_a_corner_and_the_centre_are_in_metres_on_unequal_pixels() -> None:
    grid = Grid(3, 3, gsd_m=(10.0, 1.0))
    rows, columns = np.array([2.0, 0.0]), np.array([0.0, 2.0])
    from_corner = measure_from_place(Place((Side.TOP, Side.LEFT)), rows, columns, grid)
    assert from_corner.tolist() == pytest.approx([math.hypot(25, 0.5), math.hypot(5, 2.5)])
    assert measure_from_place(Place(), np.array([0.0]), np.array([1.0]), grid).tolist() == [10.0]
