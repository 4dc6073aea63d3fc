"""The GeoTIFF of a mask lies where its image lies."""

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from rasterio.io import MemoryFile

from serving.grid import Grid
from serving.mask import Mask
from storage.errors import ExportNeedsGeoreferenceError
from storage.exports.geotiff import mask_geotiff

UTM_WKT = str(rasterio.CRS.from_epsg(32633).to_wkt(version="WKT2_2019"))
PIXELS = arrays.arrays(np.bool_, arrays.array_shapes(min_dims=2, max_dims=2, max_side=12))
STEPS, SHEARS, ORIGINS = st.floats(0.01, 100), st.floats(-1, 1), st.floats(-1e6, 1e6)
TRANSFORMS = st.tuples(STEPS, SHEARS, ORIGINS, SHEARS, STEPS.map(lambda step: -step), ORIGINS)


@given(pixels=PIXELS, transform=TRANSFORMS)
def test_pixels_and_place_come_back(
    pixels: NDArray[np.bool_], transform: tuple[float, float, float, float, float, float]
) -> None:
    height, width = pixels.shape
    mask = Mask(pixels, Grid(height, width, transform, UTM_WKT))
    with MemoryFile(mask_geotiff(mask)) as memory, memory.open() as dataset:
        np.testing.assert_array_equal(dataset.read(1), pixels.astype(np.uint8))
        assert tuple(dataset.transform)[:6] == pytest.approx(transform, rel=1e-12, abs=1e-9)
        assert dataset.crs == rasterio.CRS.from_epsg(32633)
        assert dataset.colormap(1)[1] == (255, 255, 255, 255)


@pytest.mark.parametrize(
    "grid", [Grid(2, 2), Grid(2, 2, crs_wkt=UTM_WKT), Grid(2, 2, transform=(1.0, 0.0, 0.0, 0.0, -1.0, 0.0))]
)
def test_a_plain_picture_has_no_geotiff_and_is_told_what_to_do(grid: Grid) -> None:
    with pytest.raises(ExportNeedsGeoreferenceError, match="save the mask as PNG"):
        mask_geotiff(Mask(np.ones((2, 2), dtype=bool), grid))
