"""Apply operations to a mask, one after the other."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.errors import ConfidenceMissingError
from assistant.masks.algebra import intersect, invert, subtract, union
from assistant.masks.directions import find_in_region
from assistant.masks.filters import keep_parts, remove_parts
from assistant.masks.joining import join_parts, split_touching
from assistant.masks.morphology import fill_holes, grow_mask, remove_specks, shrink_mask, smooth_mask
from assistant.operations import (
    ClipToRegion,
    FillHoles,
    Grow,
    Intersect,
    Invert,
    JoinParts,
    Keep,
    Operation,
    Region,
    Remove,
    RemoveSpecks,
    RepeatInImage,
    Shrink,
    Smooth,
    SplitTouching,
    Subtract,
    Threshold,
    Unite,
)
from serving.grid import Grid
from serving.mask import Mask


def apply_operations(
    mask: Mask,
    operations: Sequence[Operation],
    others: Mapping[str, Mask],
    confidence: NDArray[np.uint8] | None = None,
) -> Mask:
    """Return what becomes of `mask` when `operations` are done in order; no argument is changed.

    Args:
        mask: where they begin.
        operations: what to do.
        others: question -> its mask on the same grid, for every name in `name_others(operations)`.
        confidence: of the model in its own mask, uint8 (H, W), in 255ths; only a threshold needs it.

    Raises:
        ScaleUnknownError: metres on a grid without a GSD.
        KeyError: an operation names a mask that `others` lacks.
        ConfidenceMissingError: a threshold where there is no confidence map.
        ValueError: a mask lies on another grid, or an operation is about the conversation's images.
    """
    for operation in operations:
        mask = apply_operation(mask, operation, others, confidence)
    return mask


def apply_operation(
    mask: Mask, operation: Operation, others: Mapping[str, Mask], confidence: NDArray[np.uint8] | None = None
) -> Mask:
    """Return what becomes of `mask`; see `apply_operations`."""
    match operation:
        case Keep(criterion=criterion):
            return keep_parts(mask, criterion, others)
        case Remove(criterion=criterion):
            return remove_parts(mask, criterion, others)
        case Unite(other=other):
            return union(mask, others[other])
        case Subtract(other=other):
            return subtract(mask, others[other])
        case Intersect(other=other):
            return intersect(mask, others[other])
        case Invert():
            return invert(mask)
        case ClipToRegion(region=region):
            return _clip(mask, region)
        case Grow(distance=distance):
            return grow_mask(mask, distance)
        case Shrink(distance=distance):
            return shrink_mask(mask, distance)
        case Smooth(radius=radius):
            return smooth_mask(mask, radius)
        case FillHoles(up_to=up_to):
            return fill_holes(mask, up_to)
        case RemoveSpecks(below=below):
            return remove_specks(mask, below)
        case JoinParts(gap=gap):
            return join_parts(mask, gap)
        case SplitTouching(neck=neck):
            return split_touching(mask, neck)
        case Threshold(level=level):
            return threshold_confidence(confidence, level, mask.grid)
        case RepeatInImage():
            raise ValueError("another image is looked at by the turn, not by an operation on one mask")


def threshold_confidence(confidence: NDArray[np.uint8] | None, level: float, grid: Grid) -> Mask:
    """Return what is likelier than `level`.

    Args:
        confidence: uint8 (H, W), in 255ths; None where none was kept.
        level: 0..1.
        grid: of the image.

    Raises:
        ConfidenceMissingError: there is no confidence map.
    """
    if confidence is None:
        raise ConfidenceMissingError
    return Mask(confidence > level * 255, grid)


def _clip(mask: Mask, region: Region) -> Mask:
    rows = np.arange(mask.grid.height, dtype=np.float64)[:, None]
    columns = np.arange(mask.grid.width, dtype=np.float64)[None, :]
    return Mask(mask.pixels & find_in_region(region, rows, columns, mask.grid), mask.grid)
