"""Hypothesis strategies for grids and masks: odd sizes, 1 x 1, empty, full, rotated, with and without a GSD."""

import math

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from pyproj import CRS

from serving.grid import Grid
from serving.mask import Mask

UTM_32N = CRS.from_epsg(32632).to_wkt()


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
def rotated_grids(draw: st.DrawFn, *, longest: int = 24) -> tuple[Grid, float]:
    """Draw a grid in UTM 32N that is turned, south-up ones among them, and the angle from its up to grid north."""
    degrees = draw(st.floats(min_value=-180.0, max_value=180.0))
    return turned_grid(draw(st.integers(1, longest)), draw(st.integers(1, longest)), degrees), degrees


def turned_grid(height: int, width: int, degrees: float, *, step_m: float = 0.5) -> Grid:
    """Build a grid at Bolzano whose rows go down by `step_m`, turned clockwise by `degrees` on the map."""
    turn = math.radians(degrees)
    # A column to the right gains (east, north) = step·(cos, -sin); a row down is a quarter turn clockwise of that.
    a, d = step_m * math.cos(turn), -step_m * math.sin(turn)
    b, e = -step_m * math.sin(turn), -step_m * math.cos(turn)
    return Grid(height, width, (a, b, 680_000.0, d, e, 5_150_000.0), UTM_32N, (step_m, step_m))


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


def draw_mask(picture: str, grid: Grid | None = None) -> Mask:
    """Build a mask from a drawing: one line per row, "#" is marked, anything else is not."""
    rows = [row.strip() for row in picture.strip().splitlines()]
    pixels = np.array([[character == "#" for character in row] for row in rows], dtype=np.bool_)
    return Mask(pixels, grid or Grid(*pixels.shape))
