import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from evaluation.benchmarks.published import CAVEAT
from evaluation.commands import build_evaluate_app
from evaluation.packs.report import MeasuredEngine
from tests.evaluation.benchmarks.tiny_benchmarks import (
    RRSIS_D_TARGETS,
    draw_box,
    encode,
    save_mask,
    write_earthreason,
    write_refsegrs,
    write_rrsis_d,
)
from tests.evaluation.tiny_packs import HEIGHT, POOL, WIDTH, write_pack
from tests.fakes.engine import FakeEngine


def refuse_model() -> MeasuredEngine:
    raise AssertionError("the model was built")


def run(*arguments: object, build_engine: Callable[[], MeasuredEngine] = refuse_model) -> Result:
    return CliRunner().invoke(build_evaluate_app(build_engine), [str(argument) for argument in arguments])


def run_json(*arguments: object, build_engine: Callable[[], MeasuredEngine] = refuse_model) -> dict[str, Any]:
    result = run(*arguments, "--json", build_engine=build_engine)
    assert result.exit_code == 0, result.output
    row: dict[str, Any] = json.loads(result.stdout)
    return row


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_earthreason(tmp_path / "data")


@pytest.fixture
def masks(tmp_path: Path) -> Path:
    # Targets: 20 x 10 = 200 px; 20 x 20 = 400 px; nothing.
    folder = tmp_path / "peer"
    save_mask(draw_box((0, 0, 20, 5)), folder / "10.png")  # 100 of 200
    save_mask(draw_box((10, 10, 30, 26)), folder / "2.png")  # 320 of 400
    save_mask(draw_box(None), folder / "7.png")  # rightly nothing
    return folder


def test_masks_of_another_system_print_the_figures_worked_by_hand(root: Path, masks: Path, tmp_path: Path) -> None:
    arguments = ("earthreason", root, "--predictions", masks, "--grid", "native", "--out", tmp_path / "out")
    row = run_json(*arguments)
    assert row["gIoU"] == pytest.approx((100 / 200.00001 + 320 / 400.00001 + 1) / 3, abs=1e-12)
    assert row["cIoU"] == pytest.approx(420 / 600)
    assert row["precision_at"] == {"0.5": 2 / 3, "0.6": 2 / 3, "0.7": 2 / 3, "0.8": 1 / 3, "0.9": 1 / 3}
    assert row["empty_accuracy"] == 1.0
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    for printed in ("76.67", "70.00", "66.67", "33.33", "68.60", CAVEAT):
        assert printed in result.stdout
    assert "100,200,200,100" in (tmp_path / "out/answers.csv").read_text()


def test_on_the_square_the_same_masks_are_compared_as_they_are_enlarged(
    root: Path, masks: Path, tmp_path: Path
) -> None:
    row = run_json("earthreason", root, "--predictions", masks, "--out", tmp_path / "out")
    # 60 x 40 becomes 1024 x 682: areas grow by 17.06 on both sides alike, up to whole pixels at the edges.
    assert row["grid"] == "square"
    assert row["gIoU"] == pytest.approx((0.5 + 0.8 + 1) / 3, abs=0.005)
    assert row["cIoU"] == pytest.approx(0.7, abs=0.005)


def test_run_lengths_score_as_the_same_masks_do(tmp_path: Path) -> None:
    root = write_rrsis_d(tmp_path / "data")
    listing = tmp_path / "peer.json"
    listing.write_text(json.dumps({str(number): encode(mask) for number, mask in RRSIS_D_TARGETS.items()}))
    row = run_json("rrsis-d", root, "--split", "test", "--predictions", listing, "--out", tmp_path / "out")
    assert row["n"] == 2
    assert row["cIoU"] == pytest.approx(1, abs=1e-9)
    assert row["predictions"] == "peer.json"


def test_a_rescored_folder_is_read_again(root: Path, masks: Path, tmp_path: Path) -> None:
    arguments = ("earthreason", root, "--predictions", masks, "--grid", "native", "--out", tmp_path / "out")
    assert run_json(*arguments)["precision_at"]["0.9"] == 1 / 3
    save_mask(draw_box((0, 0, 20, 10)), masks / "10.png")
    assert run_json(*arguments)["precision_at"]["0.9"] == 2 / 3


def test_the_model_is_asked_once_and_a_second_run_goes_on(root: Path, tmp_path: Path) -> None:
    engine = FakeEngine()
    arguments = ("earthreason", root, "--out", tmp_path / "out")
    assert run_json(*arguments, "--limit", "2", build_engine=lambda: engine)["n"] == 2
    assert len(engine.questions) == 2
    row = run_json(*arguments, build_engine=lambda: engine)
    assert len(engine.questions) == 3
    assert (row["n"], row["model_digest"]) == (3, engine.model_digest)
    assert Path(row["report"]).is_file()


def test_all_questions_report_how_far_answers_agree(root: Path, tmp_path: Path) -> None:
    # The second question of two samples makes the fake engine mark red as well: the answers are the same.
    row = run_json("earthreason", root, "--all-questions", "--out", tmp_path / "o", build_engine=FakeEngine)
    assert (row["n"], row["samples"], row["first_question"]["n"]) == (5, 3, 3)
    assert row["consistency"] == pytest.approx(1, abs=1e-6)
    assert row["targets_asked_for_more_than_once"] == 2


def test_our_own_answers_can_be_scored_as_predictions(root: Path, tmp_path: Path) -> None:
    asked = run_json("earthreason", root, "--all-questions", "--out", tmp_path / "a", build_engine=FakeEngine)
    again = run_json(
        "earthreason", root, "--all-questions", "--predictions", tmp_path / "a/masks.jsonl", "--out", tmp_path / "b"
    )
    for name in ("gIoU", "cIoU", "precision_at", "consistency"):
        assert again[name] == asked[name]


def test_lines_of_one_refsegrs_image_agree_with_each_other(tmp_path: Path) -> None:
    root = write_refsegrs(tmp_path / "data")
    row = run_json("refsegrs", root, "--out", tmp_path / "out", build_engine=FakeEngine)
    assert (row["n"], row["targets_asked_for_more_than_once"]) == (3, 1)


def test_without_out_each_run_has_a_folder_of_its_own(
    root: Path, masks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    row = run_json("earthreason", root, "--predictions", masks)
    assert row["report"] == "runs/benchmarks/earthreason-val-square-peer/report.html"
    assert (tmp_path / row["report"]).is_file()


def test_progress_goes_to_stderr(root: Path, masks: Path, tmp_path: Path) -> None:
    result = run("earthreason", root, "--predictions", masks, "--out", tmp_path / "out", "--json")
    assert "Scoring" in result.stderr
    assert "Scoring" not in result.stdout


def test_missing_masks_are_one_sentence_and_exit_code_2(root: Path, masks: Path, tmp_path: Path) -> None:
    (masks / "7.png").unlink()
    result = run("earthreason", root, "--predictions", masks, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "1 of 3 questions have no mask among the predictions; the first is 7" in result.stderr


def test_another_systems_results_are_not_mixed_with_ours(root: Path, masks: Path, tmp_path: Path) -> None:
    run_json("earthreason", root, "--out", tmp_path / "out", build_engine=FakeEngine)
    result = run("earthreason", root, "--predictions", masks, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "holds results of another run" in result.stderr
    assert "100,200" not in (tmp_path / "out/answers.csv").read_text()


def test_answers_in_another_precision_are_not_mixed(root: Path, tmp_path: Path) -> None:
    def measure(precision: str) -> Result:
        app = build_evaluate_app(FakeEngine, describe_precision=lambda: {"precision": precision})
        return CliRunner().invoke(app, ["earthreason", str(root), "--out", str(tmp_path / "out")])

    assert [measure("fp32").exit_code, measure("fp32").exit_code] == [0, 0]
    result = measure("nf4")
    assert result.exit_code == 2
    assert "different: precision" in result.stderr


def test_a_wrong_folder_is_one_sentence_and_exit_code_2(tmp_path: Path) -> None:
    for name in ("earthreason", "rrsis-d", "refsegrs"):
        result = run(name, tmp_path, "--json")
        assert result.exit_code == 2
        assert "docs/benchmarks.md" in json.loads(result.stdout)["error"]


def test_a_pack_takes_predictions_by_question_id(tmp_path: Path) -> None:
    root = write_pack(tmp_path / "pack")
    empty = np.zeros((HEIGHT, WIDTH), dtype=np.bool_)
    for name in ("town/a#1", "town/a#2", "town/a#3", "town/b#1", "town/b#2", "town/b#3"):
        save_mask(empty, tmp_path / f"peer/{name}.png")
    missing = run("pack", root, "--predictions", tmp_path / "peer")
    assert missing.exit_code == 2
    assert "park/p#1" in missing.stderr
    save_mask(POOL, tmp_path / "peer/park/p#1.png")
    row = run_json("pack", root, "--predictions", tmp_path / "peer")
    # Of seven questions the pool is right, the two about what is not there too, four answers are wrongly empty.
    assert row["gIoU"] == pytest.approx(3 / 7, abs=1e-6)
    assert (row["answered_by"], row["empty_accuracy"]) == ("predictions", 1.0)
    assert run("pack", root, "--predictions", tmp_path / "peer", "--constant").exit_code == 2
