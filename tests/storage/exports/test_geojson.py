"""The GeoJSON of a mask outlines the same ground."""

import json
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import rasterio
from hypothesis import given
from numpy.typing import NDArray
from pyproj import Transformer
from rasterio.features import rasterize
from rasterio.warp import transform_geom

from serving.grid import Grid
from serving.mask import Mask
from storage.errors import ExportNeedsGeoreferenceError
from storage.exports.geojson import mask_geojson
from tests.storage.exports.test_geotiff import PIXELS, UTM_WKT

TRANSFORM = (2.0, 0.0, 500_000.0, 0.0, -2.0, 5_800_000.0)  # 2 m pixels near Berlin


def export(pixels: NDArray[np.bool_], *, gsd_m: tuple[float, float] | None = (2.0, 2.0)) -> list[dict[str, Any]]:
    grid = Grid(pixels.shape[0], pixels.shape[1], TRANSFORM, UTM_WKT, gsd_m)
    collection = json.loads(mask_geojson(Mask(pixels, grid)))
    assert collection["type"] == "FeatureCollection"
    features: list[dict[str, Any]] = collection["features"]
    return features


@given(pixels=PIXELS)
def test_outlines_burnt_into_the_grid_give_the_mask_again(pixels: NDArray[np.bool_]) -> None:
    features = export(pixels)
    geometries = [transform_geom("EPSG:4326", UTM_WKT, feature["geometry"]) for feature in features]
    burnt = np.zeros(pixels.shape, np.uint8)
    if geometries:
        burnt = rasterize(geometries, out_shape=pixels.shape, transform=rasterio.Affine(*TRANSFORM), dtype="uint8")
    np.testing.assert_array_equal(burnt.astype(bool), pixels)
    assert sum(feature["properties"]["pixels"] for feature in features) == int(pixels.sum())


def test_places_are_longitude_and_latitude() -> None:
    (feature,) = export(np.ones((3, 3), np.bool_))
    to_globe = Transformer.from_crs(32633, 4326, always_xy=True)
    corner = to_globe.transform(500_000.0, 5_800_000.0)
    assert min(feature["geometry"]["coordinates"][0], key=lambda at: (at[0], -at[1])) == pytest.approx(corner, abs=1e-7)


def test_outer_rings_turn_left_and_holes_turn_right() -> None:
    ring = np.ones((5, 5), np.bool_)
    ring[2, 2] = False
    (feature,) = export(ring)
    turns = [
        sum(x * next_y - next_x * y for (x, y), (next_x, next_y) in pairwise(line))
        for line in ([(x - 15, y - 52.3) for x, y in line] for line in feature["geometry"]["coordinates"])
    ]
    assert [turn > 0 for turn in turns] == [True, False]


def test_parts_that_touch_at_a_corner_are_one_feature_with_their_area() -> None:
    features = export(np.eye(3, dtype=np.bool_))
    assert [feature["geometry"]["type"] for feature in features] == ["MultiPolygon"]
    assert features[0]["properties"] == {"part": 1, "pixels": 3, "area_m2": 12.0}
    assert export(np.eye(1, dtype=np.bool_), gsd_m=None)[0]["properties"]["area_m2"] is None


def test_a_plain_picture_has_no_geojson() -> None:
    with pytest.raises(ExportNeedsGeoreferenceError):
        mask_geojson(Mask(np.ones((2, 2), dtype=bool), Grid(2, 2)))
