"""Scenes are put together from images of one source, and their answers compared with the joined targets."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from evaluation.commands import build_evaluate_app
from evaluation.packs.pack import Pack
from evaluation.packs.scenes import SceneKind, find_scenes
from tests.evaluation.tiny_packs import (
    HEIGHT,
    RED,
    ROOFS,
    WIDTH,
    question_row,
    write_annotations,
    write_lines,
    write_picture,
)
from tests.fakes.engine import FakeEngine


def _write_map_tiles(root: Path, places: tuple[tuple[int, int], ...]) -> None:
    names = [f"town/s1_z19_{column}_{row}" for row, column in places]
    rows = []
    for name in names:
        write_picture(root, name, ((ROOFS, RED),))
        rows.append(question_row(1, name, "val", "Mark the red roofs.", kind="class", instances=[1], empty=False))
        rows.append(question_row(2, name, "val", "Mark the blue pools.", **{"class": "swimming_pool"}))
    write_lines(root / "questions.jsonl", rows)
    sizes = [{"image_id": name, "height": HEIGHT, "width": WIDTH} for name in names]
    write_lines(root / "manifest.jsonl", sizes)
    write_annotations(root, "town", {1: ROOFS})


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    # Two by two, and one tile that lies apart.
    _write_map_tiles(tmp_path, ((7, 3), (7, 4), (8, 3), (8, 4), (20, 20)))
    return Pack(tmp_path)


def test_neighbours_are_joined_as_they_lie(pack: Pack) -> None:
    (scene,) = (one for one in find_scenes(pack, "val") if one.kind is SceneKind.NEIGHBOURS and "building" in one.name)

    ids = [[question.image_id.rpartition("/")[2] for question in row] for row in scene.rows]
    assert ids == [["s1_z19_3_7", "s1_z19_4_7"], ["s1_z19_3_8", "s1_z19_4_8"]]
    assert scene.draw(pack).shape == (2 * HEIGHT, 2 * WIDTH, 3)
    target = scene.load_target(pack)
    np.testing.assert_array_equal(target[HEIGHT:, :WIDTH], ROOFS)
    np.testing.assert_array_equal((scene.draw(pack) == RED).all(-1), target)


def test_a_sheet_shows_the_class_everywhere_or_nowhere(pack: Pack) -> None:
    sheets = [one for one in find_scenes(pack, "val") if one.kind is SceneKind.SHEET]

    targets = {scene.question: scene.load_target(pack) for scene in sheets}
    assert {question: bool(target.any()) for question, target in targets.items()} == {
        "Mark the red roofs.": True,
        "Mark the blue pools.": False,
    }


def test_the_command_reports_each_kind(pack: Pack, tmp_path: Path) -> None:
    app = build_evaluate_app(FakeEngine)
    result = CliRunner().invoke(app, ["scenes", str(tmp_path), "--split", "val", "--json"])

    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["present"]["neighbours"]["n"] == report["present"]["sheet"]["n"] == 1
    assert report["present"]["neighbours"]["gIoU"] == pytest.approx(1.0, abs=0.01)
    assert report["absent"] == {"n": 2, "accuracy": 1.0}
    assert len(report["scenes"]) == 4


def test_images_that_make_no_scene_are_a_sentence(tmp_path: Path) -> None:
    _write_map_tiles(tmp_path, ((7, 3), (20, 20)))
    result = CliRunner().invoke(build_evaluate_app(FakeEngine), ["scenes", str(tmp_path), "--json"])

    assert result.exit_code == 2
    assert "no question in the split val" in result.stderr
