"""Change the outline of a mask: grow, shrink, smooth, fill holes, remove specks.

Distances lie between the centres of pixels. In metres they are right on pixels that are not square, because they are
measured, not counted with a kernel. The image's edge is no edge of the mask: what lies beyond it is not known.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from assistant.errors import ScaleUnknownError
from assistant.masks.instances import EIGHT_NEIGHBOURS, smallest_meaningful_size
from assistant.operations import Area, AreaUnit, Length, LengthUnit
from serving.grid import Grid
from serving.mask import Mask


def resolve_length(length: Length, grid: Grid) -> tuple[float, tuple[float, float]]:
    """Return a distance and the steps (row, column) in the same unit: metres, or pixels.

    A share of the image's side comes to at least one pixel, so that "a bit" is never nothing.

    Raises:
        ScaleUnknownError: metres on a grid without a GSD.
    """
    match length.unit:
        case LengthUnit.PIXELS:
            return length.value, (1.0, 1.0)
        case LengthUnit.SIDE:
            return max(1.0, length.value * min(grid.height, grid.width)), (1.0, 1.0)
        case LengthUnit.METRES:
            if grid.gsd_m is None:
                raise ScaleUnknownError
            return length.value, grid.gsd_m


def resolve_area(area: Area, grid: Grid) -> float:
    """Return an area in pixels, not rounded.

    Raises:
        ScaleUnknownError: square metres on a grid without a GSD.
    """
    if area.unit is AreaUnit.PIXELS:
        return area.value
    if grid.pixel_area_m2 is None:
        raise ScaleUnknownError
    return area.value / grid.pixel_area_m2


def measure_distance(mask: Mask, steps: tuple[float, float]) -> NDArray[np.float64]:
    """Return how far each pixel is from the nearest pixel of `mask`, float64 (H, W); infinite where it has none.

    Args:
        mask: what to measure to.
        steps: (row, column) step in the unit of the answer.
    """
    if not mask.pixels.any():
        return np.full(mask.pixels.shape, np.inf)
    # Without a pixel to measure to, the transform would measure to one that is not there.
    distances: NDArray[np.float64] = ndimage.distance_transform_edt(~mask.pixels, sampling=steps)
    return distances


def grow_mask(mask: Mask, distance: Length) -> Mask:
    """Return `mask` widened by `distance` on all sides.

    Raises:
        ScaleUnknownError: metres on a grid without a GSD.
    """
    reach, steps = resolve_length(distance, mask.grid)
    return Mask(measure_distance(mask, steps) <= reach, mask.grid)


def shrink_mask(mask: Mask, distance: Length) -> Mask:
    """Return `mask` without what lies within `distance` of an unmarked pixel.

    Raises:
        ScaleUnknownError: metres on a grid without a GSD.
    """
    reach, steps = resolve_length(distance, mask.grid)
    unmarked = Mask(~mask.pixels, mask.grid)
    return Mask(mask.pixels & (measure_distance(unmarked, steps) > reach), mask.grid)


def smooth_mask(mask: Mask, radius: Length) -> Mask:
    """Return `mask` with spikes and notches narrower than about twice `radius` rounded off.

    A part that is thinner than that everywhere (a lane) is kept as it is, not lost.

    Raises:
        ScaleUnknownError: metres on a grid without a GSD.
    """
    opened = grow_mask(shrink_mask(mask, radius), radius).pixels & mask.pixels
    labels, count = ndimage.label(mask.pixels, structure=EIGHT_NEIGHBOURS)
    survives = np.zeros(count + 1, dtype=np.bool_)
    survives[labels[opened]] = True
    kept = opened | (mask.pixels & ~survives[labels])
    return close_gaps(Mask(kept, mask.grid), radius)


def close_gaps(mask: Mask, radius: Length) -> Mask:
    """Return `mask` with what is narrower than about twice `radius` between its pixels filled; loses no pixel.

    Raises:
        ScaleUnknownError: metres on a grid without a GSD.
    """
    closed = shrink_mask(grow_mask(mask, radius), radius).pixels
    return Mask(closed | mask.pixels, mask.grid)


def fill_holes(mask: Mask, up_to: Area | None = None) -> Mask:
    """Return `mask` with its holes filled: what is unmarked and cannot be left sideways without crossing the mask.

    Args:
        mask: any.
        up_to: only holes of at most this area; None for all.

    Raises:
        ScaleUnknownError: square metres on a grid without a GSD.
    """
    largest = math.inf if up_to is None else resolve_area(up_to, mask.grid)
    # The mask connects over corners, so the ground between does not: four neighbours.
    labels, count = ndimage.label(~mask.pixels)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    is_hole = sizes <= largest
    is_hole[0] = False
    for edge in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        is_hole[edge] = False
    return Mask(mask.pixels | is_hole[labels], mask.grid)


def remove_specks(mask: Mask, below: Area | None = None) -> Mask:
    """Return `mask` without its parts smaller than `below`.

    Args:
        mask: any.
        below: None for the size that a part needs to be no speck on this image; a mask that consists of specks
            alone is then left as it is.

    Raises:
        ScaleUnknownError: square metres on a grid without a GSD.
    """
    bar = smallest_meaningful_size(mask.grid) if below is None else resolve_area(below, mask.grid)
    labels, count = ndimage.label(mask.pixels, structure=EIGHT_NEIGHBOURS)
    is_kept = np.bincount(labels.ravel(), minlength=count + 1) >= bar
    is_kept[0] = False
    if below is None and not is_kept.any():
        return mask
    return Mask(is_kept[labels], mask.grid)
