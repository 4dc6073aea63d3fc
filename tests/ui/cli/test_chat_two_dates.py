"""Two dates at the terminal: two GeoTIFFs that are shifted against each other, from the question to the replay."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import rasterio
from PIL import Image
from pycocotools import mask as coco

from assistant.masks.comparison import UNKNOWN_CODE, Fate
from tests.fakes.image_files import UTM_33N, write_raster
from tests.storage.exports.geopackages import read_rows
from tests.ui.cli.test_chat import Program, log  # noqa: F401 - quiet, as there

# On the ground in metres east of and south of the first image's corner: one house stays, one goes, one comes.
STAYED, GONE, CAME = (8, 8, 16, 14), (24, 4, 30, 10), (20, 18, 32, 26)
SHIFT_M = (4, 2)
STEP_M = 2


def write_scene(path: Path, origin_m: tuple[int, int], *houses: tuple[int, int, int, int]) -> Path:
    """Write 20 by 16 pixels of 2 m with red houses; `origin_m` is where its corner lies."""
    bands = np.full((3, 16, 20), 127, np.uint8)
    for house in houses:
        left, top, right, bottom = ((edge - origin_m[index % 2]) // STEP_M for index, edge in enumerate(house))
        bands[:, top:bottom, left:right] = np.array((255, 0, 0), np.uint8)[:, None, None]
    transform = rasterio.Affine(STEP_M, 0, 500_000 + origin_m[0], 0, -STEP_M, 5_000_000 - origin_m[1])
    return write_raster(path, bands, crs=UTM_33N, transform=transform)


@pytest.fixture
def program(tmp_path: Path) -> Program:
    write_scene(tmp_path / "2020.tif", (0, 0), STAYED, GONE)
    write_scene(tmp_path / "2024.tif", SHIFT_M, STAYED, CAME)
    write_scene(tmp_path / "elsewhere.tif", (9_000, 0), STAYED)
    return Program(tmp_path)


def area_px(house: tuple[int, int, int, int]) -> int:
    return (house[2] - house[0]) * (house[3] - house[1]) // STEP_M**2


def test_what_is_new_from_the_question_to_exports_undo_branch_and_replay(program: Program, tmp_path: Path) -> None:
    rows, code = program.chat(
        [
            {"text": "Where are the red houses?", "image": "2020.tif"},
            {"text": "what has changed since the first image?", "image": "2024.tif"},
            {"export": ["png", "overlay", "coco", "geotiff", "geojson", "geopackage", "bundle"]},
            {"text": "only the added ones"},
            {"text": "grow it by 3 m"},
            {"undo": 2},
            {"text": "only what is gone"},
            {"operations": [{"op": "grow", "distance": {"value": 1.0}}]},
            {"replay": True},
        ],
        "--out",
        tmp_path / "out",
    )
    assert code == 0, rows
    compared = rows[1]
    assert {name: facts["pixel_count"] for name, facts in compared["fates"].items()} == {
        "added": area_px(CAME),
        "removed": area_px(GONE),
        "unchanged": area_px(STAYED),
    }
    assert compared["fates"]["added"]["area_m2"] == pytest.approx(area_px(CAME) * STEP_M**2, rel=2e-3)
    assert (compared["making"]["by"], compared["making"]["question"]) == ("compared", "Segment all the red houses.")
    assert "16% of image 2 lies outside image 1" in compared["text"]
    assert "taken to be" not in compared["text"]

    files = rows[2]["files"]
    with rasterio.open(files["geotiff"]) as written, rasterio.open(tmp_path / "2024.tif") as original:
        assert (written.crs, written.transform, written.nodata) == (original.crs, original.transform, UNKNOWN_CODE)
        codes = written.read(1)
        assert {name: written.tags()[f"CODE_{Fate(name).code}"] for name in map(str, Fate)} == {
            name: name for name in map(str, Fate)
        }
    for fate, house in ((Fate.ADDED, CAME), (Fate.REMOVED, GONE), (Fate.UNCHANGED, STAYED)):
        assert int((codes == fate.code).sum()) == area_px(house)
    # Two columns and one row: what the first image does not show.
    assert bool((codes[:, 18:] == UNKNOWN_CODE).all() and (codes[15:] == UNKNOWN_CODE).all())
    with Image.open(files["png"]) as labelled:
        assert labelled.mode == "P"
        np.testing.assert_array_equal(np.asarray(labelled), codes)
    rle = json.loads(Path(files["coco"]).read_text())
    assert {name: int(coco.area(one)) for name, one in rle.items()} == {
        name: facts["pixel_count"] for name, facts in compared["fates"].items()
    }

    features = json.loads(Path(files["geojson"]).read_text())["features"]
    assert {one["properties"]["fate"]: one["properties"]["pixels"] for one in features} == {
        name: facts["pixel_count"] for name, facts in compared["fates"].items()
    }

    rows_of_parts, _ = read_rows(Path(files["geopackage"]).read_bytes())
    assert dict(zip(rows_of_parts["fate"].tolist(), rows_of_parts["pixels"].tolist(), strict=True)) == {
        name: facts["pixel_count"] for name, facts in compared["fates"].items()
    }

    with zipfile.ZipFile(files["bundle"]) as archive:
        endings = {"png": "png", "coco": "json", "geotiff": "tif", "geojson": "geojson", "geopackage": "gpkg"}
        for form, ending in endings.items():
            assert archive.read(f"changes.{ending}") == Path(files[form]).read_bytes()
        provenance = json.loads(archive.read("provenance.json"))
    assert provenance["making"] == compared["making"]
    assert provenance["fates"] == compared["fates"]

    added, grown, gone, regrown = rows[3], rows[4], rows[6], rows[7]
    assert (added["mask_parents"], added["fates"]) == ([compared["message_id"]], None)
    assert grown["facts"]["pixel_count"] > added["facts"]["pixel_count"] == area_px(CAME)
    assert rows[5]["message_id"] == compared["message_id"]
    assert gone["facts"]["pixel_count"] == area_px(GONE)
    assert regrown["mask_parents"] == [gone["message_id"]]
    assert [one["is_equal"] for one in rows[8]["replayed"]] == [True] * 6

    # Another program on the same store: all of it survived.
    again = program.run("replay", compared["conversation_id"], "--json")
    assert again.exit_code == 0, again.output
    assert [json.loads(line)["making"]["by"] for line in again.stdout.splitlines()] == [
        "asked",
        "compared",
        "picked",
        "refined",
        "picked",
        "revised",
    ]


def test_images_of_different_places_are_refused_and_the_conversation_goes_on(program: Program) -> None:
    rows, code = program.chat(
        [
            {"text": "what is new since the first image?", "image": "2020.tif"},
            {"text": "which red houses are new since the first image?", "image": "elsewhere.tif"},
            {"text": "which red houses are new since the first image?", "image": "2024.tif"},
        ]
    )
    assert code == 2
    assert "There is only one image in this conversation" in rows[0]["text"]
    assert "show different places" in rows[1]["error"]
    assert rows[2]["facts"]["pixel_count"] == area_px(CAME)
