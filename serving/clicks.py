"""What a person points at: clicks that say yes or no, and a box around one thing. In native pixels, no torch."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from serving.errors import BoxEmptyError, BoxOutsideImageError, ClickOutsideImageError, PromptMissingError
from serving.grid import Grid


@dataclass(frozen=True)
class Click:
    """One place that belongs to the thing, or does not.

    Attributes:
        x: distance from the image's left edge in native pixels; column c covers c <= x < c + 1.
        y: distance from its top edge in native pixels; row r covers r <= y < r + 1.
        is_positive: True says "this too", False says "not this".
    """

    x: float
    y: float
    is_positive: bool

    def __post_init__(self) -> None:
        if not (math.isfinite(self.x) and math.isfinite(self.y)):
            raise ValueError(f"a click needs finite coordinates, got ({self.x}, {self.y})")

    @property
    def row_col(self) -> tuple[int, int]:
        """The pixel that holds the click."""
        return math.floor(self.y), math.floor(self.x)


@dataclass(frozen=True)
class Box:
    """A rectangle around the thing; edges in native pixels, as a click's x and y are.

    Attributes:
        left: smallest x.
        top: smallest y.
        right: largest x, greater than `left`.
        bottom: largest y, greater than `top`.

    Raises:
        BoxEmptyError: it has no area.
    """

    left: float
    top: float
    right: float
    bottom: float

    def __post_init__(self) -> None:
        edges = (self.left, self.top, self.right, self.bottom)
        if not all(math.isfinite(edge) for edge in edges):
            raise ValueError(f"a box needs finite edges, got {edges}")
        if self.right <= self.left or self.bottom <= self.top:
            raise BoxEmptyError

    def clip(self, grid: Grid) -> "Box":
        """Return the part inside the image.

        Raises:
            BoxOutsideImageError: no part of it is.
        """
        left, right = max(self.left, 0.0), min(self.right, float(grid.width))
        top, bottom = max(self.top, 0.0), min(self.bottom, float(grid.height))
        if left >= right or top >= bottom:
            raise BoxOutsideImageError(width=grid.width, height=grid.height)
        return Box(left, top, right, bottom)

    @property
    def rows_cols(self) -> tuple[slice, slice]:
        """The pixels that the box touches, of a box that was clipped to its image."""
        return (
            slice(math.floor(self.top), math.ceil(self.bottom)),
            slice(math.floor(self.left), math.ceil(self.right)),
        )


def check_prompts(clicks: Sequence[Click], box: Box | None, grid: Grid) -> Box | None:
    """Return `box` clipped to the image, having made sure that there is something to go by.

    Raises:
        PromptMissingError: neither a click nor a box.
        ClickOutsideImageError: a click beside the image.
        BoxOutsideImageError: no part of the box is in the image.
    """
    if not clicks and box is None:
        raise PromptMissingError
    for click in clicks:
        if not (0 <= click.x < grid.width and 0 <= click.y < grid.height):
            raise ClickOutsideImageError(x=click.x, y=click.y, width=grid.width, height=grid.height)
    return None if box is None else box.clip(grid)
