"""The page as programs see it: its API, its settings, its policy."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from gradio_client import Client, handle_file

from tests.fakes.engine import FakeEngine
from tests.fakes.pages import ServedPage, serve_page, write_red_box

HAND_ENDPOINTS = ("/revise", "/threshold", "/point", "/brush", "/choose", "/move", "/edit", "/compare")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedPage]:
    with serve_page(tmp_path_factory.mktemp("page"), FakeEngine()) as served:
        yield served


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return write_red_box(tmp_path / "box.png")


def connect(page: ServedPage, cookie: str | None = None) -> Client:
    return Client(page.url, verbose=False, headers={} if cookie is None else {"cookie": cookie})


def test_program_asks_and_gets_measured_facts(page: ServedPage, image: Path) -> None:
    answer = connect(page).predict(handle_file(image), "Where is the red box?", "", api_name="/ask")
    assert (answer["status"], answer["found"], answer["count"], answer["pixels"]) == ("complete", True, 1, 400)


def test_program_goes_on_with_the_cookie_that_it_was_given(page: ServedPage, image: Path) -> None:
    first = connect(page).predict(handle_file(image), "Where is red?", "", api_name="/ask")
    second = connect(page, first["cookie"]).predict(None, "And red?", first["conversation_id"], api_name="/ask")
    assert (second["conversation_id"], second["cookie"]) == (first["conversation_id"], None)


def test_program_fetches_the_mask_with_its_cookie_only(page: ServedPage, image: Path) -> None:
    answer = connect(page).predict(handle_file(image), "Where is red?", "", api_name="/ask")
    address = page.url + answer["mask"]
    statuses = [httpx.get(address, headers=headers).status_code for headers in ({"cookie": answer["cookie"]}, {})]
    assert statuses == [200, 404]


def test_program_of_somebody_else_cannot_go_on_in_a_conversation(page: ServedPage, image: Path) -> None:
    first = connect(page).predict(handle_file(image), "Where is red?", "", api_name="/ask")
    stranger = connect(page).predict(None, "And red?", first["conversation_id"], api_name="/ask")
    assert stranger["status"] == "refused"
    assert "not here any more" in stranger["text"]


def test_program_gets_refusals_as_sentences(page: ServedPage) -> None:
    answer = connect(page).predict(None, "", "", api_name="/ask")
    assert (answer["status"], "Please type a question" in answer["text"]) == ("refused", True)


def test_only_what_is_documented_is_a_public_endpoint(page: ServedPage) -> None:
    endpoints = connect(page).view_api(return_format="dict", print_info=False)
    assert isinstance(endpoints, dict)
    assert set(endpoints["named_endpoints"]) == {"/ask", *HAND_ENDPOINTS}
    assert endpoints["unnamed_endpoints"] == {}


def test_page_names_no_other_host_to_load_from(page: ServedPage) -> None:
    policy = httpx.get(page.url).headers["content-security-policy"]
    assert "http" not in policy


@pytest.mark.parametrize("path", ["monitoring", "gradio_api/runs", "docs", "openapi.json"])
def test_pages_that_nobody_asked_for_are_closed(page: ServedPage, path: str) -> None:
    response = httpx.get(page.url + path, follow_redirects=True)
    assert response.status_code in (403, 404) or "swagger" not in response.text.lower()
    assert response.status_code != 200
