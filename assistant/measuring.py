"""Facts measured from a mask: how many parts, how large, where."""

import numpy as np
from numpy.typing import NDArray

from assistant.facts import Facts
from assistant.masks.instances import measure_instance_sizes, select_counted
from serving.grid import Grid
from serving.mask import Mask

POSITION_WORDS = (
    ("top left", "top", "top right"),
    ("left", "centre", "right"),
    ("bottom left", "bottom", "bottom right"),
)
THROUGHOUT = "throughout"

# A mask lies "throughout" the image when six of the nine cells hold their part of it, and a cell holds its part
# from a twentieth of the mask's pixels on (an even spread gives each cell a ninth).
THROUGHOUT_CELLS = 6
CELL_SHARE = 1 / 20


def measure_facts(mask: Mask) -> Facts:
    """Return what can be said of `mask`; see `Facts` for each field."""
    pixel_count = mask.pixel_count
    grid = mask.grid
    area_m2 = None if grid.pixel_area_m2 is None else pixel_count * grid.pixel_area_m2
    if pixel_count == 0:
        return Facts(
            pixel_count=0,
            share=0.0,
            count=0,
            largest_share=0.0,
            position=None,
            area_m2=area_m2,
            centroid_row_col=None,
            bounds_xyxy_px=None,
        )
    sizes_px = measure_instance_sizes(mask)
    by_row = np.count_nonzero(mask.pixels, axis=1)
    by_column = np.count_nonzero(mask.pixels, axis=0)
    centroid = (_weighted_mean(by_row), _weighted_mean(by_column))
    rows, columns = np.flatnonzero(by_row), np.flatnonzero(by_column)
    return Facts(
        pixel_count=pixel_count,
        share=pixel_count / grid.pixel_count,
        count=len(select_counted(sizes_px, grid)),
        largest_share=int(sizes_px[0]) / pixel_count,
        position=_describe_position(mask, centroid),
        area_m2=area_m2,
        centroid_row_col=centroid,
        bounds_xyxy_px=(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1),
    )


def name_cell(row_col: tuple[float, float], grid: Grid) -> str:
    """Return the word for the cell of a 3 x 3 grid in which a place (row, column), in pixels, lies."""
    row, column = row_col
    # Half a pixel: whole numbers are the centres of pixels, so that the middle pixel of three is the middle cell.
    third_down = int(3 * (row + 0.5) / grid.height)
    third_across = int(3 * (column + 0.5) / grid.width)
    return POSITION_WORDS[min(third_down, 2)][min(third_across, 2)]


def _describe_position(mask: Mask, centroid: tuple[float, float]) -> str:
    cells = _count_by_cell(mask)
    holding = int(np.count_nonzero(cells >= CELL_SHARE * cells.sum()))
    return THROUGHOUT if holding >= THROUGHOUT_CELLS else name_cell(centroid, mask.grid)


def _count_by_cell(mask: Mask) -> NDArray[np.int64]:
    """Return the mask's pixels in each cell of a 3 x 3 grid, int64, (3, 3); every pixel is in one cell."""
    cells = np.zeros((3, 3), dtype=np.int64)
    row_edges = [round(third * mask.grid.height / 3) for third in range(4)]
    column_edges = [round(third * mask.grid.width / 3) for third in range(4)]
    for down in range(3):
        band = mask.pixels[row_edges[down] : row_edges[down + 1]]
        for across in range(3):
            cells[down, across] = np.count_nonzero(band[:, column_edges[across] : column_edges[across + 1]])
    return cells


def _weighted_mean(counts: NDArray[np.intp]) -> float:
    """Return the mean index, weighted by `counts`, which holds at least one pixel."""
    return float(np.dot(np.arange(counts.size, dtype=np.float64), counts) / counts.sum())
