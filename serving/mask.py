"""A yes/no answer for each pixel of a grid: True is the thing asked for."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from serving.grid import Grid


@dataclass(frozen=True, eq=False)
class Mask:
    """Immutable pixels on a grid.

    Attributes:
        pixels: bool, (grid.height, grid.width), read-only; True is the thing asked for.
        grid: where the pixels lie.
    """

    pixels: NDArray[np.bool_]
    grid: Grid

    def __post_init__(self) -> None:
        if self.pixels.dtype != np.bool_:
            raise TypeError(f"mask pixels are bool, got {self.pixels.dtype}")
        if self.pixels.shape != (self.grid.height, self.grid.width):
            raise ValueError(
                f"mask pixels {self.pixels.shape} do not fit the grid {(self.grid.height, self.grid.width)}"
            )
        frozen = self.pixels.copy()
        frozen.flags.writeable = False
        object.__setattr__(self, "pixels", frozen)

    @property
    def pixel_count(self) -> int:
        """Pixels that are True."""
        return int(np.count_nonzero(self.pixels))
