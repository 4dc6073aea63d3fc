"""A large image in overlapping tiles, and what is said of each tile put together again without seams.

One look brings an image down to the model's square, whatever its size; of a scene of 2,000 pixels little is left then.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from serving.imagery.letterbox import Letterbox
from serving.window import Window

Bounds = tuple[float, float, float, float]
"""x0, y0, x1, y1 of a part of a larger image, as shares of that image's square."""

TILE_SIDES = 1.25  # sides of the model's square in a part that is looked at closer: about the scale of training images
_OVERLAP = 0.25  # of a tile's side is shared with the next one, at least
_GROWTH = 1.05  # tiles grow in such steps until there are few enough


@dataclass(frozen=True)
class Tiling:
    """Rows and columns of equal tiles that cover an image.

    Attributes:
        height: rows of the image.
        width: columns of the image.
        side: rows and columns of a tile, fewer where the image has fewer.
    """

    height: int
    width: int
    side: int

    @cached_property
    def tops(self) -> tuple[int, ...]:
        """First row of each row of tiles."""
        return _lay(self.height, self.side)

    @cached_property
    def lefts(self) -> tuple[int, ...]:
        """First column of each column of tiles."""
        return _lay(self.width, self.side)

    def __len__(self) -> int:
        return len(self.tops) * len(self.lefts)

    @property
    def windows(self) -> list[Window]:
        """All tiles, row by row."""
        height, width = min(self.side, self.height), min(self.side, self.width)
        return [Window(top, left, height, width) for top in self.tops for left in self.lefts]

    def blend(self, tiles: Iterable[NDArray[np.float32]]) -> NDArray[np.float32]:
        """Return one picture, float32 (height, width): where tiles overlap, their weighted mean, without seams.

        Args:
            tiles: float32, each of its window's size, in the order of `windows`; each is let go of before the next.
        """
        blended = np.zeros((self.height, self.width), np.float32)
        shares_y, shares_x = self._shares(self.tops, self.height), self._shares(self.lefts, self.width)
        shares = ((along_y, along_x) for along_y in shares_y for along_x in shares_x)
        for window, (along_y, along_x), tile in zip(self.windows, shares, tiles, strict=True):
            part = window.crop(blended)
            part += along_y[:, None] * along_x[None, :] * tile
        return blended

    def _shares(self, starts: tuple[int, ...], length: int) -> list[NDArray[np.float32]]:
        """Return how much each row (or column) of each tile counts; over all tiles they add up to 1 everywhere."""
        side = min(self.side, length)
        to_edge = np.minimum(np.arange(1, side + 1, dtype=np.float32), np.arange(side, 0, -1, dtype=np.float32))
        ramp = np.minimum(to_edge / np.float32(_OVERLAP * self.side), np.float32(1))
        total = np.zeros(length, np.float32)
        for start in starts:
            total[start : start + side] += ramp
        return [np.asarray(ramp / total[start : start + side], np.float32) for start in starts]


def tile_image(height: int, width: int, *, side: int, most: int) -> Tiling:
    """Return tiles of `side` pixels, or of as many more as it takes to need no more than `most` of them."""
    tiling = Tiling(height, width, side)
    while len(tiling) > most:
        tiling = Tiling(height, width, math.ceil(tiling.side * _GROWTH))
    return tiling


def locate_tile(tile: Window, height: int, width: int, side: int) -> Bounds:
    """Return where the square that a tile is fitted into lies in the square that its whole image is fitted into.

    Args:
        tile: in the image's native pixels.
        height: rows of the image.
        width: columns of the image.
        side: of both squares.

    Returns:
        shares that may lie outside 0..1 where a tile is padded.
    """
    whole, part = Letterbox(height, width, side), Letterbox(tile.height, tile.width, side)
    x0, x1 = _locate(tile.left, tile.width / part.inner_width, part.left, width / whole.inner_width, whole.left, side)
    y0, y1 = _locate(tile.top, tile.height / part.inner_height, part.top, height / whole.inner_height, whole.top, side)
    return x0, y0, x1, y1


def _locate(
    start: int, part_scale: float, part_padding: int, whole_scale: float, whole_padding: int, side: int
) -> tuple[float, float]:
    """Both ends of one axis; scales are native pixels per pixel of the square."""
    ends = (start - part_padding * part_scale, start + (side - part_padding) * part_scale)
    low, high = ((end / whole_scale + whole_padding) / side for end in ends)
    return low, high


def _lay(length: int, side: int) -> tuple[int, ...]:
    """Return evenly spaced starts of tiles of `side` that cover `length` and overlap by at least a quarter."""
    if length <= side:
        return (0,)
    count = math.ceil((length - side) / (side * (1 - _OVERLAP))) + 1
    return tuple(round(start) for start in np.linspace(0, length - side, count))
