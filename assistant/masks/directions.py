"""Where a place lies in an image: sides of the picture, points of the compass, regions, corners.

"North" is read from the georeference where there is one, so that it holds on a rotated or south-up grid and in any
CRS; in a plain picture it is up. `is_compass_known` says which of the two it was.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS, Geod, Transformer
from pyproj.exceptions import ProjError

from assistant.operations import Place, Region, Side
from serving.grid import Grid

_WGS84 = "EPSG:4326"

_PICTURE_STEPS = {
    Side.TOP: (-1.0, 0.0),
    Side.BOTTOM: (1.0, 0.0),
    Side.LEFT: (0.0, -1.0),
    Side.RIGHT: (0.0, 1.0),
}
_UP_IS_NORTH = {Side.NORTH: Side.TOP, Side.SOUTH: Side.BOTTOM, Side.WEST: Side.LEFT, Side.EAST: Side.RIGHT}


@dataclass(frozen=True)
class Slope:
    """How much further towards a side each step goes.

    Attributes:
        per_row: gained by going one row down.
        per_column: gained by going one column to the right.
    """

    per_row: float
    per_column: float

    def measure(self, rows: NDArray[np.float64], columns: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how far places lie towards the side; only differences mean something."""
        return self.per_row * rows + self.per_column * columns

    def span(self, grid: Grid) -> tuple[float, float]:
        """Return the least and the greatest value on the grid, edges of its pixels included."""
        corners = [
            self.per_row * row + self.per_column * column
            for row in (-0.5, grid.height - 0.5)
            for column in (-0.5, grid.width - 0.5)
        ]
        return min(corners), max(corners)


def is_compass_known(grid: Grid) -> bool:
    """Whether the image itself says where north is."""
    return _measure_compass(grid) is not None


def uses_compass(sides: Iterable[Side]) -> bool:
    """Whether one of `sides` is a point of the compass."""
    return any(side.is_compass for side in sides)


def find_slope(side: Side, grid: Grid) -> Slope:
    """Return how places on `grid` lie towards `side`: in metres on the ground for a known compass, else pixels."""
    if not side.is_compass:
        return Slope(*_PICTURE_STEPS[side])
    compass = _measure_compass(grid)
    if compass is None:
        return Slope(*_PICTURE_STEPS[_UP_IS_NORTH[side]])
    (north_row, east_row), (north_column, east_column) = compass
    match side:
        case Side.NORTH:
            return Slope(north_row, north_column)
        case Side.SOUTH:
            return Slope(-north_row, -north_column)
        case Side.EAST:
            return Slope(east_row, east_column)
        case _:
            return Slope(-east_row, -east_column)


def find_in_region(
    region: Region, rows: NDArray[np.float64], columns: NDArray[np.float64], grid: Grid
) -> NDArray[np.bool_]:
    """Return which places (rows, columns; pixel centres on whole numbers) lie in a region of the image."""
    if not region.sides:
        down = np.abs((rows + 0.5) / grid.height - 0.5) <= region.fraction / 2
        across = np.abs((columns + 0.5) / grid.width - 0.5) <= region.fraction / 2
        centre: NDArray[np.bool_] = down & across
        return centre
    inside = np.ones(np.broadcast(rows, columns).shape, dtype=np.bool_)
    for side in region.sides:
        slope = find_slope(side, grid)
        least, greatest = slope.span(grid)
        inside &= slope.measure(rows, columns) >= greatest - region.fraction * (greatest - least)
    return inside


def measure_from_place(
    place: Place, rows: NDArray[np.float64], columns: NDArray[np.float64], grid: Grid
) -> NDArray[np.float64]:
    """Return how far places lie from a side, a corner or the centre of the image; metres or pixels, see below.

    The unit is metres where the GSD is known, else pixels, for a corner and for the centre; for a side only the
    order of the values means something.
    """
    if len(place.sides) == 1:
        return -find_slope(place.sides[0], grid).measure(rows, columns)
    row, column = _locate(place, grid)
    step_row, step_column = grid.gsd_m or (1.0, 1.0)
    distances: NDArray[np.float64] = np.hypot((rows - row) * step_row, (columns - column) * step_column)
    return distances


def _locate(place: Place, grid: Grid) -> tuple[float, float]:
    """Return the (row, column) of the centre, or of the corner of the picture that lies furthest to both sides."""
    if not place.sides:
        return (grid.height - 1) / 2, (grid.width - 1) / 2
    slopes = [find_slope(side, grid) for side in place.sides]
    spans = [slope.span(grid) for slope in slopes]

    def reach(corner: tuple[float, float]) -> float:
        return sum(
            (slope.per_row * corner[0] + slope.per_column * corner[1]) / (greatest - least)
            for slope, (least, greatest) in zip(slopes, spans, strict=True)
        )

    corners = [(row, column) for row in (-0.5, grid.height - 0.5) for column in (-0.5, grid.width - 0.5)]
    return max(corners, key=reach)


def _measure_compass(grid: Grid) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Return what one row down and one column to the right gain in (north, east), in metres at the image's centre.

    None where the grid is not georeferenced, or its CRS does not reach this place on the globe.
    """
    if grid.transform is None or grid.crs_wkt is None:
        return None
    a, b, c, d, e, f = grid.transform
    row, column = grid.height / 2, grid.width / 2
    x, y = a * column + b * row + c, d * column + e * row + f
    try:
        crs = CRS.from_wkt(grid.crs_wkt)
        to_globe = Transformer.from_crs(crs, _WGS84, always_xy=True)
        longitudes, latitudes = to_globe.transform([x, x + b, x + a], [y, y + e, y + d], errcheck=True)
    except ProjError:
        return None
    if not all(math.isfinite(value) for value in (*longitudes, *latitudes)):
        return None
    geod = Geod(ellps="WGS84")
    steps = []
    for index in (1, 2):
        azimuth, _, distance = geod.inv(longitudes[0], latitudes[0], longitudes[index], latitudes[index])
        steps.append((distance * math.cos(math.radians(azimuth)), distance * math.sin(math.radians(azimuth))))
    if steps[0] == (0.0, 0.0) or steps[1] == (0.0, 0.0):
        return None
    return steps[0], steps[1]
