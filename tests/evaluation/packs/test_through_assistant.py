import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from evaluation.commands import build_evaluate_app
from evaluation.packs.pack import Pack
from evaluation.packs.report import report_scores, score_questions, segment_with
from evaluation.packs.through_assistant import segment_through_assistant, segment_through_oracle
from tests.evaluation.tiny_packs import question_row, write_pack
from tests.fakes.engine import FakeEngine


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A pack with one more question, about the larger of the two roofs."""
    write_pack(tmp_path)
    row = question_row(
        9, "town/a", "val", "the largest red roof", kind="size", instances=[2], empty=False, template="big"
    )
    name = question_row(8, "town/a", "val", "all the red roofs", kind="class", instances=[1, 2], empty=False)
    with (tmp_path / "questions.jsonl").open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(row) + "\n" + json.dumps({**name, "template": "refer14"}) + "\n")
    return tmp_path


def score(root: Path, through: str) -> dict[str, Any]:
    arguments = ["pack", str(root), "--through", through, "--json"]
    result = CliRunner().invoke(build_evaluate_app(FakeEngine), arguments)
    assert result.exit_code == 0, result.output
    row: dict[str, Any] = json.loads(result.stdout)
    return row


def test_the_assistant_picks_the_largest_where_the_model_marks_all(root: Path) -> None:
    assert score(root, "model")["per_kind"]["size"]["gIoU"] < 0.8
    row = score(root, "assistant")
    assert row["per_kind"]["size"]["gIoU"] == pytest.approx(1.0, abs=1e-4)
    assert (row["answered_by"], row["model_digest"]) == ("assistant", FakeEngine().model_digest)


def test_questions_that_are_not_compound_are_answered_as_by_the_model(root: Path) -> None:
    pack = Pack(root)
    plain = [question for question in pack.select_questions("val") if question.kind == "class"]
    through = score_questions(pack, plain, segment_through_assistant(FakeEngine()))
    alone = score_questions(pack, plain, segment_with(FakeEngine()))
    assert report_scores(through, split="val") == report_scores(alone, split="val")


def test_the_oracle_shows_what_routing_alone_can_reach(root: Path) -> None:
    row = score(root, "oracle")
    assert row["per_kind"]["size"]["gIoU"] == pytest.approx(1.0, abs=1e-4)
    assert row["answered_by"] == "assistant with annotations"


def test_the_oracle_asks_no_model(root: Path) -> None:
    pack = Pack(root)
    questions = pack.select_questions("val")
    scored = score_questions(pack, questions, segment_through_oracle(pack, questions))
    assert len(scored) == len(questions)


def test_a_baseline_is_not_put_through_the_assistant(root: Path) -> None:
    arguments = ["pack", str(root), "--constant", "--through", "assistant"]
    result = CliRunner().invoke(build_evaluate_app(FakeEngine), arguments)
    assert result.exit_code == 2
    assert "--through" in result.output
