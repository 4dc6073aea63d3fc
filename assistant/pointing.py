"""Which clicks still hold when somebody points again and again: a later one wins over what it contradicts."""

import math
from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from serving.clicks import Box, Click
from serving.grid import Grid
from serving.mask import Mask
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


def find_middle(mask: Mask, box: Box) -> Click | None:
    """Return a click on what is marked in a box, as far from its edges as can be; None where nothing is.

    It stands for the box from the next turn on, when only clicks are told: without it, "not this" on a part of the
    thing would be all that the refiner knows, and the thing would go with the part.
    """
    rows, columns = box.clip(mask.grid).rows_cols
    inside = np.pad(mask.pixels[rows, columns], 1)
    if not inside.any():
        return None
    depth = ndimage.distance_transform_edt(inside)
    row, column = np.unravel_index(int(depth.argmax()), depth.shape)
    return Click(columns.start + int(column) - 0.5, rows.start + int(row) - 0.5, is_positive=True)


def _holds(box: Box, click: Click) -> bool:
    return box.left <= click.x <= box.right and box.top <= click.y <= box.bottom
