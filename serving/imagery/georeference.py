"""Where an image lies on the ground: CRS, affine transform, and the GSD measured on the ellipsoid."""

import math
from dataclasses import dataclass

from pyproj import CRS, Geod, Transformer
from pyproj.exceptions import ProjError
from rasterio.errors import CRSError
from rasterio.io import DatasetReader

from serving.grid import Grid

# The distance that the GSD is measured over, in pixels: long enough that the projection's rounding (micrometres)
# vanishes on centimetre pixels, short enough to stay local on kilometre pixels.
_SPAN_PX = 100

_Transform = tuple[float, float, float, float, float, float]
_IDENTITY: _Transform = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


@dataclass(frozen=True)
class Georeference:
    """Where a raster lies; every field None where the file does not say.

    Attributes:
        transform: affine coefficients (a, b, c, d, e, f) as in `Grid`.
        crs_wkt: the CRS as WKT 2.
        gsd_m: (row step, column step) in metres.
        notes: sentences for the person on what is missing.
    """

    transform: _Transform | None = None
    crs_wkt: str | None = None
    gsd_m: tuple[float, float] | None = None
    notes: tuple[str, ...] = ()


def read_georeference(dataset: DatasetReader) -> Georeference:
    """Return where an open dataset lies. What cannot be used is left out and said in a note, never guessed.

    Ground control points and RPCs alone are not a georeference here: they say how to warp the image onto a map,
    not where each of its pixels lies.
    """
    coefficients = dataset.transform[:6]
    transform: _Transform = (
        float(coefficients[0]),
        float(coefficients[1]),
        float(coefficients[2]),
        float(coefficients[3]),
        float(coefficients[4]),
        float(coefficients[5]),
    )
    if not _is_usable(transform):
        return _without_transform(dataset)
    if dataset.crs is None:
        return Georeference(
            notes=("The file has map coordinates but does not say in which system, so areas in m² are not known.",)
        )
    try:
        crs_wkt = str(dataset.crs.to_wkt(version="WKT2_2019"))
    except CRSError:
        return Georeference(notes=("The file's coordinate system cannot be read, so areas in m² are not known.",))
    gsd_m = measure_gsd_m(transform, crs_wkt, dataset.height, dataset.width)
    if gsd_m is None:
        return Georeference(
            transform,
            crs_wkt,
            notes=("The file's coordinates cannot be placed on the globe, so areas in m² are not known.",),
        )
    return Georeference(transform, crs_wkt, gsd_m)


def measure_gsd_m(transform: _Transform, crs_wkt: str, height: int, width: int) -> tuple[float, float] | None:
    """Return the ground distance of one (row, column) step in metres, at the image's centre, along the ellipsoid.

    A projection's own units are not used: metres of Web Mercator are 1/cos(latitude) too long, and degrees are none.

    Returns:
        None where the centre has no place on the globe.
    """
    try:
        crs = CRS.from_wkt(crs_wkt)
        geodetic = crs.geodetic_crs
        geod = crs.get_geod()
        if geodetic is None or geod is None:
            return None
        to_lon_lat = Transformer.from_crs(crs, geodetic.to_2d(), always_xy=True)
        row_step_m = _step_m(transform, to_lon_lat, geod, (height / 2, width / 2), (min(height, _SPAN_PX), 0))
        column_step_m = _step_m(transform, to_lon_lat, geod, (height / 2, width / 2), (0, min(width, _SPAN_PX)))
    except ProjError:
        return None
    if row_step_m is None or column_step_m is None:
        return None
    return row_step_m, column_step_m


def pixel_to_map(grid: Grid, row: float, column: float) -> tuple[float, float]:
    """Return the map coordinates (x, y), in the CRS, of a place in the image; (0, 0) is its upper left corner."""
    if grid.transform is None:
        raise ValueError("the grid has no transform")
    a, b, c, d, e, f = grid.transform
    return a * column + b * row + c, d * column + e * row + f


def map_to_pixel(grid: Grid, x: float, y: float) -> tuple[float, float]:
    """Return the place (row, column) in the image of map coordinates; the inverse of `pixel_to_map`."""
    if grid.transform is None:
        raise ValueError("the grid has no transform")
    a, b, c, d, e, f = grid.transform
    determinant = a * e - b * d
    row = (a * (y - f) - d * (x - c)) / determinant
    column = (e * (x - c) - b * (y - f)) / determinant
    return row, column


def _step_m(
    transform: _Transform,
    to_lon_lat: Transformer,
    geod: Geod,
    centre_row_col: tuple[float, float],
    span_row_col: tuple[int, int],
) -> float | None:
    a, b, c, d, e, f = transform
    ends: list[tuple[float, float]] = []
    for side in (-0.5, 0.5):
        row = centre_row_col[0] + side * span_row_col[0]
        column = centre_row_col[1] + side * span_row_col[1]
        lon, lat = to_lon_lat.transform(a * column + b * row + c, d * column + e * row + f)
        if not (math.isfinite(lon) and math.isfinite(lat)):
            return None
        ends.append((lon, lat))
    (start_lon, start_lat), (end_lon, end_lat) = ends
    _, _, distance_m = geod.inv(start_lon, start_lat, end_lon, end_lat)
    step_m = float(distance_m) / max(span_row_col)
    return step_m if math.isfinite(step_m) and step_m > 0 else None  # NaN: beyond a pole


def _is_usable(transform: _Transform) -> bool:
    a, b, _, d, e, _ = transform
    # rasterio hands out the identity where a file has no transform at all.
    return transform != _IDENTITY and all(map(math.isfinite, transform)) and a * e - b * d != 0


def _without_transform(dataset: DatasetReader) -> Georeference:
    if dataset.gcps[0] or dataset.rpcs is not None:
        return Georeference(
            notes=(
                "The file has only control points or RPCs, so its pixels are not on a map yet; "
                "warp it with GDAL to get areas in m².",
            )
        )
    return Georeference()
