"""What became of each pixel from an earlier mask to a later one: added, removed, unchanged, or not known."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from serving.grid import Grid
from serving.mask import Mask


class Fate(StrEnum):
    """What became of a pixel that at least one of two masks marks."""

    ADDED = "added"
    REMOVED = "removed"
    UNCHANGED = "unchanged"

    @property
    def code(self) -> int:
        """How the pixel is written in `Comparison.codes`."""
        return _CODES[self]


_CODES = {Fate.UNCHANGED: 1, Fate.ADDED: 2, Fate.REMOVED: 3}
UNMARKED_CODE = 0
UNKNOWN_CODE = 255


@dataclass(frozen=True, eq=False)
class Comparison:
    """Immutable fates of pixels on the later image's grid.

    Attributes:
        codes: uint8, (grid.height, grid.width), read-only: `UNMARKED_CODE`, the code of a fate, or `UNKNOWN_CODE`
            where the earlier image shows nothing of the ground.
        grid: where the pixels lie.
    """

    codes: NDArray[np.uint8]
    grid: Grid

    def __post_init__(self) -> None:
        if self.codes.dtype != np.uint8 or self.codes.shape != (self.grid.height, self.grid.width):
            raise ValueError(f"codes are uint8 of the grid's size, got {self.codes.dtype} {self.codes.shape}")
        frozen = self.codes.copy()
        frozen.flags.writeable = False
        object.__setattr__(self, "codes", frozen)

    def select(self, fates: Collection[Fate]) -> Mask:
        """Return the pixels of these fates as a plain mask."""
        return Mask(np.isin(self.codes, [fate.code for fate in fates]), self.grid)

    @property
    def unknown_share(self) -> float:
        """Share of the image that the earlier one does not show, 0..1."""
        return int(np.count_nonzero(self.codes == UNKNOWN_CODE)) / self.grid.pixel_count


def compare_masks(before: Mask, after: Mask, known: NDArray[np.bool_]) -> Comparison:
    """Return what became of each pixel.

    Args:
        before: the earlier mask, on the later one's grid.
        after: the later mask.
        known: bool, (H, W), where both images show the ground; elsewhere no pixel has a fate.

    Raises:
        ValueError: the masks lie on different grids.
    """
    if before.grid != after.grid:
        raise ValueError(f"masks lie on different grids: {before.grid} and {after.grid}")
    codes = np.full(after.pixels.shape, UNMARKED_CODE, dtype=np.uint8)
    codes[before.pixels & after.pixels] = Fate.UNCHANGED.code
    codes[after.pixels & ~before.pixels] = Fate.ADDED.code
    codes[before.pixels & ~after.pixels] = Fate.REMOVED.code
    codes[~known] = UNKNOWN_CODE
    return Comparison(codes, after.grid)
