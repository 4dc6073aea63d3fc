"""Keep or remove connected parts of a mask by what a criterion claims about each: size, place, neighbours.

Ranks pass over specks (see `assistant.masks.instances`), and ranks by place over what is tiny beside the largest part
too, so that "the leftmost" is a thing and not noise beside it.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from assistant.masks.directions import find_in_region, find_slope, measure_from_place
from assistant.masks.instances import EIGHT_NEIGHBOURS, smallest_meaningful_size
from assistant.masks.morphology import measure_distance, resolve_area, resolve_length
from assistant.operations import (
    AllOf,
    AreaBetween,
    AtPoint,
    Beyond,
    ByDistance,
    ByPlace,
    BySize,
    Criterion,
    InRegion,
    Inside,
    NearBorder,
    Ranks,
    Side,
    SmallBeside,
    Touching,
    TouchingBorder,
    WithinDistance,
)
from serving.grid import Grid
from serving.mask import Mask

# A part below a twentieth of the largest is noise of the same mask more often than a thing of the same kind: on val,
# passing over it raises the gIoU of positions by 0.03; a fifth is as bad as nothing. By size it only loses things.
TINY_BESIDE_LARGEST = 1 / 20

_EVERY_EDGE = (Side.TOP, Side.BOTTOM, Side.LEFT, Side.RIGHT)


@dataclass(frozen=True, eq=False)
class Parts:
    """The connected parts of a mask, specks included.

    Attributes:
        labels: integers, (H, W): 0 where nothing is marked, else the number of the part, from 1.
        sizes_px: int64, (N,).
        rows: centroids' rows, float64, (N,); whole numbers are centres of pixels.
        columns: centroids' columns, likewise.
        grid: of the mask.
    """

    labels: NDArray[np.signedinteger]
    sizes_px: NDArray[np.int64]
    rows: NDArray[np.float64]
    columns: NDArray[np.float64]
    grid: Grid


def label_parts(mask: Mask) -> Parts:
    """Return the 8-connected parts of `mask`."""
    labels, count = ndimage.label(mask.pixels, structure=EIGHT_NEIGHBOURS)
    flat = labels.ravel()
    sizes = np.bincount(flat, minlength=count + 1)[1:].astype(np.int64)
    row_of, column_of = np.divmod(np.arange(flat.size), mask.grid.width)
    rows = np.bincount(flat, weights=row_of, minlength=count + 1)[1:] / np.maximum(sizes, 1)
    columns = np.bincount(flat, weights=column_of, minlength=count + 1)[1:] / np.maximum(sizes, 1)
    return Parts(labels, sizes, rows, columns, mask.grid)


def keep_parts(mask: Mask, criterion: Criterion, others: Mapping[str, Mask]) -> Mask:
    """Return the parts of `mask` that meet `criterion`.

    Args:
        mask: any.
        criterion: a claim about one part.
        others: the masks that the criterion may name.

    Raises:
        ScaleUnknownError: metres on a grid without a GSD.
        KeyError: the criterion names a mask that `others` lacks.
        ValueError: that mask lies on another grid.
    """
    return Mask(_find_chosen(mask, criterion, others), mask.grid)


def remove_parts(mask: Mask, criterion: Criterion, others: Mapping[str, Mask]) -> Mask:
    """Return the parts of `mask` that do not meet `criterion`; arguments and errors as for `keep_parts`."""
    return Mask(mask.pixels & ~_find_chosen(mask, criterion, others), mask.grid)


def _find_chosen(mask: Mask, criterion: Criterion, others: Mapping[str, Mask]) -> NDArray[np.bool_]:
    """Return the pixels of the parts that meet the criterion, bool (H, W)."""
    if isinstance(criterion, AllOf):
        for one in criterion.criteria:
            mask = keep_parts(mask, one, others)
        return mask.pixels
    parts = label_parts(mask)
    chosen = np.zeros(parts.sizes_px.size + 1, dtype=np.bool_)
    chosen[1:] = judge_parts(parts, criterion, others)
    pixels: NDArray[np.bool_] = chosen[parts.labels]
    return pixels


def judge_parts(parts: Parts, criterion: Criterion, others: Mapping[str, Mask]) -> NDArray[np.bool_]:
    """Return which parts meet `criterion`, bool (N,); arguments and errors as for `keep_parts`."""
    match criterion:
        case BySize(ranks=ranks, smallest=smallest):
            sizes = parts.sizes_px.astype(np.float64)
            return _pick_ranks(parts, sizes if smallest else -sizes, ranks, tiny=0.0)
        case ByPlace(place=place, ranks=ranks, furthest=furthest):
            distances = measure_from_place(place, parts.rows, parts.columns, parts.grid)
            return _pick_ranks(parts, -distances if furthest else distances, ranks)
        case ByDistance(other=other, ranks=ranks, furthest=furthest):
            distances = _measure_gaps(parts, _find_other(others, other, parts), parts.grid.gsd_m or (1.0, 1.0))
            if not np.isfinite(distances).all():
                return np.zeros(parts.sizes_px.size, dtype=np.bool_)
            return _pick_ranks(parts, -distances if furthest else distances, ranks)
        case AreaBetween(at_least=at_least, at_most=at_most):
            is_between = np.ones(parts.sizes_px.size, dtype=np.bool_)
            if at_least is not None:
                is_between &= parts.sizes_px >= resolve_area(at_least, parts.grid)
            if at_most is not None:
                is_between &= parts.sizes_px <= resolve_area(at_most, parts.grid)
            return is_between
        case SmallBeside(share=share):
            is_small: NDArray[np.bool_] = parts.sizes_px < share * parts.sizes_px.max(initial=0)
            return is_small
        case InRegion(region=region):
            return find_in_region(region, parts.rows, parts.columns, parts.grid)
        case Beyond(side=side, other=other):
            return _find_beyond(parts, side, _find_other(others, other, parts))
        case WithinDistance(other=other, distance=distance):
            reach, steps = resolve_length(distance, parts.grid)
            return _measure_gaps(parts, _find_other(others, other, parts), steps) <= reach
        case Inside(other=other):
            return 2 * _count_shared(parts, _find_other(others, other, parts)) >= parts.sizes_px
        case Touching(other=other):
            # Diagonal neighbours are the square root of two apart.
            return _measure_gaps(parts, _find_other(others, other, parts), (1.0, 1.0)) < 1.5
        case TouchingBorder(side=side):
            touches: NDArray[np.bool_] = _measure_from_border(parts, side, (1.0, 1.0)) == 0
            return touches
        case NearBorder(distance=distance, side=side):
            reach, steps = resolve_length(distance, parts.grid)
            is_near: NDArray[np.bool_] = _measure_from_border(parts, side, steps) <= reach
            return is_near
        case AtPoint(xy_px=(column, row)):
            return _find_at_point(parts, row, column)
        case AllOf():
            raise ValueError("criteria that follow each other are judged on masks, by `keep_parts`")


def _pick_ranks(
    parts: Parts, keys: NDArray[np.float64], ranks: Ranks, *, tiny: float = TINY_BESIDE_LARGEST
) -> NDArray[np.bool_]:
    """Return the parts at `ranks` when ordered by `keys`, the least first; ties from the top left."""
    bar = max(smallest_meaningful_size(parts.grid), tiny * parts.sizes_px.max(initial=0))
    eligible = np.flatnonzero(parts.sizes_px >= bar)
    if eligible.size == 0:
        eligible = np.arange(parts.sizes_px.size)
    ordered = eligible[np.argsort(keys[eligible], kind="stable")]
    picked = np.zeros(parts.sizes_px.size, dtype=np.bool_)
    picked[ordered[ranks.first - 1 : ranks.first - 1 + ranks.count]] = True
    return picked


def _find_other(others: Mapping[str, Mask], name: str, parts: Parts) -> Mask:
    other = others[name]
    if other.grid != parts.grid:
        raise ValueError(f"masks lie on different grids: {parts.grid} and {other.grid}")
    return other


def _measure_gaps(parts: Parts, other: Mask, steps: tuple[float, float]) -> NDArray[np.float64]:
    """Return how far each part is from `other`, float64 (N,), in the unit of `steps`; infinite where it is empty."""
    distances = measure_distance(other, steps)
    nearest = np.full(parts.sizes_px.size + 1, np.inf)
    np.minimum.at(nearest, parts.labels.ravel(), distances.ravel())
    return nearest[1:]


def _count_shared(parts: Parts, other: Mask) -> NDArray[np.int64]:
    """Return how many pixels of each part are in `other`, int64 (N,)."""
    return np.bincount(parts.labels[other.pixels], minlength=parts.sizes_px.size + 1)[1:].astype(np.int64)


def _find_beyond(parts: Parts, side: Side, other: Mask) -> NDArray[np.bool_]:
    """Return which parts lie further to `side` than `other` does in the same strip.

    A strip runs towards the side and is as wide as the part, so that "north of the runway" is right along the whole
    of a runway that runs diagonally; where the strip misses it, its middle counts.
    """
    answers = np.zeros(parts.sizes_px.size, dtype=np.bool_)
    if not other.pixels.any():
        return answers
    towards = find_slope(side, parts.grid)
    across = find_slope(_turn(side), parts.grid)
    rows, columns = (index.astype(np.float64) for index in np.nonzero(other.pixels))
    other_towards = towards.measure(rows, columns)
    other_across = across.measure(rows, columns)
    # Strips of one pixel's width, summed up, so that each part costs two look-ups however large `other` is.
    width = math.hypot(across.per_row, across.per_column)
    origin = across.span(parts.grid)[0]
    strips = ((other_across - origin) / width).astype(np.intp) + 1
    counts = np.cumsum(np.bincount(strips))
    sums = np.cumsum(np.bincount(strips, weights=other_towards))
    middle = float(other_towards.mean())
    part_towards = towards.measure(parts.rows, parts.columns)
    for index, box in enumerate(ndimage.find_objects(parts.labels)):
        rows, columns = (found.astype(np.float64) for found in np.nonzero(parts.labels[box] == index + 1))
        reach = across.measure(rows + box[0].start, columns + box[1].start)
        ends = (np.array([reach.min(), reach.max()]) - origin) / width + (0.0, 1.0)
        first, last = np.minimum(ends.astype(np.intp), counts.size - 1)
        in_strip = counts[last] - counts[first]
        line = (sums[last] - sums[first]) / in_strip if in_strip else middle
        answers[index] = part_towards[index] > line
    return answers


def _turn(side: Side) -> Side:
    """Return the side a quarter turn away."""
    quarter = {
        Side.TOP: Side.RIGHT,
        Side.BOTTOM: Side.RIGHT,
        Side.LEFT: Side.TOP,
        Side.RIGHT: Side.TOP,
        Side.NORTH: Side.EAST,
        Side.SOUTH: Side.EAST,
        Side.EAST: Side.NORTH,
        Side.WEST: Side.NORTH,
    }
    return quarter[side]


def _measure_from_border(parts: Parts, side: Side | None, steps: tuple[float, float]) -> NDArray[np.float64]:
    """Return how far each part is from the edge of the image, float64 (N,), in the unit of `steps`; 0 where it touches.

    With a side, from that edge; of a rotated grid, from the edge that lies furthest to `side`.
    """
    height, width = parts.grid.height, parts.grid.width
    boxes = np.array(
        [
            (rows.start, height - rows.stop, columns.start, width - columns.stop)
            for rows, columns in ndimage.find_objects(parts.labels)
        ],
        dtype=np.float64,
    ).reshape(-1, len(_EVERY_EDGE))
    gaps = boxes * np.repeat(steps, 2)
    if side is not None:
        gaps = gaps[:, [_EVERY_EDGE.index(_name_edge(side, parts.grid))]]
    nearest: NDArray[np.float64] = gaps.min(axis=1)
    return nearest


def _name_edge(side: Side, grid: Grid) -> Side:
    slope = find_slope(side, grid)
    down, right = slope.per_row * grid.height, slope.per_column * grid.width
    if abs(down) >= abs(right):
        return Side.BOTTOM if down > 0 else Side.TOP
    return Side.RIGHT if right > 0 else Side.LEFT


def _find_at_point(parts: Parts, row: float, column: float) -> NDArray[np.bool_]:
    """Return the one part that holds the nearest marked pixel to a point; none of an empty mask."""
    chosen = np.zeros(parts.sizes_px.size, dtype=np.bool_)
    rows, columns = np.nonzero(parts.labels)
    if rows.size:
        nearest = int(np.argmin((rows - row) ** 2 + (columns - column) ** 2))
        chosen[parts.labels[rows[nearest], columns[nearest]] - 1] = True
    return chosen
