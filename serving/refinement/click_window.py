"""The part of a large image in which clicks are looked at; its neighbours stay untouched."""

import math
from collections.abc import Sequence

from serving.clicks import Box, Click
from serving.grid import Grid
from serving.window import Window

_SNAPS_PER_SIDE = 4  # windows begin at multiples of a quarter of their side, so that near clicks share one


def choose_window(grid: Grid, clicks: Sequence[Click], box: Box | None, *, side: int, margin: int) -> Window:
    """Return a window around all clicks and the box.

    Args:
        grid: of the image.
        clicks: inside the grid; at least one, unless there is a box.
        box: clipped to the grid, or None.
        side: rows and columns where that is enough for everything and the margin; else it is larger.
        margin: native pixels to keep around what was pointed at, as far as the image goes.
    """
    xs = [click.x for click in clicks] + ([box.left, box.right] if box else [])
    ys = [click.y for click in clicks] + ([box.top, box.bottom] if box else [])
    top, height = _choose_span(min(ys), max(ys), grid.height, side, margin)
    left, width = _choose_span(min(xs), max(xs), grid.width, side, margin)
    return Window(top, left, height, width)


def _choose_span(low: float, high: float, limit: int, side: int, margin: int) -> tuple[int, int]:
    """Return (start, length) of one axis: [low - margin, high + margin] fits, as far as 0..limit allows."""
    if limit <= side:
        return 0, limit
    snap = max(1, side // _SNAPS_PER_SIDE)
    start = max(0, math.floor(low) - margin) // snap * snap
    needed = min(limit, math.ceil(high) + margin) - start
    # What the snapping has taken at one end is given back here, in whole steps: the length repeats too.
    length = side if needed <= side else math.ceil(needed / snap) * snap
    if needed <= side:
        middle = math.floor((low + high) / 2)
        start = round((middle - side / 2) / snap) * snap
    length = min(length, limit)
    return min(max(0, start), limit - length), length
