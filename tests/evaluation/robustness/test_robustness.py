import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner, Result

from evaluation.commands import build_evaluate_app
from evaluation.packs.pack import Pack
from evaluation.pictures import read_size
from evaluation.robustness.disturbances import DISTURBANCES
from evaluation.robustness.measuring import TYPOS, draw_images, measure_robustness
from tests.evaluation.tiny_packs import write_pack
from tests.fakes.engine import FakeEngine


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_pack(tmp_path)


def run(root: Path, *arguments: str) -> Result:
    return CliRunner().invoke(build_evaluate_app(FakeEngine), ["robustness", str(root), *arguments])


def run_json(root: Path, *arguments: str) -> dict[str, Any]:
    result = run(root, "--json", *arguments)
    assert result.exit_code == 0, result.output
    report: dict[str, Any] = json.loads(result.stdout)
    return report


def test_an_engine_that_goes_by_colour_does_not_mind_turns_and_loses_without_colour(root: Path) -> None:
    disturbances = run_json(root)["disturbances"]
    for name in ("turned by 90°", "turned by 180°", "turned by 270°"):
        assert disturbances[name]["mask_iou"] == pytest.approx(1.0, abs=1e-5)
        # The two questions about the left half are not asked of turned pictures.
        assert disturbances[name]["n"] == 5
        assert disturbances[name]["unchanged_gIoU"] == disturbances[name]["gIoU"] == pytest.approx(1.0, abs=1e-5)
    assert disturbances["grey"]["n"] == 7
    # Nothing is marked any more: right for the two pools that are not there, and equal to before there too.
    assert disturbances["grey"]["gIoU"] == pytest.approx(2 / 7, abs=1e-5)
    assert disturbances["grey"]["mask_iou"] == pytest.approx(2 / 7, abs=1e-5)


def test_typos_are_asked_of_the_picture_itself_and_changed_ones_once_each(root: Path) -> None:
    calls: list[tuple[Path, list[str]]] = []

    def segment(path: Path, texts: Sequence[str]) -> Iterable[NDArray[np.bool_]]:
        calls.append((path, list(texts)))
        return [np.zeros(read_size(path), np.bool_) for _ in texts]

    pack = Pack(root)
    questions = [one for one in pack.select_questions("val") if one.image == "images/town/a.png"]
    measure_robustness(pack, questions, segment, seed=0)
    path, texts = pack.image_path(questions[0]), [one.question for one in questions]
    assert calls[0] == (path, texts)
    misspelt = calls[1][1]
    assert calls[1][0] == path
    for text, typed in zip(texts, misspelt, strict=True):
        assert typed != text
        assert sorted(typed) == sorted(text)
    assert len(calls) == 2 + len(DISTURBANCES)
    assert all(changed != path and set(asked) <= set(texts) for changed, asked in calls[2:])


def test_answers_to_several_wordings_of_one_target_are_compared_with_each_other(root: Path) -> None:
    rows = (root / "questions.jsonl").read_text().splitlines()
    # The same roofs of town/a in words that this engine reads as another colour.
    again = {**json.loads(rows[0]), "id": "town/a#9", "question": "Mark the white roofs."}
    (root / "questions.jsonl").write_text("\n".join([*rows, json.dumps(again)]) + "\n")
    wordings = run_json(root)["wordings"]
    assert wordings == {"targets": 1, "mask_iou": 0.0}


def test_nothing_is_said_of_wordings_where_each_target_has_one(root: Path) -> None:
    assert run_json(root)["wordings"] == {"targets": 0, "mask_iou": None}


def test_images_are_drawn_by_seed_with_all_their_questions(root: Path) -> None:
    questions = Pack(root).select_questions("val")
    draws = {tuple({one.image for one in draw_images(questions, 1, seed)}) for seed in range(12)}
    assert len(draws) == 3
    assert draw_images(questions, 2, 5) == draw_images(questions, 2, 5)
    assert draw_images(questions, 99, 0) == questions
    images = {one.image for one in draw_images(questions, 1, 0)}
    assert len(draw_images(questions, 1, 0)) == sum(one.image in images for one in questions)


def test_a_table_names_every_disturbance(root: Path) -> None:
    result = run(root, "--images", "1", "--assistant")
    assert result.exit_code == 0, result.output
    for name in (TYPOS, *DISTURBANCES):
        assert name in result.stdout


def test_a_split_without_questions_is_refused(root: Path) -> None:
    result = run(root, "--split", "test")
    assert result.exit_code == 2
    assert "no question in the split test" in result.stderr
