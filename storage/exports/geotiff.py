"""A mask, or what became of each pixel, as a GeoTIFF on its image's grid."""

from collections.abc import Mapping

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.io import MemoryFile

from assistant.masks.comparison import UNKNOWN_CODE, UNMARKED_CODE, Comparison, Fate
from serving.grid import Grid
from serving.mask import Mask
from storage.errors import ExportNeedsGeoreferenceError
from storage.exports.difference import FATE_COLOURS


def mask_geotiff(mask: Mask) -> bytes:
    """Return the mask as a one-band GeoTIFF, uint8: 1 is the thing asked for, 0 is not.

    The palette shows 0 black and 1 white; without one, most viewers would show both as black.

    Raises:
        ExportNeedsGeoreferenceError: the grid has no transform or no CRS.
    """
    return _write(mask.pixels.astype(np.uint8), mask.grid, {0: (0, 0, 0, 255), 1: (255, 255, 255, 255)})


def comparison_geotiff(comparison: Comparison) -> bytes:
    """Return the codes of a comparison as a one-band GeoTIFF, uint8, in the colours of the page.

    What is not known is nodata; the tags say which code is which.

    Raises:
        ExportNeedsGeoreferenceError: the grid has no transform or no CRS.
    """
    colours = {fate.code: (*FATE_COLOURS[fate], 255) for fate in Fate} | {UNMARKED_CODE: (0, 0, 0, 255)}
    tags = {f"CODE_{fate.code}": str(fate) for fate in Fate}
    return _write(comparison.codes, comparison.grid, colours, nodata=UNKNOWN_CODE, tags=tags)


def _write(
    levels: NDArray[np.uint8],
    grid: Grid,
    colours: Mapping[int, tuple[int, int, int, int]],
    *,
    nodata: int | None = None,
    tags: Mapping[str, str] | None = None,
) -> bytes:
    if grid.transform is None or grid.crs_wkt is None:
        raise ExportNeedsGeoreferenceError
    with MemoryFile() as memory:
        with memory.open(
            driver="GTiff",
            height=grid.height,
            width=grid.width,
            count=1,
            dtype="uint8",
            crs=rasterio.CRS.from_wkt(grid.crs_wkt),
            transform=rasterio.Affine(*grid.transform),
            compress="deflate",
            nodata=nodata,
        ) as dataset:
            dataset.write(levels, 1)
            dataset.write_colormap(1, colours)
            dataset.update_tags(**(tags or {}))
        return bytes(memory.read())
