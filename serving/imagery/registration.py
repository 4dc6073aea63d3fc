"""Two images of one place: how the pixels of the earlier one lie on those of the later one.

By the georeference where both carry one; by rows and columns where they are of one size and not both carry one. Images
are not matched by what they show.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rasterio.warp import reproject

from serving.errors import ImagesApartError, ImagesUnregistrableError, ImageUnplaceableError
from serving.grid import Grid
from serving.imagery.raster_files import RASTERIO_ERRORS
from serving.mask import Mask

# In the raster that is warped: 0 is left for where the earlier image shows nothing.
_OUTSIDE, _UNMARKED, _MARKED = 0, 1, 2


class Basis(StrEnum):
    """Why pixels of two images are taken to lie on each other."""

    SAME_GRID = "same_grid"  # both georeferences say so, number by number
    ASSUMED = "assumed"  # the size is the same, and no or one image says where it lies
    WARPED = "warped"  # by both georeferences, nearest pixel


@dataclass(frozen=True, eq=False)
class Registered:
    """A mask of the earlier image on the later image's grid.

    Attributes:
        mask: False where the earlier image shows nothing.
        known: bool, (H, W) of the later grid: where the earlier image shows the ground.
    """

    mask: Mask
    known: NDArray[np.bool_]


def find_basis(earlier: Grid, later: Grid) -> Basis:
    """Return why the two lie on each other.

    Raises:
        ImagesUnregistrableError: they differ in size, and not both say where they lie.
        ImagesApartError: they have no ground in common.
        ImageUnplaceableError: their coordinate systems cannot be brought together.
    """
    is_one_size = (earlier.height, earlier.width) == (later.height, later.width)
    if not (earlier.is_georeferenced and later.is_georeferenced):
        if not is_one_size:
            raise ImagesUnregistrableError((earlier.height, earlier.width), (later.height, later.width))
        return Basis.ASSUMED
    if is_one_size and (earlier.transform, earlier.crs_wkt) == (later.transform, later.crs_wkt):
        return Basis.SAME_GRID
    nothing = Mask(np.zeros((earlier.height, earlier.width), dtype=np.bool_), earlier)
    if not _warp(nothing, later).known.any():
        raise ImagesApartError
    return Basis.WARPED


def register_mask(mask: Mask, later: Grid, basis: Basis) -> Registered:
    """Return a mask of the earlier image on the grid of the later one.

    Args:
        mask: on the earlier image's grid.
        later: the grid of the later image.
        basis: as `find_basis` says it of the two grids.

    Raises:
        ImageUnplaceableError: their coordinate systems cannot be brought together.
    """
    if basis is Basis.WARPED:
        return _warp(mask, later)
    return Registered(Mask(mask.pixels, later), np.ones(mask.pixels.shape, dtype=np.bool_))


def _warp(mask: Mask, later: Grid) -> Registered:
    levels = np.where(mask.pixels, _MARKED, _UNMARKED).astype(np.uint8)
    warped = np.full((later.height, later.width), _OUTSIDE, dtype=np.uint8)
    try:
        reproject(
            levels,
            warped,
            src_transform=_to_affine(mask.grid),
            src_crs=rasterio.CRS.from_wkt(mask.grid.crs_wkt),
            dst_transform=_to_affine(later),
            dst_crs=rasterio.CRS.from_wkt(later.crs_wkt),
            dst_nodata=_OUTSIDE,
            resampling=Resampling.nearest,
        )
    except RASTERIO_ERRORS as error:
        raise ImageUnplaceableError from error
    return Registered(Mask(warped == _MARKED, later), warped != _OUTSIDE)


def _to_affine(grid: Grid) -> rasterio.Affine:
    assert grid.transform is not None, "a georeferenced grid has a transform"
    return rasterio.Affine(*grid.transform)
