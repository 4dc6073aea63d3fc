"""Pictures of single answers: where mask and target agree, what was missed, what is too much."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

LONGER_SIDE = 480

# Okabe and Ito's colours, which people with any kind of colour vision tell apart.
AGREED = (0, 158, 115)
MISSED = (240, 228, 66)
TOO_MUCH = (213, 94, 0)
_OPACITY = 0.55


def paint_answer(rgb: NDArray[np.uint8], target: NDArray[np.bool_], predicted: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return the image, at most 480 pixels on the longer side, with the answer painted over it.

    Args:
        rgb: uint8, (H, W, 3).
        target: bool, of the image's shape in any size.
        predicted: likewise.
    """
    height, width = rgb.shape[:2]
    scale = min(1.0, LONGER_SIDE / max(height, width))
    shown_width, shown_height = max(1, round(width * scale)), max(1, round(height * scale))
    painted = cv2.resize(rgb, (shown_width, shown_height), interpolation=cv2.INTER_AREA).astype(np.float32)
    wanted, marked = (_shrink(mask, shown_width, shown_height) for mask in (target, predicted))
    for where, colour in ((wanted & marked, AGREED), (wanted & ~marked, MISSED), (marked & ~wanted, TOO_MUCH)):
        _paint(painted, where, colour)
    return painted.round().astype(np.uint8)


def tint(rgb: NDArray[np.uint8], mask: NDArray[np.bool_], colour: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Return the image, uint8 (H, W, 3), with a mask, bool (H, W), painted over it."""
    painted = rgb.astype(np.float32)
    _paint(painted, mask, colour)
    return painted.round().astype(np.uint8)


def save_picture(pixels: NDArray[np.uint8], path: Path) -> None:
    """Write uint8 RGB (H, W, 3) as a PNG."""
    Image.fromarray(pixels).save(path)


def _paint(picture: NDArray[np.float32], where: NDArray[np.bool_], colour: tuple[int, int, int]) -> None:
    picture[where] = picture[where] * (1 - _OPACITY) + np.array(colour, dtype=np.float32) * _OPACITY


def _shrink(mask: NDArray[np.bool_], width: int, height: int) -> NDArray[np.bool_]:
    shrunk = cv2.resize(mask.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    return shrunk.astype(np.bool_)
