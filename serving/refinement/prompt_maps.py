"""Clicks, box and prior mask as pictures that a network can read."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from serving.clicks import Box, Click
from serving.imagery.letterbox import Letterbox

STRIDE = 2
"""Pixels of the model's square per cell of a map."""

PRIOR, POSITIVE, NEGATIVE, BOX = range(4)
"""Channels of the maps."""

_SIGMA_CELLS = 2.0  # spread of a click: 4 pixels of the square


def draw_prompt_maps(prior: NDArray[np.float32], clicks: Sequence[Click], box: Box | None) -> NDArray[np.float32]:
    """Return the maps of one image, float32 (4, H, W).

    Args:
        prior: share of each cell that the mask before covers, 0..1, (H, W).
        clicks: in cells, as native clicks are in pixels.
        box: in cells, or None.

    Returns:
        the prior from -1 (outside) to 1 (inside); a hill of height 1 at each positive click; the same for the
        negative ones; 1 inside the box.
    """
    height, width = prior.shape
    maps = np.zeros((4, height, width), np.float32)
    maps[PRIOR] = 2 * prior - 1
    rows = np.arange(height, dtype=np.float32)[:, None] + 0.5
    cols = np.arange(width, dtype=np.float32)[None, :] + 0.5
    for click in clicks:
        channel = maps[POSITIVE if click.is_positive else NEGATIVE]
        distance = (rows - np.float32(click.y)) ** 2 + (cols - np.float32(click.x)) ** 2
        np.maximum(channel, np.exp(distance / np.float32(-2 * _SIGMA_CELLS**2)), out=channel)
    if box is not None:
        top, bottom = max(0, int(box.top)), int(np.ceil(box.bottom))
        left, right = max(0, int(box.left)), int(np.ceil(box.right))
        maps[BOX, top:bottom, left:right] = 1
    return maps


def fit_prompts(
    prior: NDArray[np.bool_], clicks: Sequence[Click], box: Box | None, letterbox: Letterbox
) -> NDArray[np.float32]:
    """Return the maps of one image in the model's square, float32 (4, side / 2, side / 2).

    Args:
        prior: the mask before, bool, at the image's own size.
        clicks: in native pixels.
        box: in native pixels, or None.
        letterbox: how the image lies in the square.
    """
    fitted, fitted_box = place_prompts(clicks, box, letterbox, stride=STRIDE)
    return draw_prompt_maps(share_of_cells(letterbox.fit_mask(prior)), fitted, fitted_box)


def place_prompts(
    clicks: Sequence[Click], box: Box | None, letterbox: Letterbox, *, stride: int = 1
) -> tuple[list[Click], Box | None]:
    """Return clicks and a box of native pixels where they lie in the model's square, in cells of `stride` pixels."""
    scale_x = letterbox.inner_width / letterbox.width / stride
    scale_y = letterbox.inner_height / letterbox.height / stride
    left, top = letterbox.left / stride, letterbox.top / stride
    placed = [
        Click(left + click.x * scale_x, top + click.y * scale_y, is_positive=click.is_positive) for click in clicks
    ]
    if box is None:
        return placed, None
    return placed, Box(
        left + box.left * scale_x, top + box.top * scale_y, left + box.right * scale_x, top + box.bottom * scale_y
    )


def share_of_cells(square: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return how much of each cell is True, float32 0..1, (side / 2, side / 2) from bool (side, side)."""
    cells = square.shape[0] // STRIDE
    shares = square.reshape(cells, STRIDE, cells, STRIDE).mean(axis=(1, 3), dtype=np.float32)
    return np.asarray(shares, np.float32)


def shrink_square(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the picture at the maps' size, uint8 (side / 2, side / 2, 3) from (side, side, 3), by averaging."""
    cells = rgb.shape[0] // STRIDE
    means = rgb.reshape(cells, STRIDE, cells, STRIDE, 3).mean(axis=(1, 3), dtype=np.float32)
    return np.asarray(np.round(means), np.uint8)
