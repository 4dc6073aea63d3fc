"""Turning a picture upright by the orientation that its camera wrote (EXIF and TIFF tag 274)."""

import numpy as np
from numpy.typing import NDArray

ORIENTATION_TAG = 274
UPRIGHT = 1


def turn_upright(rgb: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Return `rgb`, (H, W, 3), as its maker saw it; height and width change places for orientations 5 to 8.

    Args:
        rgb: pixels as stored.
        orientation: EXIF value 1 to 8; any other value means nothing and leaves the picture as it is.
    """
    across = rgb.transpose(1, 0, 2)
    turned = {
        2: rgb[:, ::-1],
        3: rgb[::-1, ::-1],
        4: rgb[::-1],
        5: across,
        6: across[:, ::-1],
        7: across[::-1, ::-1],
        8: across[::-1],
    }.get(orientation, rgb)
    return np.ascontiguousarray(turned)
