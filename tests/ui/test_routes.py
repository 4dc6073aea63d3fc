import hashlib
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import rasterio
from PIL import Image
from rasterio.io import MemoryFile
from starlette.applications import Starlette
from starlette.testclient import TestClient

from tests.fakes.engine import FakeEngine
from tests.fakes.history import InMemoryHistory
from tests.fakes.pages import RED_BOX_XYXY, SECRET, build_settings, open_services, write_red_box
from tests.storage.exports.geopackages import read_rows
from ui.access import COOKIE_NAME, OwnerSigner
from ui.app import build_app_arguments
from ui.hand_changes import read_painting
from ui.interfaces import PageSettings, UiServices
from ui.program_name import name_program
from ui.routes import ASSETS
from ui.turn_desk import TurnDesk, Upload

SIGNER = OwnerSigner(SECRET)
OWNER = "ad" * 16
STRANGER = "ee" * 16


@dataclass
class Site:
    client: TestClient
    services: UiServices
    message_id: str

    def get(self, name: str, *, owner: str = OWNER) -> "tuple[int, bytes, dict[str, str]]":
        headers = {"cookie": f"{COOKIE_NAME}={SIGNER.sign(owner)}"}
        response = self.client.get(f"/artefacts/{self.message_id}/{name}", headers=headers)
        return response.status_code, response.content, dict(response.headers)


def build_client(services: UiServices, settings: PageSettings) -> TestClient:
    arguments = build_app_arguments(services, settings)
    return TestClient(Starlette(routes=arguments["routes"], middleware=arguments["middleware"]))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with open_services(tmp_path, FakeEngine()) as services:
        desk = TurnDesk(services, build_settings(tmp_path))
        upload = Upload(write_red_box(tmp_path / "box.png"), 'my "box".png')
        sent = desk.send(OWNER, session="tab", conversation_id="", text="Where is red?", uploads=[upload])
        answer = desk.work(OWNER, sent.turn_id)
        assert answer is not None
        yield Site(build_client(services, build_settings(tmp_path)), services, answer.id)


ARTEFACTS = ["image", "mask.png", "layer.png", "overlay.png", "threshold/40/layer.png"]


@pytest.mark.parametrize("name", ARTEFACTS)
def test_owner_gets_each_picture(site: Site, name: str) -> None:
    status, content, headers = site.get(name)
    assert (status, headers["content-type"]) == (200, "image/png")
    assert Image.open(BytesIO(content)).size == (64, 48)


@pytest.mark.parametrize("name", ARTEFACTS)
def test_stranger_gets_none_of_them(site: Site, name: str) -> None:
    status, content, headers = site.get(name, owner=STRANGER)
    assert (status, headers["cache-control"]) == (404, "no-store")
    assert b"PNG" not in content


@pytest.mark.parametrize("name", ARTEFACTS)
def test_browser_without_cookie_gets_none_of_them(site: Site, name: str) -> None:
    assert site.client.get(f"/artefacts/{site.message_id}/{name}").status_code == 404


@pytest.mark.parametrize("name", ARTEFACTS)
def test_pictures_stay_in_the_persons_own_cache(site: Site, name: str) -> None:
    _, _, headers = site.get(name)
    assert headers["cache-control"].startswith("private")


def test_mask_marks_exactly_the_red_box(site: Site) -> None:
    left, top, right, bottom = RED_BOX_XYXY
    expected = np.zeros((48, 64), dtype=bool)
    expected[top:bottom, left:right] = True
    np.testing.assert_array_equal(np.asarray(Image.open(BytesIO(site.get("mask.png")[1]))) > 0, expected)


def test_layer_is_clear_where_nothing_is_marked(site: Site) -> None:
    layer = np.asarray(Image.open(BytesIO(site.get("layer.png")[1])))
    assert (layer[0, 0, 3], bool(layer[20, 30, 3] > 0)) == (0, True)


def test_threshold_preview_shows_what_that_threshold_marks(site: Site) -> None:
    marked = {
        percent: int(
            (np.asarray(Image.open(BytesIO(site.get(f"threshold/{percent}/layer.png")[1])))[..., 3] == 140).sum()
        )
        for percent in (1, 50, 99)
    }
    assert marked == {1: 64 * 48, 50: 400, 99: 0}


def test_threshold_out_of_range_is_a_sentence(site: Site) -> None:
    status, content, _ = site.get("threshold/140/layer.png")
    assert (status, b"between 0 and 1" in content) == (404, True)


def test_difference_is_its_owners_alone(site: Site) -> None:
    names = (f"difference/{site.message_id}", f"difference/{site.message_id}/layer.png")
    assert [site.get(name)[0] for name in names] == [200, 200]
    assert [site.get(name, owner=STRANGER)[0] for name in names] == [404, 404]
    assert b"Both mark exactly the same." in site.get(names[0])[1]


def test_download_has_a_plain_name(site: Site) -> None:
    _, _, headers = site.get("overlay.png?download=1")
    assert headers["content-disposition"] == 'attachment; filename="my--box-overlay.png"'


def test_mask_of_a_georeferenced_image_leaves_as_geotiff_and_as_outlines(site: Site, tmp_path: Path) -> None:
    desk = TurnDesk(site.services, build_settings(tmp_path))
    scene = Path(ASSETS) / "examples" / "roofs.tif"
    kept = desk.send(OWNER, session="tab", conversation_id="", text="", uploads=[Upload(scene, "roofs.tif")])
    bare = site.services.history.list_messages(OWNER, kept.conversation_id)[0]
    dab = [{"path": [[40, 50]], "radius": 6, "is_adding": True}]
    sent = desk.change(OWNER, session="tab", conversation_id="", read_change=lambda _: read_painting(bare.id, dab))
    painted = desk.work(OWNER, sent.turn_id)
    assert painted is not None
    assert painted.facts is not None
    placed = Site(site.client, site.services, painted.id)
    status, content, headers = placed.get("mask.tif?download=1")
    assert (status, headers["content-type"]) == (200, "image/tiff")
    assert headers["content-disposition"] == 'attachment; filename="roofs-mask.tif"'
    with MemoryFile(content) as memory, memory.open() as written, rasterio.open(scene) as original:
        assert (written.crs, written.transform) == (original.crs, original.transform)
        assert int(written.read(1).sum()) == painted.facts.pixel_count
    status, content, headers = placed.get("mask.geojson?download=1")
    assert (status, headers["content-type"]) == (200, "application/geo+json")
    assert [one["properties"]["pixels"] for one in json.loads(content)["features"]] == [painted.facts.pixel_count]
    status, content, headers = placed.get("mask.gpkg?download=1")
    assert (status, headers["content-type"]) == (200, "application/geopackage+sqlite3")
    assert read_rows(content)[0]["pixels"].tolist() == [painted.facts.pixel_count]
    status, content, headers = placed.get("bundle.zip?download=1")
    assert (status, headers["content-type"]) == (200, "application/zip")
    assert headers["content-disposition"] == 'attachment; filename="roofs-answer.zip"'
    with zipfile.ZipFile(BytesIO(content)) as archive:
        assert archive.read("mask.tif") == placed.get("mask.tif")[1]
        assert archive.read("mask.geojson") == placed.get("mask.geojson")[1]
        assert archive.read("mask.gpkg") == placed.get("mask.gpkg")[1]
    names = ("mask.tif", "mask.geojson", "mask.gpkg", "bundle.zip")
    assert [placed.get(name, owner=STRANGER)[0] for name in names] == [404, 404, 404, 404]


def test_mask_leaves_as_run_lengths_and_in_a_zip_with_its_provenance(site: Site) -> None:
    rle = json.loads(site.get("mask.json")[1])
    with zipfile.ZipFile(BytesIO(site.get("bundle.zip")[1])) as archive:
        assert archive.namelist() == ["mask.png", "overlay.png", "mask.json", "provenance.json"]
        assert json.loads(archive.read("mask.json")) == rle
        provenance = json.loads(archive.read("provenance.json"))
        digests = {name: hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist()[:3]}
    assert provenance["files_sha256"] == digests
    assert provenance["message_id"] == site.message_id
    assert provenance["program"] == name_program()
    assert provenance["facts"]["pixel_count"] == 400


@pytest.mark.parametrize("name", ["mask.tif", "mask.geojson", "mask.gpkg"])
def test_mask_of_a_plain_picture_lies_nowhere_on_the_globe_and_says_so(site: Site, name: str) -> None:
    status, content, _ = site.get(name)
    assert (status, b"save the mask as PNG" in content) == (404, True)


def test_unknown_message_is_a_sentence(site: Site) -> None:
    response = site.client.get("/artefacts/no-such/mask.png")
    assert response.status_code == 404
    assert "not here any more" in response.json()["error"]


def test_example_thumbnail_is_for_everybody(site: Site) -> None:
    response = site.client.get("/examples/0/thumbnail")
    assert (response.status_code, response.headers["content-type"]) == (200, "image/jpeg")
    assert site.client.get("/examples/7/thumbnail").status_code == 404


def test_health_says_ok_while_the_history_answers(site: Site) -> None:
    response = site.client.get("/health")
    assert (response.status_code, response.json()["status"]) == (200, "ok")


def test_health_says_unavailable_when_the_history_fails(tmp_path: Path) -> None:
    history = InMemoryHistory()
    with open_services(tmp_path, FakeEngine()) as services:
        client = build_client(replace(services, history=history), build_settings(tmp_path))
        history.failure = OSError("the disk is gone")
        assert client.get("/health").status_code == 503


def test_metrics_are_in_prometheus_text(site: Site) -> None:
    response = site.client.get("/metrics")
    assert 'segearth_turns_total{outcome="complete"} 1.0' in response.text
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")


@pytest.mark.parametrize("name", ["page.js", "actions.js", "page.css", "tools.css", "favicon.svg"])
def test_page_files_are_served(site: Site, name: str) -> None:
    assert site.client.get(f"/page-assets/v1/{name}").status_code == 200


@pytest.mark.parametrize("path", ["/page-assets/v1/../app.py", "/page-assets/v1/%2e%2e/app.py"])
def test_nothing_beside_the_page_files_is_served(site: Site, path: str) -> None:
    assert site.client.get(path).status_code == 404


def test_every_response_carries_the_policy(site: Site) -> None:
    assert "default-src 'none'" in site.client.get("/health").headers["content-security-policy"]


def test_a_site_that_may_frame_the_page_is_in_the_policy_and_the_cookie_works_there(tmp_path: Path) -> None:
    framed = replace(build_settings(tmp_path), frame_ancestors=("https://framing.example",))
    with open_services(tmp_path, FakeEngine()) as services:
        headers = build_client(services, framed).get("/gradio_api/anything").headers
    assert "frame-ancestors 'self' https://framing.example" in headers["content-security-policy"]
    assert "SameSite=None; Secure; Partitioned" in headers["set-cookie"]


def test_nobody_else_may_frame_the_page_unless_told_so(site: Site) -> None:
    assert site.get("image")[2]["content-security-policy"].endswith("frame-ancestors 'self'")
