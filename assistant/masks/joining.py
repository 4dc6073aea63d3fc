"""Join the parts of a mask over gaps, and cut apart what touches."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from assistant.masks.instances import EIGHT_NEIGHBOURS
from assistant.masks.morphology import close_gaps, resolve_length, shrink_mask
from assistant.operations import Length, LengthUnit
from serving.mask import Mask

# One direction of each of the eight neighbours: right, down, and both diagonals.
_HALF_NEIGHBOURS = ((0, 1), (1, 0), (1, 1), (1, -1))


def join_parts(mask: Mask, gap: Length) -> Mask:
    """Return `mask` with parts that lie at most `gap` apart joined, by filling the gap or by a line across it.

    Raises:
        ScaleUnknownError: metres on a grid without a GSD.
    """
    reach, steps = resolve_length(gap, mask.grid)
    labels, count = ndimage.label(mask.pixels, structure=EIGHT_NEIGHBOURS)
    if count < 2:
        return mask
    unit = LengthUnit.METRES if gap.unit is LengthUnit.METRES else LengthUnit.PIXELS
    # One step less: on pixels, two circles of half the gap would meet over a gap that is up to one step wider.
    joined = close_gaps(mask, Length(max(0.0, (reach - max(steps)) / 2), unit)).pixels.copy()
    for start, end in _find_bridges(labels, steps, reach):
        length = int(np.abs(end - start).max())
        along = np.linspace(0.0, 1.0, length + 1)[:, None]
        rows, columns = np.rint(start + along * (end - start)).astype(np.intp).T
        joined[rows, columns] = True
    return Mask(joined, mask.grid)


def split_touching(mask: Mask, neck: Length) -> Mask:
    """Return `mask` cut at necks that are at most about `neck` wide; parts without such a neck stay as they are.

    Raises:
        ScaleUnknownError: metres on a grid without a GSD.
    """
    cores = shrink_mask(mask, Length(neck.value / 2, neck.unit)).pixels
    labels, _ = ndimage.label(mask.pixels, structure=EIGHT_NEIGHBOURS)
    pixels = mask.pixels.copy()
    for label, box in enumerate(ndimage.find_objects(labels), start=1):
        part = labels[box] == label
        core_labels, core_count = ndimage.label(cores[box] & part, structure=EIGHT_NEIGHBOURS)
        if core_count > 1:
            pixels[box] &= ~_find_seams(part, core_labels)
    return Mask(pixels, mask.grid)


def _find_seams(part: NDArray[np.bool_], core_labels: NDArray[np.signedinteger]) -> NDArray[np.bool_]:
    """Return the pixels of `part`, bool (h, w), to remove so that each core has a part of its own."""
    indices = ndimage.distance_transform_edt(core_labels == 0, return_distances=False, return_indices=True)
    owner = np.where(part, core_labels[tuple(indices)], 0)
    seams = np.zeros_like(part)
    height, width = part.shape
    for down, right in _HALF_NEIGHBOURS:
        left = max(0, -right)
        here = (slice(0, height - down), slice(left, width - max(0, right)))
        there = (slice(down, height), slice(left + right, width - max(0, right) + right))
        a, b = owner[here], owner[there]
        differ = (a != b) & (a > 0) & (b > 0)
        seams[here] |= differ & (a < b)
        seams[there] |= differ & (b < a)
    return seams


def _find_bridges(
    labels: NDArray[np.signedinteger], steps: tuple[float, float], reach: float
) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Return the nearest pixels (row, column) of each two neighbouring parts that lie at most `reach` apart.

    Neighbours are found where the areas meet that are nearest to one part each, so that n parts cost one pass.
    """
    indices = ndimage.distance_transform_edt(labels == 0, sampling=steps, return_distances=False, return_indices=True)
    owner = labels[tuple(indices)]
    shortest: dict[tuple[int, int], tuple[float, NDArray[np.float64], NDArray[np.float64]]] = {}
    height, width = labels.shape
    for down, right in _HALF_NEIGHBOURS:
        left = max(0, -right)
        here = (slice(0, height - down), slice(left, width - max(0, right)))
        there = (slice(down, height), slice(left + right, width - max(0, right) + right))
        rows, columns = np.nonzero(owner[here] != owner[there])
        columns = columns + left
        starts = indices[:, rows, columns].astype(np.float64)  # (2, N)
        ends = indices[:, rows + down, columns + right].astype(np.float64)
        distances = np.hypot((ends - starts)[0] * steps[0], (ends - starts)[1] * steps[1])
        for index in np.flatnonzero(distances <= reach):
            first, second = owner[rows[index], columns[index]], owner[rows[index] + down, columns[index] + right]
            pair = (min(int(first), int(second)), max(int(first), int(second)))
            if pair not in shortest or distances[index] < shortest[pair][0]:
                shortest[pair] = (float(distances[index]), starts[:, index], ends[:, index])
    return [(start, end) for _, start, end in shortest.values()]
