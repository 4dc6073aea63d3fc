"""Hypothesis strategies for grids and masks: odd sizes, 1 x 1, empty, full, with and without a GSD."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from serving.grid import Grid
from serving.mask import Mask


@st.composite
def grids(draw: st.DrawFn, *, longest: int = 24) -> Grid:
    """Draw a grid of 1 x 1 to `longest` x `longest`, with unequal GSD in row and column where it has one."""
    step_m = st.floats(min_value=0.01, max_value=100.0)
    return Grid(
        height=draw(st.integers(1, longest)),
        width=draw(st.integers(1, longest)),
        gsd_m=draw(st.none() | st.tuples(step_m, step_m)),
    )


@st.composite
def masks_on(draw: st.DrawFn, grid: Grid) -> Mask:
    """Draw a mask on `grid`; empty and full ones are frequent."""
    shape = (grid.height, grid.width)
    uniform = st.booleans().map(lambda value: np.full(shape, value, dtype=np.bool_))
    pixels = draw(uniform | npst.arrays(np.bool_, shape))
    return Mask(pixels, grid)


@st.composite
def masks(draw: st.DrawFn) -> Mask:
    """Draw a mask on a grid of its own."""
    return draw(masks_on(draw(grids())))


@st.composite
def masks_on_one_grid(draw: st.DrawFn, *, count: int) -> tuple[Mask, ...]:
    """Draw `count` masks that lie on the same grid."""
    grid = draw(grids())
    return tuple(draw(masks_on(grid)) for _ in range(count))
