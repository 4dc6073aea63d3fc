"""Real GeoTIFFs of many kinds are taken in with the place and the size that their index names."""

import csv
from pathlib import Path

import numpy as np
import pytest
import rasterio

from serving.imagery.admission import ImageLimits
from serving.imagery.intake import take_in_image
from serving.imagery.rendering import load_rendering

FOLDER = Path(__file__).parents[3].parent / "shared" / "data" / "geotiff"
FILES = sorted(FOLDER.glob("*.tif"))

# Ground resolution in metres as each file's description gives it; where none is given, the projection's own.
DESCRIBED_GSD_M = {
    "oam_2048_rgb_3395.tif": 0.1,
    "oam_2048b_rgb_3395.tif": 0.1,
    "neon_sjer_400_utm11n.tif": 0.1,
    "neon_osbs_400_utm17n.tif": 0.1,
    "drone_australia_utm53s.tif": 0.018,
    "rd_new_tiled_25cm.tif": 0.25,
    "landsat_int16_3band_albers_nodata.tif": 30.0,
    "landsat7_6band_sirgas25s.tif": 28.5,
    "rgb_uint16_3band_utm18n_nodata0.tif": 300.04,
    "drone_rgba_utm50s.tif": 0.353,
    "spacenet_uint16_pan_utm16n.tif": 0.5,
}

pytestmark = pytest.mark.skipif(not FILES, reason=f"the optional data folder is absent: no GeoTIFF in {FOLDER}")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_real_geotiff_is_taken_in_with_its_place(path: Path, tmp_path: Path) -> None:
    image = take_in_image(path, rendering_folder=tmp_path, limits=ImageLimits())
    rgb = load_rendering(image)
    with rasterio.open(path) as dataset:
        assert (image.grid.height, image.grid.width) == dataset.shape
        assert image.grid.transform == tuple(dataset.transform)[:6]
        assert image.grid.crs_wkt is not None
        assert rasterio.CRS.from_wkt(image.grid.crs_wkt) == dataset.crs
    assert rgb.shape == (image.grid.height, image.grid.width, 3)
    assert np.ptp(rgb) > 100, "the picture is nearly empty"


@pytest.mark.parametrize("name", sorted(DESCRIBED_GSD_M))
def test_the_measured_gsd_is_the_described_one(name: str, tmp_path: Path) -> None:
    image = take_in_image(FOLDER / name, rendering_folder=tmp_path, limits=ImageLimits())
    # 4 %: World Mercator is up to 3.7 % too long at the latitude of the first scene.
    assert image.grid.gsd_m == pytest.approx((DESCRIBED_GSD_M[name],) * 2, rel=0.04)


def test_degrees_are_measured_in_metres(tmp_path: Path) -> None:
    image = take_in_image(FOLDER / "web_rgb_epsg4326.tif", rendering_folder=tmp_path, limits=ImageLimits())
    # 4.4879e-6 degrees at 14.93 degrees north: 110,650 m and 107,580 m per degree.
    assert image.grid.gsd_m == pytest.approx((0.4966, 0.4828), rel=1e-3)


def test_the_index_names_no_file_that_is_absent() -> None:
    with (FOLDER / "INDEX.tsv").open(encoding="utf-8") as file:
        named = {row["file"] for row in csv.DictReader(file, delimiter="\t")}
    assert named <= {path.name for path in FILES}
