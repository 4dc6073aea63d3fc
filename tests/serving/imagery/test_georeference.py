"""Where an image lies is read, never guessed; its GSD is measured on the ellipsoid."""

import math
from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import assume, given
from hypothesis import strategies as st
from rasterio.control import GroundControlPoint

from serving.grid import Grid
from serving.imagery.formats import ImageFormat
from serving.imagery.georeference import (
    Georeference,
    map_to_pixel,
    measure_gsd_m,
    pixel_to_map,
    read_georeference,
)
from serving.imagery.raster_files import open_raster
from tests.fakes.image_files import UTM_33N, write_raster

BLACK = np.zeros((1, 8, 6), dtype=np.uint8)
ALBERS_WKT = (
    'PROJCS["unnamed",GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],'
    'PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]],PROJECTION["Albers_Conic_Equal_Area"],'
    'PARAMETER["latitude_of_center",23],PARAMETER["longitude_of_center",-96],PARAMETER["standard_parallel_1",29.5],'
    'PARAMETER["standard_parallel_2",45.5],PARAMETER["false_easting",0],PARAMETER["false_northing",0],UNIT["metre",1]]'
)


def read(path: Path) -> Georeference:
    with open_raster(path, ImageFormat.TIFF) as dataset:
        return read_georeference(dataset)


def wkt_of(crs: str) -> str:
    return str(rasterio.CRS.from_user_input(crs).to_wkt(version="WKT2_2019"))


def test_the_transform_and_the_crs_of_a_geotiff_are_kept(tmp_path: Path) -> None:
    path = write_raster(
        tmp_path / "utm.tif", BLACK, crs=UTM_33N, transform=rasterio.Affine(0.5, 0, 500_000, 0, -0.25, 5_000_000)
    )
    found = read(path)
    assert found.transform == (0.5, 0.0, 500_000.0, 0.0, -0.25, 5_000_000.0)
    assert found.crs_wkt is not None
    assert rasterio.CRS.from_wkt(found.crs_wkt) == rasterio.CRS.from_user_input(UTM_33N)
    assert found.notes == ()


@pytest.mark.parametrize(
    ("crs", "transform", "row_step_m", "column_step_m"),
    [
        # On the central meridian the scale of UTM is 0.9996.
        (UTM_33N, (0.5, 0, 500_000, 0, -0.25, 5_000_000), 0.25 / 0.9996, 0.5 / 0.9996),
        # At 60 degrees north a degree of longitude is half as long as at the equator: 55,800 m against 111,412 m.
        ("EPSG:4326", (1e-3, 0, 10, 0, -1e-3, 60.004), 111.412, 55.800),
        # Mercator stretches by 1 / cos(latitude), so at 60 degrees a metre of it is half a metre of ground.
        ("EPSG:3857", (1, 0, 1_000_000, 0, -1, 8_399_742), 0.5004, 0.5013),
        ("EPSG:3395", (1, 0, 1_000_000, 0, -1, 8_362_703), 0.5013, 0.5013),
        # Albers keeps areas: what one step gains the other loses.
        (ALBERS_WKT, (30, 0, -673_425, 0, -30, 2_130_165), 29.79, 30.21),
        # US survey feet are not metres.
        ("EPSG:2263", (1, 0, 984_252, 0, -1, 200_000), 0.3048, 0.3048),
    ],
)
def test_the_gsd_is_metres_on_the_ground(
    crs: str,
    transform: tuple[float, float, float, float, float, float],
    row_step_m: float,
    column_step_m: float,
) -> None:
    gsd_m = measure_gsd_m(transform, wkt_of(crs), height=8, width=6)
    assert gsd_m is not None
    assert gsd_m == pytest.approx((row_step_m, column_step_m), rel=1e-3)


def test_the_gsd_of_centimetre_pixels_is_not_lost_in_rounding() -> None:
    gsd_m = measure_gsd_m((0.018, 0, 278_966.322, 0, -0.018, 8_597_744.154), wkt_of("EPSG:32753"), 708, 751)
    assert gsd_m is not None
    assert gsd_m[0] == pytest.approx(gsd_m[1], rel=1e-6)


def test_albers_keeps_the_area_of_a_pixel() -> None:
    gsd_m = measure_gsd_m((30, 0, -673_425, 0, -30, 2_130_165), wkt_of(ALBERS_WKT), 512, 512)
    assert gsd_m is not None
    assert gsd_m[0] * gsd_m[1] == pytest.approx(900, rel=1e-3)


@given(angle=st.floats(0, 2 * math.pi))
def test_turning_the_image_does_not_change_its_gsd(angle: float) -> None:
    cosine, sine = math.cos(angle), math.sin(angle)
    transform = (2 * cosine, 2 * sine, 500_000, 2 * sine, -2 * cosine, 5_000_000)
    gsd_m = measure_gsd_m(transform, wkt_of(UTM_33N), height=50, width=50)
    assert gsd_m == pytest.approx((2 / 0.9996, 2 / 0.9996), rel=1e-3)


@given(
    scale=st.tuples(st.floats(0.01, 100), st.floats(0.01, 100)),
    shear=st.tuples(st.floats(-50, 50), st.floats(-50, 50)),
    origin=st.tuples(st.floats(-1e7, 1e7), st.floats(-1e7, 1e7)),
    place=st.tuples(st.floats(-1e3, 1e5), st.floats(-1e3, 1e5)),
)
def test_pixel_to_map_to_pixel_comes_back(
    scale: tuple[float, float],
    shear: tuple[float, float],
    origin: tuple[float, float],
    place: tuple[float, float],
) -> None:
    determinant = -scale[0] * scale[1] - shear[0] * shear[1]
    assume(abs(determinant) > 1e-2 * (scale[0] * scale[1] + abs(shear[0] * shear[1])))
    grid = Grid(9, 9, transform=(scale[0], shear[0], origin[0], shear[1], -scale[1], origin[1]))
    back = map_to_pixel(grid, *pixel_to_map(grid, *place))
    assert back == pytest.approx(place, abs=1e-2)  # 1e7 in the CRS leaves 2e-9, times 1/0.01 and the shear


def test_a_point_north_of_another_has_the_smaller_row() -> None:
    grid = Grid(10, 10, transform=(1.0, 0.0, 500_000.0, 0.0, -1.0, 5_000_000.0))
    assert map_to_pixel(grid, 500_002.0, 4_999_999.0) == (1.0, 2.0)


def test_a_plain_tiff_lies_nowhere_without_a_warning(tmp_path: Path) -> None:
    assert read(write_raster(tmp_path / "plain.tif", BLACK)) == Georeference()


def test_the_identity_is_never_a_georeference(tmp_path: Path) -> None:
    path = write_raster(tmp_path / "identity.tif", BLACK, crs=UTM_33N)
    assert read(path) == Georeference()


def test_a_transform_without_a_crs_is_no_georeference_and_said(tmp_path: Path) -> None:
    path = write_raster(tmp_path / "nowhere.tif", BLACK, transform=rasterio.Affine(2, 0, 7, 0, -2, 9))
    found = read(path)
    assert (found.transform, found.crs_wkt, found.gsd_m) == (None, None, None)
    assert "does not say in which system" in found.notes[0]


def test_control_points_alone_are_no_georeference_and_said(tmp_path: Path) -> None:
    points = [GroundControlPoint(r, c, 10 + c / 100, 50 - r / 100) for r, c in ((0, 0), (0, 6), (8, 0), (8, 6))]
    path = write_raster(tmp_path / "gcps.tif", BLACK, gcps=points, crs="EPSG:4326")
    found = read(path)
    assert (found.transform, found.crs_wkt, found.gsd_m) == (None, None, None)
    assert "control points or RPCs" in found.notes[0]


def test_a_local_crs_keeps_its_coordinates_and_gives_no_gsd(tmp_path: Path) -> None:
    path = write_raster(
        tmp_path / "site.tif",
        BLACK,
        crs='LOCAL_CS["site grid",UNIT["metre",1]]',
        transform=rasterio.Affine(1, 0, 100, 0, -1, 100),
    )
    found = read(path)
    assert found.transform == (1.0, 0.0, 100.0, 0.0, -1.0, 100.0)
    assert found.gsd_m is None
    assert "cannot be placed on the globe" in found.notes[0]


def test_degrees_beyond_the_pole_give_no_gsd() -> None:
    assert measure_gsd_m((1, 0, 0, 0, -1, 900), wkt_of("EPSG:4326"), 8, 6) is None
