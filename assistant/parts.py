"""The single parts of a mask, measured: how large each is, where it lies, and how far apart they are."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from assistant.masks.instances import Instance, select_counted, split_instances
from assistant.measuring import name_cell
from serving.grid import Grid
from serving.mask import Mask


@dataclass(frozen=True)
class Part:
    """One connected part that counts.

    Attributes:
        size_px: its pixels.
        area_m2: ground area in m² where the GSD is known, else None.
        position: the cell of a 3 x 3 grid in which its centroid lies, "top left" .. "bottom right", "centre".
        centroid_row_col: in pixels.
    """

    size_px: int
    area_m2: float | None
    position: str
    centroid_row_col: tuple[float, float]


def measure_parts(mask: Mask) -> tuple[Part, ...]:
    """Return the parts of `mask` that count, largest first: those of which `Facts.count` tells the number."""
    pixel_area_m2 = mask.grid.pixel_area_m2
    return tuple(
        Part(
            size_px=instance.size_px,
            area_m2=None if pixel_area_m2 is None else instance.size_px * pixel_area_m2,
            position=name_cell(instance.centroid_row_col, mask.grid),
            centroid_row_col=instance.centroid_row_col,
        )
        for instance in list_counted(mask)
    )


def measure_smallest_gap(mask: Mask) -> float | None:
    """Return how far apart the two parts are that lie closest together, from pixel centre to pixel centre.

    In metres where the GSD is known, else in pixels; None with fewer than two parts that count.
    """
    counted = list_counted(mask)
    if len(counted) < 2:
        return None
    boxes = np.array([_box_of(instance, mask.grid) for instance in counted])
    smallest = float("inf")
    for first, instance in enumerate(counted[:-1]):
        # Two parts are no closer than their boxes: most pairs need not be looked at.
        between = _distances_of_boxes(boxes[first], boxes[first + 1 :])
        near = np.flatnonzero(between < smallest)
        if not near.size:
            continue
        tree = cKDTree(_list_outline(instance, mask.grid))
        for other in near[np.argsort(between[near], kind="stable")]:
            if between[other] >= smallest:
                break
            outline = _list_outline(counted[first + 1 + int(other)], mask.grid)
            distances, _ = tree.query(outline, distance_upper_bound=smallest)
            smallest = min(smallest, float(np.min(distances)))
    return smallest


def list_counted(mask: Mask) -> Sequence[Instance]:
    """Return the parts of `mask` that count, largest first."""
    instances = split_instances(mask)
    return instances[: len(select_counted([instance.size_px for instance in instances], mask.grid))]


def _steps(grid: Grid) -> tuple[float, float]:
    return grid.gsd_m or (1.0, 1.0)


def _box_of(instance: Instance, grid: Grid) -> tuple[float, float, float, float]:
    """Return the first and last row and the first and last column of a part, as distances."""
    left, top, right, bottom = instance.bounds_xyxy_px
    row_step, column_step = _steps(grid)
    return top * row_step, (bottom - 1) * row_step, left * column_step, (right - 1) * column_step


def _distances_of_boxes(box: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    down = np.maximum(box[0] - others[:, 1], others[:, 0] - box[1]).clip(min=0)
    across = np.maximum(box[2] - others[:, 3], others[:, 2] - box[3]).clip(min=0)
    distances: NDArray[np.float64] = np.hypot(down, across)
    return distances


def _list_outline(instance: Instance, grid: Grid) -> NDArray[np.float64]:
    """Return where the pixels of a part's outline lie, (count, 2), as distances down and across."""
    rows, columns = np.nonzero(instance.pixels & ~ndimage.binary_erosion(instance.pixels))
    left, top, _, _ = instance.bounds_xyxy_px
    places: NDArray[np.float64] = np.column_stack([rows + top, columns + left]) * np.array(_steps(grid))
    return places
