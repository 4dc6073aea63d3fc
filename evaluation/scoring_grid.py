"""Where masks are compared with targets: on the model's padded square, as published, or at the image's own size."""

from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from serving.imagery.letterbox import Letterbox
from serving.prediction import Prediction

# The side of the released model's input, on which the published figures are computed.
SQUARE_SIDE = 1024


class ScoringGrid(StrEnum):
    """Which pixels are counted."""

    SQUARE = "square"
    NATIVE = "native"


def place_mask(mask: NDArray[np.bool_], grid: ScoringGrid) -> NDArray[np.bool_]:
    """Return a mask at native size, bool (H, W), on the grid; for the square by nearest neighbour, padded."""
    return mask if grid is ScoringGrid.NATIVE else _square(mask.shape[0], mask.shape[1]).fit_mask(mask)


def place_prediction(prediction: Prediction, grid: ScoringGrid) -> NDArray[np.bool_]:
    """Return an engine's answer on the grid.

    For the square its logits are resized and cut again, since the published masks are cut on the square: a native mask
    of a small image, enlarged by nearest neighbour, has coarser edges than that.
    """
    mask, logits = prediction.mask.pixels, prediction.mask_logits
    if grid is ScoringGrid.NATIVE or not mask.any() or mask.all():
        return place_mask(mask, grid)
    lowest_inside, highest_outside = float(logits[mask].min()), float(logits[~mask].max())
    if lowest_inside <= highest_outside:  # no threshold gives this mask; it is more than a cut
        return place_mask(mask, grid)
    square = _square(*mask.shape)
    inner = cv2.resize(logits, (square.inner_width, square.inner_height), interpolation=cv2.INTER_LINEAR)
    placed = np.zeros((SQUARE_SIDE, SQUARE_SIDE), dtype=np.bool_)
    # The engine's own threshold lies between the two; their middle cuts the native logits into the same mask.
    rows = slice(square.top, square.top + square.inner_height)
    columns = slice(square.left, square.left + square.inner_width)
    placed[rows, columns] = inner > (lowest_inside + highest_outside) / 2
    return placed


def crop_to_image(mask: NDArray[np.bool_], *, height: int, width: int, grid: ScoringGrid) -> NDArray[np.bool_]:
    """Return a mask on the grid without its padding, for showing: (H, W) in the image's shape, of any size."""
    if grid is ScoringGrid.NATIVE:
        return mask
    square = _square(height, width)
    return mask[square.top : square.top + square.inner_height, square.left : square.left + square.inner_width]


def _square(height: int, width: int) -> Letterbox:
    return Letterbox(height, width, SQUARE_SIDE)
