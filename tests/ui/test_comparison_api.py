"""Two images are compared through the API, and the parts are fetched, by their owner alone."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from gradio_client import Client, handle_file
from PIL import Image

from tests.browser.test_two_dates import write_roofs
from tests.fakes.engine import FakeEngine
from tests.fakes.pages import ServedPage, serve_page

STAYED, GONE, CAME = (6, 6, 30, 26), (60, 8, 76, 20), (40, 36, 70, 58)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedPage]:
    with serve_page(tmp_path_factory.mktemp("page"), FakeEngine()) as served:
        yield served


@pytest.fixture(scope="module")
def told(page: ServedPage, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, str]]:
    """The answer to what has changed, and the headers that name its owner."""
    folder: Path = tmp_path_factory.mktemp("scenes")
    before, after = write_roofs(folder / "a.png", STAYED, GONE), write_roofs(folder / "b.png", STAYED, CAME)
    first = Client(page.url, verbose=False).predict(
        handle_file(before), "Where are the red roofs?", "", api_name="/ask"
    )
    headers = {"cookie": first["cookie"]}
    client = Client(page.url, verbose=False, headers=headers)
    question = "What has changed since the first image?"
    return client.predict(handle_file(after), question, first["conversation_id"], api_name="/ask"), headers


def fetch(page: ServedPage, headers: dict[str, str], address: str) -> Image.Image:
    response = httpx.get(page.url + address, headers=headers)
    assert response.status_code == 200, response.text
    return Image.open(BytesIO(response.content))


def area(box: tuple[int, int, int, int]) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def test_every_part_is_told_with_its_figures_and_mask(
    page: ServedPage, told: tuple[dict[str, Any], dict[str, str]]
) -> None:
    answer, headers = told
    assert answer["pixels"] == area(CAME) + area(GONE)
    for name, box in (("added", CAME), ("removed", GONE), ("unchanged", STAYED)):
        part = answer["comparison"][name]
        assert (part["pixels"], part["count"], part["area_m2"]) == (area(box), 1, None)
        marked = np.asarray(fetch(page, headers, part["mask"])) > 0
        assert (int(marked.sum()), bool(marked[box[1] : box[3], box[0] : box[2]].all())) == (area(box), True)


def test_the_overlay_shows_all_three_parts(page: ServedPage, told: tuple[dict[str, Any], dict[str, str]]) -> None:
    answer, headers = told
    shown = np.asarray(fetch(page, headers, answer["comparison"]["overlay"]).convert("RGB")).astype(int)
    assert shown[47, 55, 2] > shown[47, 55, 0], "what came is blue"
    assert shown[16, 18, 1] > 80, "what stayed is pale over red"
    assert len(np.unique(shown[9:19, 61:75].reshape(-1, 3), axis=0)) == 2, "what went is hatched"


def test_parts_are_their_owners_alone_and_an_unknown_part_is_a_sentence(
    page: ServedPage, told: tuple[dict[str, Any], dict[str, str]]
) -> None:
    answer, headers = told
    base = f"{page.url}artefacts/{answer['message_id']}/fates"
    addresses = [f"{base}/added.png", f"{base}/added/layer.png"]
    assert [httpx.get(address).status_code for address in addresses] == [404, 404]
    unknown = httpx.get(f"{base}/forgotten.png", headers=headers)
    assert (unknown.status_code, "compares no images" in unknown.json()["error"]) == (404, True)
