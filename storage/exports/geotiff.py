"""A mask as a GeoTIFF on its image's grid."""

import numpy as np
import rasterio
from rasterio.io import MemoryFile

from serving.mask import Mask
from storage.errors import ExportNeedsGeoreferenceError


def mask_geotiff(mask: Mask) -> bytes:
    """Return the mask as a one-band GeoTIFF, uint8: 1 is the thing asked for, 0 is not.

    The palette shows 0 black and 1 white; without one, most viewers would show both as black.

    Raises:
        ExportNeedsGeoreferenceError: the grid has no transform or no CRS.
    """
    grid = mask.grid
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
        ) as dataset:
            dataset.write(mask.pixels.astype(np.uint8), 1)
            dataset.write_colormap(1, {0: (0, 0, 0, 255), 1: (255, 255, 255, 255)})
        return bytes(memory.read())
