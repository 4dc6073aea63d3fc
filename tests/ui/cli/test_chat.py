"""Conversations at the terminal: the real store, the fake engine, then the small model on a real picture."""

import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import typer
from PIL import Image
from pycocotools import mask as coco
from structlog.testing import capture_logs
from typer.testing import CliRunner, Result

from assistant.interfaces import Engine
from launch import HERE, Settings, build_cli
from serving.model_choice import ModelChoice
from storage.owners import find_owner
from tests.assistant.pictures import write_picture
from tests.assistant.test_refining_turns import BOXES
from tests.assistant.test_replaying import OtherEngine
from tests.fakes.engine import FakeEngine
from tests.fakes.stores import open_store
from tests.storage.exports.geopackages import read_rows
from ui.cli.archive import Archive
from ui.cli.chat import add_chat_command
from ui.cli.replay import add_replay_command

Rows = list[dict[str, Any]]


class Program:
    """Both commands over a store in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.engine: Engine = FakeEngine()
        self.opened = 0
        self.app = typer.Typer()
        for add in (add_chat_command, add_replay_command):
            add(
                self.app,
                default_model=ModelChoice("mini"),
                open_engine=self._open_engine,
                open_archive=self._open_archive,
            )

    def run(self, *arguments: str | Path) -> Result:
        return CliRunner().invoke(self.app, [*map(str, arguments)])

    def chat(self, turns: Rows, *arguments: str | Path) -> tuple[Rows, int]:
        script = self.folder / "turns.json"
        script.write_text(json.dumps(turns))
        result = self.run("chat", "--script", script, "--json", *arguments)
        return [json.loads(line) for line in result.stdout.splitlines()], result.exit_code

    @contextmanager
    def _open_engine(self, choice: ModelChoice) -> Iterator[Engine]:
        self.opened += 1
        yield self.engine

    @contextmanager
    def _open_archive(self) -> Iterator[Archive]:
        with open_store(self.folder) as store:
            yield Archive(store.history, store.images, lambda wanted: find_owner(store.database, wanted))


@pytest.fixture(autouse=True)
def log() -> Iterator[None]:
    """The program sends its log to stderr; here nobody has told it to."""
    with capture_logs():
        yield


@pytest.fixture
def program(tmp_path: Path) -> Program:
    write_picture(tmp_path, boxes=BOXES)
    return Program(tmp_path)


def counts(rows: Rows) -> list[int | None]:
    return [row["facts"] and row["facts"]["pixel_count"] for row in rows]


def test_each_turn_is_one_object_with_what_came_of_it(program: Program) -> None:
    rows, code = program.chat([{"text": "red boxes", "image": "scene.png"}, {"text": "only the largest"}])
    assert code == 0
    assert counts(rows) == [96, 80]
    assert [row["turn"] for row in rows] == [1, 2]
    assert rows[1]["operations"] == [{"op": "keep", "criterion": {"is": "by_size"}}]
    assert rows[1]["mask_parents"] == [rows[0]["message_id"]]
    assert rows[1]["text"].startswith("Changed what was marked")
    assert (rows[1]["mask"], rows[1]["error"]) == (None, None)
    assert rows[0]["conversation_id"] == rows[1]["conversation_id"]


def test_masks_are_written_white_where_the_thing_is(program: Program, tmp_path: Path) -> None:
    rows, _ = program.chat([{"text": "red boxes"}], "--image", tmp_path / "scene.png", "--out", tmp_path / "out")
    with Image.open(rows[0]["mask"]) as opened:
        pixels = np.asarray(opened)
    assert (int((pixels == 255).sum()), pixels.shape) == (96, (30, 40))


def test_an_image_is_pointed_at_and_painted_on_before_any_question(program: Program, tmp_path: Path) -> None:
    line = [[5.5, 27.5], [34.5, 27.5]]
    rows, code = program.chat(
        [
            {"positive": [[3, 3]]},
            {"brush": [{"path": line, "radius": 0.5}]},
            {"positive": [[31, 6]]},
            {"brush": [{"path": line, "radius": 0.5, "erase": True}]},
            {"undo": True},
            {"replay": True},
        ],
        "--image",
        tmp_path / "scene.png",
    )
    assert code == 0
    assert counts(rows[:5]) == [80, 110, 126, 96, 126]
    assert rows[1]["making"] == {
        "by": "painted",
        "strokes": [{"path": line, "radius_px": 0.5, "is_adding": True}],
    }
    assert rows[0]["mask_parents"] == []
    assert [row["differing_px"] for row in rows[5]["replayed"]] == [0] * 4


def test_clicks_boxes_moves_and_branches_do_as_on_the_page(program: Program, tmp_path: Path) -> None:
    rows, code = program.chat(
        [
            {"text": "red boxes"},
            {"positive": [[20, 25]]},
            {"negative": [[3, 3]]},
            {"box": [0, 0, 20, 20]},
            {"undo": 2},
            {"redo": True},
            {"text": "remove that one", "positive": [[31, 6]], "branch_from": 2},
            {"operations": [], "branch_from": 1},
            {"text": "blue boxes", "edit": 1},
            {"reset": True},
            {"redo": True},
            {"branch_from": 3},
        ],
        "--image",
        tmp_path / "scene.png",
    )
    assert code == 0, rows
    assert counts(rows) == [96, 216, 136, 216, 216, 136, 200, 96, 120, None, 120, 136]
    assert rows[4]["message_id"] == rows[1]["message_id"]


def test_what_was_meant_is_asked_back_and_a_choice_is_taken(program: Program, tmp_path: Path) -> None:
    turns: Rows = [{"text": "red boxes"}, {"text": "it is full of little gaps"}]
    rows, code = program.chat(turns, "--image", tmp_path / "scene.png")
    assert code == 0
    offered = [choice["text"] for choice in rows[1]["choices"]]
    assert offered[-1] == "it is full of little gaps"
    assert rows[1]["choices"][-1]["intent"] == "segment"
    number = offered.index("fill the holes") + 1
    rows, code = program.chat([*turns, {"choose": number}, {"choose": 9}], "--image", tmp_path / "scene.png")
    assert (rows[2]["operations"], rows[2]["error"]) == ([{"op": "fill_holes"}], None)
    assert (rows[3]["error"], code) == ("That message offers no choices. Please ask, or say in words what you want.", 2)


def test_people_see_the_choices_numbered(program: Program, tmp_path: Path) -> None:
    script = tmp_path / "turns.json"
    script.write_text(json.dumps([{"text": "red boxes"}, {"text": "it looks frayed"}]))
    printed = program.run("chat", "--script", script, "--image", tmp_path / "scene.png").stdout
    assert "     1. smooth the outline\n" in printed


def test_a_turn_that_fails_says_why_and_the_others_go_on(program: Program, tmp_path: Path) -> None:
    rows, code = program.chat(
        [
            {"operations": []},
            {"text": "red boxes"},
            {"redo": 1},
            {"positive": [[400, 25]]},
            {"text": "cars", "branch_from": 9},
            {"text": "only the largest"},
        ],
        "--image",
        tmp_path / "scene.png",
    )
    assert code == 2
    assert [row["error"] is None for row in rows] == [False, True, False, False, False, True]
    assert "nothing to redo" in rows[2]["error"]
    assert "40 x 30" in rows[3]["error"]


def test_a_script_that_cannot_be_read_is_refused_before_the_model_is_loaded(program: Program) -> None:
    assert program.chat([{"fly": True}])[1] == 2
    rows, code = program.chat([{"export": "png"}])
    assert (code, program.opened) == (2, 0)
    assert "--out" in rows[0]["error"]
    assert program.run("chat", "--script", "gone.json").exit_code == 2


def test_people_read_sentences(program: Program, tmp_path: Path) -> None:
    (tmp_path / "turns.json").write_text('[{"text": "red boxes"}, {"undo": true}]')
    result = program.run("chat", "--script", tmp_path / "turns.json", "--image", tmp_path / "scene.png")
    first, second = result.stdout.splitlines()
    assert first.startswith("  1  Found 2 separate areas")
    assert second == "  2  Back to the beginning: nothing is marked."


def test_a_stored_conversation_is_replayed_after_a_restart(program: Program, tmp_path: Path) -> None:
    rows, _ = program.chat(
        [{"text": "red boxes"}, {"text": "only the largest"}, {"positive": [[20, 25]]}],
        "--image",
        tmp_path / "scene.png",
    )
    result = program.run("replay", rows[0]["conversation_id"], "--json")
    replayed = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 0
    assert [(row["is_equal"], row["making"]["by"]) for row in replayed] == [
        (True, "asked"),
        (True, "refined"),
        (True, "pointed"),
    ]


def test_other_weights_and_their_masks_are_said_and_end_with_1(program: Program, tmp_path: Path) -> None:
    rows, _ = program.chat([{"text": "red boxes"}], "--image", tmp_path / "scene.png")
    program.engine = OtherEngine()
    result = program.run("replay", rows[0]["conversation_id"])
    assert result.exit_code == 1
    assert "216 pixels differ. Another model answered then" in result.stdout
    assert "0 of 1 masks are equal" in result.stdout


def test_an_unknown_conversation_is_refused_before_the_model_is_loaded(program: Program) -> None:
    result = program.run("replay", "f" * 32, "--json")
    assert (result.exit_code, program.opened) == (2, 0)
    assert "not here any more" in json.loads(result.stdout)["error"]


TWELVE_TURNS: Rows = [
    {"text": "Where are the buildings?"},
    {"text": "only the three largest"},
    {"text": "a bit bigger"},
    {"text": "fill the holes"},
    {"positive": [[40, 40]]},
    {"negative": [[200, 200]]},
    {"box": [10, 120, 90, 200]},
    {"undo": 1},
    {"text": "without the smallest", "branch_from": 2},
    {"text": "how many are there?"},
    {"export": ["png", "overlay", "coco", "geotiff", "geojson", "geopackage", "bundle"]},
    {"replay": True},
]


def test_twelve_turns_on_a_real_picture_with_the_real_model(tmp_path: Path) -> None:
    app = build_cli(Settings(data_dir=tmp_path / "data"))
    (tmp_path / "turns.json").write_text(json.dumps(TWELVE_TURNS))
    picture = HERE / "ui" / "assets" / "examples" / "roofs.tif"
    arguments = ["--script", tmp_path / "turns.json", "--image", picture, "--out", tmp_path / "out", "--json"]
    result = CliRunner().invoke(app, ["chat", *map(str, arguments)])
    assert result.exit_code == 0, result.output
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row["error"] for row in rows] == [None] * 12
    marked = [row["facts"]["pixel_count"] if row.get("facts") else 0 for row in rows]
    assert marked[0] > marked[1] > 0
    assert rows[1]["facts"]["count"] == 3
    assert marked[2] > marked[1]
    assert marked[3] >= marked[2]
    for number, (x, y), is_marked in ((5, (40, 40), True), (6, (200, 200), False)):
        with Image.open(rows[number - 1]["mask"]) as opened:
            assert (np.asarray(opened)[y, x] == 255) is np.bool_(is_marked)
    assert rows[7]["message_id"] == rows[5]["message_id"]
    assert rows[8]["mask_parents"] == [rows[1]["message_id"]]
    assert rows[8]["facts"]["count"] == 2
    assert rows[9]["text"].startswith("2 ")
    files = rows[10]["files"]
    with rasterio.open(files["geotiff"]) as written, rasterio.open(picture) as original:
        assert (written.crs, written.transform) == (original.crs, original.transform)
        assert int(written.read(1).sum()) == marked[8]
    parts = json.loads(Path(files["geojson"]).read_text())["features"]
    assert sum(part["properties"]["pixels"] for part in parts) == marked[8]
    assert read_rows(Path(files["geopackage"]).read_bytes())[0]["pixels"].sum() == marked[8]
    assert int(coco.area(json.loads(Path(files["coco"]).read_text()))) == marked[8]
    with zipfile.ZipFile(files["bundle"]) as archive:
        assert archive.read("mask.tif") == Path(files["geotiff"]).read_bytes()
        provenance = json.loads(archive.read("provenance.json"))
    assert provenance["making"] == rows[8]["making"]
    assert provenance["image"]["crs_wkt"]
    assert provenance["model_digest"] == rows[0]["model_digest"]
    assert [one["is_equal"] for one in rows[11]["replayed"]] == [True] * 8
    again = CliRunner().invoke(app, ["replay", rows[0]["conversation_id"]])
    assert again.exit_code == 0, again.output
    assert "8 of 8 masks are equal" in again.stdout
