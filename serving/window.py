"""A rectangle of a grid: the part of a large image that is looked at."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from serving.clicks import Box, Click
from serving.grid import Grid

Scalar = TypeVar("Scalar", bound=np.generic)


@dataclass(frozen=True)
class Window:
    """Rows and columns of a grid, in native pixels."""

    top: int
    left: int
    height: int
    width: int

    def crop(self, pixels: NDArray[Scalar]) -> NDArray[Scalar]:
        """Return the view of `pixels`, (H, W, ...), inside the window."""
        return pixels[self.top : self.top + self.height, self.left : self.left + self.width]

    def shift_click(self, click: Click) -> Click:
        """Return the click in the window's own pixels."""
        return Click(click.x - self.left, click.y - self.top, is_positive=click.is_positive)

    def shift_box(self, box: Box) -> Box:
        """Return the box in the window's own pixels."""
        return Box(box.left - self.left, box.top - self.top, box.right - self.left, box.bottom - self.top)

    def covers(self, grid: Grid) -> bool:
        """Whether the window is the whole grid."""
        return (self.height, self.width) == (grid.height, grid.width)
