"""Marks as GeoJSON: one feature for each connected part, in longitude and latitude (RFC 7946)."""

import json
from typing import Any

import numpy as np
import rasterio
from rasterio.warp import transform_geom

from assistant.masks.comparison import Comparison, Fate
from serving.mask import Mask
from storage.exports.outlines import OutlinedPart, outline_parts

_WGS84 = "EPSG:4326"
_DECIMALS = 8  # about a millimetre on the ground

Feature = dict[str, Any]
Ring = list[tuple[float, float]]


def mask_geojson(mask: Mask) -> bytes:
    """Return the outlines of the mask along the edges of its pixels, as a FeatureCollection in UTF-8.

    Each feature has the properties `part` (from 1 on, in the order in which the parts lie from the top), `pixels` and
    `area_m2` (null where the size of a pixel is not known). Parts that touch at a corner are one feature, as they are
    counted; its outlines are then several polygons.

    Raises:
        ExportNeedsGeoreferenceError: the grid has no transform or no CRS.
    """
    return _to_collection(_list_features(mask))


def comparison_geojson(comparison: Comparison) -> bytes:
    """Return the outlines of what was added, removed and unchanged, as `mask_geojson` does.

    The property `fate` says which; the parts of each fate are numbered for themselves.

    Raises:
        ExportNeedsGeoreferenceError: the grid has no transform or no CRS.
    """
    features: list[Feature] = []
    for fate in Fate:
        for feature in _list_features(comparison.select((fate,))):
            features.append(feature | {"properties": {"fate": str(fate), **feature["properties"]}})
    return _to_collection(features)


def _to_collection(features: list[Feature]) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def _list_features(mask: Mask) -> list[Feature]:
    parts = outline_parts(mask)
    on_the_globe = iter(
        transform_geom(
            rasterio.CRS.from_wkt(mask.grid.crs_wkt),
            _WGS84,
            [outline for part in parts for outline in part.outlines],
            precision=_DECIMALS,
        )
    )
    return [
        _to_feature(part, [_turn_rings(next(on_the_globe)["coordinates"]) for _ in part.outlines]) for part in parts
    ]


def _to_feature(part: OutlinedPart, polygons: list[list[Ring]]) -> Feature:
    is_one = len(polygons) == 1
    return {
        "type": "Feature",
        "geometry": {
            "type": "Polygon" if is_one else "MultiPolygon",
            "coordinates": polygons[0] if is_one else polygons,
        },
        "properties": {"part": part.number, "pixels": part.pixels, "area_m2": part.area_m2},
    }


def _turn_rings(rings: list[Ring]) -> list[Ring]:
    return [_turn(ring, is_outer=k == 0) for k, ring in enumerate(rings)]


def _turn(ring: Ring, *, is_outer: bool) -> Ring:
    """Return the ring counter-clockwise where it is an outer one, clockwise where it is a hole."""
    xs, ys = np.asarray(ring, np.float64).T
    # From its own corner: the difference of large products would lose small rings.
    xs, ys = xs - xs[0], ys - ys[0]
    is_counter_clockwise = float(np.sum(xs[:-1] * ys[1:] - xs[1:] * ys[:-1])) > 0
    return ring if is_counter_clockwise == is_outer else ring[::-1]
