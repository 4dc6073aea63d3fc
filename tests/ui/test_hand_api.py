"""Masks are changed by hand through the API, as programs do."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from gradio_client import Client, handle_file

from tests.fakes.engine import FakeEngine
from tests.fakes.pages import ServedPage, serve_page, write_red_box


@dataclass
class Program:
    page: ServedPage
    client: Client
    cookie: str
    first: dict[str, Any]

    def call(self, name: str, *arguments: object) -> dict[str, Any]:
        answer = self.client.predict(*arguments, api_name=f"/{name}")
        assert isinstance(answer, dict)
        return answer


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedPage]:
    with serve_page(tmp_path_factory.mktemp("page"), FakeEngine()) as served:
        yield served


@pytest.fixture
def program(page: ServedPage, tmp_path: Path) -> Program:
    image = write_red_box(tmp_path / "box.png")
    first = Client(page.url, verbose=False).predict(handle_file(image), "Where is red?", "", api_name="/ask")
    client = Client(page.url, verbose=False, headers={"cookie": first["cookie"]})
    return Program(page, client, first["cookie"], first)


def test_steps_are_made_anew_and_told(program: Program) -> None:
    steps = [{"op": "grow", "distance": {"value": 3.0}}]
    grown = program.call("revise", program.first["message_id"], steps)
    assert (grown["pixels"], grown["operations"]) == (656, steps)
    assert program.call("revise", grown["message_id"], [])["pixels"] == 400


def test_threshold_is_set_without_the_model(program: Program) -> None:
    asked = len(program.page.engine.questions)
    assert program.call("threshold", program.first["message_id"], 1)["share"] == 1.0
    assert len(program.page.engine.questions) == asked


def test_clicks_and_a_box_change_the_mask(program: Program) -> None:
    clicks = [{"x": 50, "y": 40, "is_positive": True}]
    assert program.call("point", program.first["message_id"], clicks, None)["share"] == 1.0
    cleared = program.call("point", program.first["message_id"], [{"x": 30, "y": 20, "is_positive": False}], None)
    assert cleared["found"] is False
    assert program.call("point", cleared["message_id"], [], [10, 5, 45, 35])["pixels"] == 400


def test_the_brush_paints_and_erases_exactly(program: Program) -> None:
    line = {"path": [[2.5, 2.5], [11.5, 2.5]], "radius": 0.5}
    painted = program.call("brush", program.first["message_id"], [line | {"is_adding": True}])
    assert painted["pixels"] == 410
    assert program.call("brush", painted["message_id"], [line | {"is_adding": False}])["pixels"] == 400


def test_an_image_without_a_question_is_pointed_at(page: ServedPage, tmp_path: Path) -> None:
    image = write_red_box(tmp_path / "box.png")
    kept = Client(page.url, verbose=False).predict(handle_file(image), "", "", api_name="/ask")
    client = Client(page.url, verbose=False, headers={"cookie": kept["cookie"]})
    clicks = [{"x": 30, "y": 20, "is_positive": True}]
    answer = client.predict(kept["message_id"], clicks, None, api_name="/point")
    assert (answer["pixels"], answer["conversation_id"]) == (400, kept["conversation_id"])


def test_what_was_meant_is_asked_back_as_data_and_a_choice_goes_on(program: Program) -> None:
    place, asked = program.first["conversation_id"], len(program.page.engine.questions)
    offer = program.client.predict(None, "it looks frayed", place, api_name="/ask")
    assert (offer["status"], "found" in offer) == ("complete", False)
    texts = [choice["text"] for choice in offer["choices"]]
    assert (texts[0], texts[-1]) == ("smooth the outline", "it looks frayed")
    smoothed = program.call("choose", offer["message_id"], 1)
    assert [operation["op"] for operation in smoothed["operations"]] == ["smooth"]
    assert len(program.page.engine.questions) == asked
    assert program.client.predict(None, "it looks frayed", place, api_name="/ask")["choices"]
    said = program.client.predict(None, "Smooth the outline", place, api_name="/ask")
    assert [operation["op"] for operation in said["operations"]] == ["smooth", "smooth"]


def test_moves_and_edits_make_branches(program: Program) -> None:
    place = program.first["conversation_id"]
    grown = program.call("revise", program.first["message_id"], [{"op": "grow", "distance": {"value": 3.0}}])
    assert program.call("move", place, "undo", 1)["message_id"] == program.first["message_id"]
    assert program.call("move", place, "redo", 1)["message_id"] == grown["message_id"]
    edited = program.call("edit", program.first["parent_id"], "Where is nothing?")
    assert (edited["found"], edited["conversation_id"]) == (False, place)


def test_comparison_is_measured_and_drawn(program: Program) -> None:
    grown = program.call("revise", program.first["message_id"], [{"op": "grow", "distance": {"value": 3.0}}])
    compared = program.call("compare", program.first["message_id"], grown["message_id"])
    assert [compared[name] for name in ("added_px", "removed_px", "unchanged_px")] == [256, 0, 400]
    address = program.page.url + compared["picture"]
    statuses = [httpx.get(address, headers=headers).status_code for headers in ({"cookie": program.cookie}, {})]
    assert statuses == [200, 404]


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("revise", ("no-such", []), "not here any more"),
        ("revise", ("FIRST", [{"op": "explode"}]), "“explode” is not known"),
        ("threshold", ("FIRST", 300), "between 0 and 1"),
        ("point", ("FIRST", [{"x": "left"}], None), "a click needs"),
        ("point", ("FIRST", [], None), ""),
        ("brush", ("FIRST", [{"path": []}]), "a stroke needs a path"),
        ("brush", ("FIRST", [{"path": [[900, 900]], "radius": 2, "is_adding": True}]), "did not touch the image"),
        ("choose", ("no-such", 1), "not here any more"),
        ("choose", ("FIRST", 1), "offers no choices"),
        ("move", ("no-such", "undo", 1), "not here any more"),
        ("move", ("no-such", "sideways", 1), "A move is one of"),
        ("edit", ("no-such", "red?"), "not here any more"),
        ("compare", ("FIRST", "no-such"), "not here any more"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(
    program: Program, name: str, arguments: tuple[object, ...], words: str
) -> None:
    given = [program.first["message_id"] if argument == "FIRST" else argument for argument in arguments]
    answer = program.call(name, *given)
    assert answer["status"] in ("refused", "failed")
    assert words in answer["text"]


def test_strangers_change_nothing(program: Program) -> None:
    stranger = Client(program.page.url, verbose=False)
    answer = stranger.predict(program.first["message_id"], [], api_name="/revise")
    assert (answer["status"], "not here any more" in answer["text"]) == ("refused", True)
