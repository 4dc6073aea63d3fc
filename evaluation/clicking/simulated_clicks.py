"""Where a person would click next: in the middle of the largest part that is wrong.

Source: the usual protocol of interactive segmentation (for example RITM, arXiv 2102.06583), with the largest region by
its pixels.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from serving.clicks import Click


@dataclass(frozen=True, eq=False)
class WrongPart:
    """A connected part of a mask's error.

    Attributes:
        pixels: bool, (H, W).
        size: how many of them.
        is_missing: True where the mask lacks it, False where it is marked and should not be.
    """

    pixels: NDArray[np.bool_]
    size: int
    is_missing: bool


def find_wrong_parts(mask: NDArray[np.bool_], target: NDArray[np.bool_]) -> list[WrongPart]:
    """Return the connected parts in which `mask` differs from `target`, largest first."""
    found: list[WrongPart] = []
    for is_missing in (True, False):
        wrong = (target & ~mask) if is_missing else (mask & ~target)
        _, labels, stats, _ = cv2.connectedComponentsWithStats(wrong.astype(np.uint8), connectivity=4)
        for label, size in enumerate(stats[1:, cv2.CC_STAT_AREA], start=1):
            found.append(WrongPart(np.asarray(labels == label), int(size), is_missing))
    return sorted(found, key=lambda part: -part.size)


def measure_depth(pixels: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return each pixel's distance to the nearest one outside, (H, W); what lies beyond the image is outside."""
    padded = cv2.copyMakeBorder(pixels.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    return np.asarray(cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1], np.float32)


def place_click(part: WrongPart) -> Click:
    """Return the click in the middle of a wrong part: the pixel that is farthest from its edge."""
    row, col = divmod(int(measure_depth(part.pixels).argmax()), part.pixels.shape[1])
    return Click(col + 0.5, row + 0.5, is_positive=part.is_missing)


def next_click(mask: NDArray[np.bool_], target: NDArray[np.bool_]) -> Click | None:
    """Return the next click, or None when the mask is the target."""
    parts = find_wrong_parts(mask, target)
    return place_click(parts[0]) if parts else None
