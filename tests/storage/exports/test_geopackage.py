"""The GeoPackage of a mask outlines the same ground, to the last digit."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from numpy.typing import NDArray
from pyproj import CRS

from serving.grid import Grid
from serving.mask import Mask
from storage.errors import ExportNeedsGeoreferenceError
from storage.exports.geopackage import mask_geopackage
from tests.storage.exports.geopackages import burn, read_crs, read_rows
from tests.storage.exports.test_geotiff import PIXELS, UTM_WKT

STEP_M = 0.3
MADE_AT = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)


def export(pixels: NDArray[np.bool_], *, gsd_m: tuple[float, float] | None = (STEP_M, STEP_M)) -> bytes:
    height, width = pixels.shape
    grid = Grid(height, width, (STEP_M, 0.0, 0.0, 0.0, -STEP_M, 0.0), UTM_WKT, gsd_m)
    return mask_geopackage(Mask(pixels, grid), MADE_AT)


@given(pixels=PIXELS)
def test_outlines_hold_the_middles_of_the_marked_pixels_and_no_others(pixels: NDArray[np.bool_]) -> None:
    columns, outlines = read_rows(export(pixels))
    np.testing.assert_array_equal(burn(outlines, pixels.shape, STEP_M), pixels)
    assert all(outline.is_valid for outline in outlines)
    assert columns["pixels"].sum() == pixels.sum()
    assert columns["part"].tolist() == list(range(1, len(outlines) + 1))


def test_the_crs_and_the_areas_are_the_images_own() -> None:
    content = export(np.ones((2, 3), np.bool_))
    columns, (outline,) = read_rows(content)
    assert read_crs(content) == CRS.from_epsg(32633)
    assert columns["area_m2"].tolist() == pytest.approx([6 * STEP_M**2])
    assert outline.area == pytest.approx(6 * STEP_M**2)
    unknown, _ = read_rows(export(np.ones((2, 3), np.bool_), gsd_m=None))
    assert np.isnan(unknown["area_m2"]).all()


def test_parts_that_touch_at_a_corner_are_one_row() -> None:
    columns, outlines = read_rows(export(np.eye(3, dtype=np.bool_)))
    assert columns["pixels"].tolist() == [3]
    assert [len(outline.geoms) for outline in outlines] == [3]


def test_the_same_mask_gives_the_same_bytes_and_the_date_of_the_answer() -> None:
    pixels = np.eye(4, dtype=np.bool_)
    assert export(pixels) == export(pixels)
    grid = Grid(4, 4, (STEP_M, 0.0, 0.0, 0.0, -STEP_M, 0.0), UTM_WKT)
    assert mask_geopackage(Mask(pixels, grid), MADE_AT) != mask_geopackage(Mask(pixels, grid), MADE_AT + timedelta(1))
    assert b"2026-05-04T03:02:01.000Z" in export(pixels)


@pytest.mark.parametrize("grid", [Grid(2, 2), Grid(2, 2, (1.0, 0.0, 0.0, 0.0, -1.0, 0.0)), Grid(2, 2, None, UTM_WKT)])
def test_a_plain_picture_has_no_geopackage(grid: Grid) -> None:
    with pytest.raises(ExportNeedsGeoreferenceError):
        mask_geopackage(Mask(np.ones((2, 2), np.bool_), grid), MADE_AT)
