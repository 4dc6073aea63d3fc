"""The figures of routing count what was misread, and in which direction."""

import json

from typer.testing import CliRunner

from assistant.intents import Command, CommandKind, Refine
from assistant.operation_json import from_rows
from evaluation.commands import build_evaluate_app
from evaluation.routing import Reading, Row, measure, to_row
from evaluation.routing_command import report_routing
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


def test_an_intent_is_written_as_the_corpus_writes_it() -> None:
    operations = from_rows(LARGEST["operations"])
    assert to_row(Refine(operations, "the largest")) == LARGEST
    assert to_row(Command(CommandKind.UNDO, steps=2)) == {"intent": "command", "command": "undo", "steps": 2}
    assert to_row(Command(CommandKind.GO_BACK, answer=1)) == {"intent": "command", "command": "go_back", "answer": 1}
