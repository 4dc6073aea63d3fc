"""Strokes of a brush: what they cover, added to a mask or taken from it exactly as they were drawn."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from serving.grid import Grid
from serving.mask import Mask

# A long straight stroke is looked at in pieces, so that its work grows with its length, not with its bounding box.
_LONGEST_PIECE_PX = 256.0

# What the confidence map says of a pixel that was decided without it: 73 %, as for clicks, see `agree_with_mask`.
_KEPT_IN, _KEPT_OUT = 186, 69


@dataclass(frozen=True)
class Stroke:
    """A brush drawn along a line.

    Attributes:
        path_xy_px: one point or more, in native pixels as a click's x and y are; parts beside the image are allowed.
        radius_px: half the brush's width, above 0.
        is_adding: True marks what the brush covers, False erases it.

    Raises:
        ValueError: there is no point, or a number is not finite or no radius.
    """

    path_xy_px: tuple[tuple[float, float], ...]
    radius_px: float
    is_adding: bool

    def __post_init__(self) -> None:
        numbers = [self.radius_px, *(number for point in self.path_xy_px for number in point)]
        if not all(math.isfinite(number) for number in numbers):
            raise ValueError("a stroke needs finite numbers")
        if not self.path_xy_px:
            raise ValueError("a stroke needs at least one point")
        if self.radius_px <= 0:
            raise ValueError("a stroke's radius is above 0")


def cover_stroke(stroke: Stroke, grid: Grid) -> NDArray[np.bool_]:
    """Return the pixels that a stroke covers, bool (H, W).

    These are the pixels whose centre is within the radius of the line, and those that hold a point of its path, so
    that the finest brush leaves a trace.
    """
    covered = np.zeros((grid.height, grid.width), np.bool_)
    for start, end in _cut_into_pieces(stroke.path_xy_px):
        _cover_piece(covered, start, end, stroke.radius_px)
    for x, y in stroke.path_xy_px:
        if 0 <= x < grid.width and 0 <= y < grid.height:
            covered[math.floor(y), math.floor(x)] = True
    return covered


def paint_strokes(mask: Mask, strokes: Sequence[Stroke]) -> Mask:
    """Return `mask` with strokes drawn on it one after the other: of two over one pixel the later one counts."""
    pixels = mask.pixels.copy()
    for stroke in strokes:
        pixels[cover_stroke(stroke, mask.grid)] = stroke.is_adding
    return Mask(pixels, mask.grid)


def paint_confidence(
    confidence: NDArray[np.uint8] | None, before: Mask, strokes: Sequence[Stroke]
) -> NDArray[np.uint8]:
    """Return the confidence map that goes with a painted mask, uint8 (H, W) in 255ths.

    It is above one half exactly where the painted mask is, and certain under the brush, so that no threshold takes
    away what a person painted.

    Args:
        confidence: that of the mask before, uint8 (H, W); None where none was kept.
        before: the mask before.
        strokes: what was drawn on it.
    """
    known = np.zeros(before.pixels.shape, np.uint8) if confidence is None else confidence
    kept = np.where(before.pixels, _KEPT_IN, _KEPT_OUT)
    painted = np.where((known > 127) == before.pixels, known, kept).astype(np.uint8)
    for stroke in strokes:
        painted[cover_stroke(stroke, before.grid)] = 255 if stroke.is_adding else 0
    return painted


def _cut_into_pieces(
    path: Sequence[tuple[float, float]],
) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    """Yield the straight pieces of a path, from (x, y) to (x, y); a single point is a piece of no length."""
    if len(path) == 1:
        yield path[0], path[0]
    for (x, y), (next_x, next_y) in pairwise(path):
        count = max(1, math.ceil(math.hypot(next_x - x, next_y - y) / _LONGEST_PIECE_PX))
        corners = [(x + (next_x - x) * k / count, y + (next_y - y) * k / count) for k in range(count)]
        yield from zip(corners, [*corners[1:], (next_x, next_y)], strict=True)


def _cover_piece(
    covered: NDArray[np.bool_], start: tuple[float, float], end: tuple[float, float], radius: float
) -> None:
    """Mark the pixels whose centre is within `radius` of a straight piece."""
    height, width = covered.shape
    left = max(0, math.floor(min(start[0], end[0]) - radius))
    right = min(width, math.ceil(max(start[0], end[0]) + radius) + 1)
    top = max(0, math.floor(min(start[1], end[1]) - radius))
    bottom = min(height, math.ceil(max(start[1], end[1]) + radius) + 1)
    if left >= right or top >= bottom:
        return
    across = np.arange(left, right, dtype=np.float64)[None, :] + 0.5 - start[0]
    down = np.arange(top, bottom, dtype=np.float64)[:, None] + 0.5 - start[1]
    run_x, run_y = end[0] - start[0], end[1] - start[1]
    length = run_x * run_x + run_y * run_y
    along = np.clip((across * run_x + down * run_y) / length, 0.0, 1.0) if length > 0 else np.zeros((1, 1))
    distance = (across - along * run_x) ** 2 + (down - along * run_y) ** 2
    covered[top:bottom, left:right] |= distance <= radius * radius
