"""What changed from one mask to another, as a layer over the picture; told apart by colour and by pattern."""

import cv2
import numpy as np
from numpy.typing import NDArray

from serving.mask import Mask
from storage.exports.png import Colour, encode_picture, find_outline, shrink_mask

# Told apart with any colour vision, and by their patterns without any: plain, filled, hatched.
UNCHANGED: Colour = (240, 228, 170)
ADDED: Colour = (20, 110, 255)
REMOVED: Colour = (214, 20, 110)

_FAINT, _FILLED, _HATCH_GROUND = 110, 190, 70  # of 255
_HATCH_PX = 8
_HATCH_LINE_PX = 3


def difference_layer_png(before: Mask, after: Mask, *, max_side: int | None = None) -> bytes:
    """Return an RGBA PNG: what both masks have is pale, what came is filled, what went is hatched.

    Args:
        before: the older mask.
        after: the newer one, on the same grid.
        max_side: the longer side is made no longer than this; None keeps the masks' size.

    Raises:
        ValueError: the masks lie on different grids.
    """
    if before.grid != after.grid:
        raise ValueError("masks of different grids cannot be compared")
    unchanged = shrink_mask(before.pixels & after.pixels, max_side)
    # A pixel of the smaller picture may hold some of each; a change is worth more than what stayed.
    added = shrink_mask(after.pixels & ~before.pixels, max_side)
    removed = shrink_mask(before.pixels & ~after.pixels, max_side) & ~added
    layer = np.zeros((*unchanged.shape, 4), dtype=np.uint8)
    layer[unchanged] = (*UNCHANGED, _FAINT)
    layer[added] = (*ADDED, _FILLED)
    layer[removed] = (*REMOVED, _HATCH_GROUND)
    layer[removed & _hatch(removed.shape)] = (*REMOVED, 255)
    for changed in (added, removed):
        layer[find_outline(changed) & ~(added | removed)] = (255, 255, 255, 255)
    return encode_picture(".png", cv2.cvtColor(layer, cv2.COLOR_RGBA2BGRA))


def _hatch(shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return diagonal lines, bool (H, W)."""
    rows, columns = np.indices(shape)
    lines: NDArray[np.bool_] = (rows + columns) % _HATCH_PX < _HATCH_LINE_PX
    return lines
