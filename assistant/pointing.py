"""Which clicks still hold when somebody points again and again: a later one wins over what it contradicts."""

import math
from collections.abc import Sequence

from serving.clicks import Box, Click
from serving.grid import Grid
from serving.refinement.merging import measure_forced_radius


def keep_standing(
    earlier: Sequence[Click], later: Sequence[Click], later_box: Box | None, grid: Grid
) -> tuple[Click, ...]:
    """Return the earlier clicks that nothing later contradicts, in order.

    A click contradicts one that says the opposite so near to it that both cannot be obeyed; a box, in which a thing is
    to be marked, contradicts "not this" inside it.

    Args:
        earlier: in the order in which they were made.
        later: made after them.
        later_box: drawn after them, or None.
        grid: of the image.
    """
    radius_px = measure_forced_radius(grid.height, grid.width)

    def is_contradicted(click: Click) -> bool:
        is_boxed = later_box is not None and not click.is_positive and _holds(later_box, click)
        return is_boxed or any(
            other.is_positive is not click.is_positive and math.dist(click.row_col, other.row_col) <= radius_px
            for other in later
        )

    return tuple(click for click in earlier if not is_contradicted(click))


def _holds(box: Box, click: Click) -> bool:
    return box.left <= click.x <= box.right and box.top <= click.y <= box.bottom
