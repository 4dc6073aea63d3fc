import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from evaluation.commands import build_evaluate_app
from evaluation.packs.report import MeasuredEngine
from serving.errors import CheckpointMissingError
from tests.evaluation.tiny_packs import write_pack
from tests.fakes.engine import FakeEngine


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_pack(tmp_path)


def run(engine: FakeEngine, *arguments: object) -> Result:
    return CliRunner().invoke(build_evaluate_app(lambda: engine), [str(argument) for argument in arguments])


def run_json(engine: FakeEngine, *arguments: object) -> dict[str, Any]:
    result = run(engine, *arguments, "--json")
    assert result.exit_code == 0, result.output
    row: dict[str, Any] = json.loads(result.stdout)
    return row


def test_json_alone_is_on_stdout_with_all_figures(root: Path) -> None:
    row = run_json(FakeEngine(), "pack", root, "--split", "val")
    figures = {"gIoU", "cIoU", "precision_at", "empty_accuracy", "n"}
    assert figures < set(row)
    assert set(row["precision_at"]) == {"0.5", "0.7", "0.9"}
    assert set(row["per_kind"]["region"]) == figures
    assert (row["n"], row["split"], row["answered_by"]) == (7, "val", "model")
    assert row["model_digest"] == FakeEngine().model_digest


def test_progress_goes_to_stderr(root: Path) -> None:
    result = run(FakeEngine(), "pack", root, "--json")
    assert "Asking" in result.stderr
    assert "Asking" not in result.stdout


def test_a_limit_asks_so_many_questions(root: Path) -> None:
    engine = FakeEngine()
    assert run_json(engine, "pack", root, "--limit", "4")["n"] == 4
    assert len(engine.questions) == 4


def test_sources_restrict_the_questions(root: Path) -> None:
    assert set(run_json(FakeEngine(), "pack", root, "--sources", "park, elsewhere")["per_source"]) == {"park"}


def test_blank_questions_hide_the_words_from_the_model(root: Path) -> None:
    engine = FakeEngine()
    row = run_json(engine, "pack", root, "--blank-questions")
    assert set(engine.questions) == {""}
    assert row["questions"] == "blank"


def test_the_constant_mask_never_asks_the_model(root: Path) -> None:
    def refuse() -> MeasuredEngine:
        raise AssertionError("the model was built")

    result = CliRunner().invoke(build_evaluate_app(refuse), ["pack", str(root), "--constant", "--json"])
    assert result.exit_code == 0, result.output
    row = json.loads(result.stdout)
    assert row["answered_by"] == "constant mask"
    assert 0.0 < row["train_gIoU"] < 1.0


def test_the_two_baselines_exclude_each_other(root: Path) -> None:
    assert run(FakeEngine(), "pack", root, "--constant", "--blank-questions").exit_code == 2


def test_without_json_there_is_a_table(root: Path) -> None:
    result = run(FakeEngine(), "pack", root)
    assert result.exit_code == 0, result.output
    for part in ("gIoU", "kind: region", "source: park", "template: heldout"):
        assert part in result.stdout


def test_a_folder_without_data_is_one_sentence_and_exit_code_2(tmp_path: Path) -> None:
    result = run(FakeEngine(), "pack", tmp_path, "--json")
    assert result.exit_code == 2
    assert "manifest.jsonl" in json.loads(result.stdout)["error"]
    assert "Traceback" not in result.stderr


def test_missing_weights_are_one_sentence_and_exit_code_2(root: Path) -> None:
    engine = FakeEngine(failure=CheckpointMissingError(what="mask decoder", remedy="Run `segearth doctor`."))
    result = run(engine, "pack", root)
    assert result.exit_code == 2
    assert "Run `segearth doctor`." in result.stderr


def test_a_split_without_questions_is_refused(root: Path) -> None:
    result = run(FakeEngine(), "pack", root, "--split", "test")
    assert result.exit_code == 2
    assert "no question in the split test" in result.stderr


def test_speed_prints_both_turns_as_json() -> None:
    row = run_json(FakeEngine(), "speed", "--side", "32", "--images", "1")
    assert set(row["first"]["stages_s"]) - set(row["second"]["stages_s"]) == {"encode"}
    assert row["speedup"] > 0


def test_speed_prints_a_table() -> None:
    result = run(FakeEngine(), "speed", "--side", "32", "--images", "1")
    assert result.exit_code == 0, result.output
    assert "cached" in result.stdout
