"""Masks of an earlier image on the grid of a later one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS

from serving.errors import ImagesApartError, ImagesUnregistrableError, ImageUnplaceableError
from serving.grid import Grid
from serving.imagery.registration import Basis, find_basis, register_mask
from serving.mask import Mask

UTM_33N = CRS.from_epsg(32633).to_wkt()
WGS_84 = CRS.from_epsg(4326).to_wkt()
LOCAL = 'LOCAL_CS["mine",UNIT["metre",1]]'
ORIGIN = (500_000.0, 5_000_000.0)


def place(
    height: int, width: int, x: float = ORIGIN[0], y: float = ORIGIN[1], *, step: float = 1.0, crs: str = UTM_33N
) -> Grid:
    return Grid(height, width, (step, 0.0, x, 0.0, -step, y), crs)


def draw(grid: Grid, *, seed: int = 0) -> Mask:
    return Mask(np.random.default_rng(seed).random((grid.height, grid.width)) > 0.5, grid)


@given(columns=st.integers(-9, 9), rows=st.integers(-7, 7), seed=st.integers(0, 99))
def test_a_shift_by_whole_pixels_moves_the_mask_and_nothing_else(columns: int, rows: int, seed: int) -> None:
    earlier = place(8, 10)
    later = place(8, 10, ORIGIN[0] + columns, ORIGIN[1] - rows)
    mask = draw(earlier, seed=seed)
    registered = register_mask(mask, later, find_basis(earlier, later))
    for row in range(8):
        for column in range(10):
            is_known = 0 <= row + rows < 8 and 0 <= column + columns < 10
            assert registered.known[row, column] == is_known
            assert registered.mask.pixels[row, column] == (is_known and mask.pixels[row + rows, column + columns])
    assert registered.mask.grid == later


def test_one_pixel_becomes_four_on_a_grid_twice_as_fine() -> None:
    earlier, later = place(2, 2), place(4, 4, step=0.5)
    mask = Mask(np.array([[True, False], [False, False]]), earlier)
    registered = register_mask(mask, later, find_basis(earlier, later))
    assert np.argwhere(registered.mask.pixels).tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert registered.known.all()


def test_another_coordinate_system_is_brought_to_the_same_ground() -> None:
    earlier = place(100, 100)
    # About a metre in the middle of the same ground, in degrees.
    later = Grid(10, 10, (1e-6, 0.0, 15.00063, 0.0, -1e-6, 45.15303), WGS_84)
    assert find_basis(earlier, later) is Basis.WARPED
    middle = np.zeros((100, 100), np.bool_)
    middle[48:52, 47:53] = True
    assert register_mask(Mask(middle, earlier), later, Basis.WARPED).mask.pixels.all()
    assert not register_mask(Mask(~middle, earlier), later, Basis.WARPED).mask.pixels.any()


def test_the_same_georeference_needs_no_warp_and_none_is_taken_on_trust() -> None:
    mask = draw(place(5, 4))
    assert find_basis(place(5, 4), place(5, 4)) is Basis.SAME_GRID
    for earlier, later in ((Grid(5, 4), Grid(5, 4)), (Grid(5, 4), place(5, 4)), (place(5, 4), Grid(5, 4))):
        assert find_basis(earlier, later) is Basis.ASSUMED
        registered = register_mask(Mask(mask.pixels, earlier), later, Basis.ASSUMED)
        np.testing.assert_array_equal(registered.mask.pixels, mask.pixels)
        assert (registered.mask.grid, bool(registered.known.all())) == (later, True)


@pytest.mark.parametrize("earlier", [Grid(5, 4), place(5, 4)])
def test_sizes_that_differ_without_both_georeferences_are_said(earlier: Grid) -> None:
    with pytest.raises(ImagesUnregistrableError, match=r"4 × 5 and 6 × 5 pixels"):
        find_basis(earlier, Grid(5, 6))


def test_different_places_are_said() -> None:
    with pytest.raises(ImagesApartError, match="different places"):
        find_basis(place(5, 4), place(5, 4, ORIGIN[0] + 4.0))


def test_a_system_that_is_nowhere_on_the_globe_is_said() -> None:
    with pytest.raises(ImageUnplaceableError, match="cannot be brought together"):
        find_basis(place(5, 4), place(5, 4, crs=LOCAL))
