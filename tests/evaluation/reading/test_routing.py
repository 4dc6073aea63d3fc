"""The figures of routing count what was misread, and in which direction."""

import json

import pytest
from typer.testing import CliRunner

from evaluation.commands import build_evaluate_app
from evaluation.reading.command import report_routing
from evaluation.reading.proposals import UNCLEAR_PARTS, report_proposals
from evaluation.reading.routing import Reading, Row, measure, read_rows
from tests.fakes.engine import FakeEngine

LARGEST: Row = {"intent": "refine", "operations": [{"op": "keep", "criterion": {"is": "by_size"}}]}
SMALLEST: Row = {"intent": "refine", "operations": [{"op": "keep", "criterion": {"is": "by_size", "smallest": True}}]}
QUESTION: Row = {"intent": "segment"}


def test_what_is_taken_for_something_else_is_counted_in_its_own_direction() -> None:
    figures = measure(
        [
            Reading("where are the ships?", QUESTION, QUESTION),
            Reading("ships", QUESTION, {"intent": "clarify"}),
            Reading("roads", QUESTION, LARGEST),
            Reading("water", QUESTION, {"intent": "ask", "topic": "area"}),
            Reading("the largest", LARGEST, LARGEST),
            Reading("the tiniest", LARGEST, SMALLEST),
            Reading("the lot", LARGEST, QUESTION),
            Reading("some", LARGEST, {"intent": "clarify"}),
        ]
    )
    assert (figures.count, figures.questions, figures.refinements) == (8, 4, 4)
    assert figures.exact == 2 / 8
    assert figures.questions_mistaken == 2 / 4
    assert figures.refinements_mistaken == 1 / 4
    assert figures.refinements_exact == 1 / 4
    assert figures.intents == {"segment": 4, "refine": 4}


def test_the_report_names_each_misread_utterance_and_all_of_it_is_json() -> None:
    report = report_routing()
    assert json.loads(json.dumps(report)) == report
    for one in report["misread"]:
        assert one["read"] != one["expected"]
    assert len(report["misread"]) == sum(
        round(report[part]["count"] * (1 - report[part]["exact"])) for part in ("development", "heldout")
    )


def test_the_command_prints_the_report_and_asks_no_model() -> None:
    engine = FakeEngine()
    app = build_evaluate_app(lambda: engine)
    printed = CliRunner().invoke(app, ["routing", "--json"])
    assert json.loads(printed.stdout) == report_routing()
    table = CliRunner().invoke(app, ["routing"])
    assert "taken for a new question" in table.stdout
    assert engine.questions == []


def test_what_is_proposed_is_counted_for_each_way_of_ordering() -> None:
    engine = FakeEngine()
    advanced: list[None] = []
    report = report_proposals("unclear_development", engine, lambda: advanced.append(None))
    rows = read_rows("unclear_development")
    assert len(advanced) == len(rows) == sum(report[kind] for kind in ("wishes", "questions", "chatter"))
    assert len(engine.rated) == report["wishes"]
    for figures in (report["first_right"], report["shown_right"]):
        assert all(0.0 <= figures[way] <= 1.0 for way in ("cues", "model", "both"))
    for way in ("cues", "model", "both"):
        assert report["first_right"][way] <= report["shown_right"][way]
    assert report["shown_right"]["both"] == pytest.approx(1 - len(report["wrong"]) / report["wishes"])
    assert json.loads(json.dumps(report)) == report


def test_even_unusual_new_questions_are_seldom_asked_back() -> None:
    # The clear ones are in the other parts of the corpus, where at most 5% may be.
    development, heldout = (report_proposals(part, FakeEngine(), lambda: None) for part in UNCLEAR_PARTS)
    assert development["questions_asked_back"] == 0
    assert heldout["questions_asked_back"] <= 0.1


def test_with_proposals_the_command_asks_the_language_model_and_says_which() -> None:
    engine = FakeEngine()
    app = build_evaluate_app(lambda: engine)
    row = json.loads(CliRunner().invoke(app, ["routing", "--proposals", "--json"]).stdout)
    assert row["model_digest"] == engine.model_digest
    assert row["unclear_heldout"]["wishes"] > 50
    assert "among the choices shown" in CliRunner().invoke(app, ["routing", "--proposals"]).stdout
