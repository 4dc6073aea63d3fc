"""How well the router reads the corpus of utterances; run as a program it prints the figures of docs/quality.md.

python -m tests.assistant.routing.corpus_scoring
"""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from assistant.intents import Ask, Clarify, Command, Intent, Refine, Segment
from assistant.operation_json import to_rows
from assistant.routing.router import route

CORPUS = Path(__file__).parent / "corpus"
PARTS = ("development", "heldout")


@dataclass(frozen=True)
class Reading:
    """One utterance, what it should mean and what the router made of it, as rows of the corpus."""

    text: str
    expected: dict[str, object]
    read: dict[str, object]

    @property
    def is_right(self) -> bool:
        """Whether intent and operations are exactly as expected."""
        return self.expected == self.read


@dataclass(frozen=True)
class RoutingFigures:
    """Shares of the utterances, 0..1.

    Attributes:
        count: utterances.
        exact: read exactly as expected.
        questions_kept: of the new questions, those that were not taken for a refinement or a command.
        refinements_kept: of the refinements, those that were not taken for a new question.
        refinements_exact: of the refinements, those with exactly the expected operations.
    """

    count: int
    exact: float
    questions_kept: float
    refinements_kept: float
    refinements_exact: float


def read_corpus(part: str) -> list[Reading]:
    """Route every utterance of a part of the corpus, with a mask there; see `PARTS`."""
    readings = []
    for line in (CORPUS / f"{part}.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        text, point = row.pop("text"), row.pop("click_xy_px", None)
        intent = route(text, has_answer=True, point_xy_px=None if point is None else (point[0], point[1]))
        readings.append(Reading(text, row, _to_row(intent)))
    return readings


def measure(readings: list[Reading]) -> RoutingFigures:
    """Return the figures of some readings, which hold questions and refinements."""
    questions = [one for one in readings if one.expected["intent"] == "segment"]
    refinements = [one for one in readings if one.expected["intent"] == "refine"]
    return RoutingFigures(
        count=len(readings),
        exact=_share([one.is_right for one in readings]),
        questions_kept=_share([one.read["intent"] not in ("refine", "command", "clarify") for one in questions]),
        refinements_kept=_share([one.read["intent"] != "segment" for one in refinements]),
        refinements_exact=_share([one.is_right for one in refinements]),
    )


def _share(claims: list[bool]) -> float:
    return sum(claims) / len(claims)


def _to_row(intent: Intent) -> dict[str, object]:
    match intent:
        case Segment():
            return {"intent": "segment"}
        case Ask(topic=topic):
            return {"intent": "ask", "topic": str(topic)}
        case Refine(operations=operations):
            return {"intent": "refine", "operations": to_rows(operations)}
        case Clarify():
            return {"intent": "clarify"}
        case Command(kind=kind, steps=steps, answer=answer):
            row: dict[str, object] = {"intent": "command", "command": str(kind)}
            if kind in ("undo", "redo"):
                row["steps"] = steps
            return row if answer is None else {**row, "answer": answer}


def main() -> None:
    """Print the figures of each part, and how many utterances there are of each intent."""
    for part in PARTS:
        readings = read_corpus(part)
        intents = Counter(str(one.expected["intent"]) for one in readings)
        print(part, measure(readings), dict(intents))  # noqa: T201 - this is a program


if __name__ == "__main__":
    main()
