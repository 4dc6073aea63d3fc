"""How well words are read: the corpus of utterances beside this file, routed, and compared with what they should mean.

`corpus/development.jsonl` is what the grammar was written with, `heldout.jsonl` what it was not; each row is an
utterance said while a mask is there; it may say how many images there are ("images", else one), and of what the mask is
a comparison ("compared"). `compound.jsonl` holds questions that a class and exact operations answer, `free.jsonl` such
questions in wordings that nobody saw who wrote rules or frames to learn from, and questions that only sound like them.
"""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.intent_json import intent_to_row
from assistant.operation_json import to_rows
from assistant.planning import understand
from assistant.routing.decomposition import Decomposition
from assistant.routing.router import route

CORPUS = Path(__file__).parent / "corpus"
PARTS = ("development", "heldout")
COMPOUND = "compound"
FREE = "free"

Row = dict[str, object]


@dataclass(frozen=True)
class Reading:
    """One utterance, what it should mean and what the router made of it, as rows of the corpus."""

    text: str
    expected: Row
    read: Row

    @property
    def is_right(self) -> bool:
        """Whether intent and operations are exactly as expected."""
        return self.expected == self.read


@dataclass(frozen=True)
class RoutingFigures:
    """Counts of utterances, and shares of them, 0..1.

    Attributes:
        count: utterances.
        exact: read exactly as expected.
        questions: new questions.
        questions_mistaken: of these, taken for a refinement, a command or a comparison, or answered by asking back.
        refinements: refinements.
        refinements_mistaken: of these, taken for a new question.
        refinements_exact: of these, with exactly the expected operations.
        intents: utterances of each expected intent.
    """

    count: int
    exact: float
    questions: int
    questions_mistaken: float
    refinements: int
    refinements_mistaken: float
    refinements_exact: float
    intents: dict[str, int]


def read_rows(part: str) -> list[Row]:
    """Return the rows of a part of the corpus; see `PARTS`."""
    return [json.loads(line) for line in (CORPUS / f"{part}.jsonl").read_text(encoding="utf-8").splitlines()]


def read_corpus(part: str) -> list[Reading]:
    """Route every utterance of a part of the corpus, with a mask there."""
    readings = []
    for row in read_rows(part):
        text, point = str(row.pop("text")), row.pop("click_xy_px", None)
        images, compared = row.pop("images", 1), row.pop("compared", None)
        intent = route(
            text,
            has_answer=True,
            point_xy_px=(point[0], point[1]) if isinstance(point, list) else None,
            image_count=int(str(images)),
            compared=None if compared is None else str(compared),
        )
        readings.append(Reading(text, row, intent_to_row(intent)))
    return readings


def read_compound() -> list[Reading]:
    """Take every compound question of the corpus apart."""
    readings = []
    for row in read_rows(COMPOUND):
        text = str(row.pop("text"))
        readings.append(Reading(text, row, _to_row(understand(text))))
    return readings


def measure_free(read: Callable[[str], Decomposition | str | None]) -> dict[str, float]:
    """Return how free wordings are read: counts, and shares of them, 0..1.

    Args:
        read: what is measured.
    """
    picks: list[tuple[Row, Row]] = []
    others: list[tuple[Row, Row]] = []
    for row in read_rows(FREE):
        found = _to_row(read(str(row.pop("text"))))
        (picks if row else others).append((row, found))
    return {
        "picks": len(picks),
        "exact": share([expected == found for expected, found in picks]),
        "wrong": share([bool(found) and expected != found for expected, found in picks]),
        "others": len(others),
        "others_mistaken": share([bool(found) for _, found in others]),
    }


def _to_row(meaning: Decomposition | str | None) -> Row:
    if not isinstance(meaning, Decomposition):
        return {}
    return {"class": meaning.class_name, "operations": to_rows(meaning.operations)}


def measure(readings: Sequence[Reading]) -> RoutingFigures:
    """Return the figures of some readings, which hold questions and refinements."""
    questions = [one for one in readings if one.expected["intent"] == "segment"]
    refinements = [one for one in readings if one.expected["intent"] == "refine"]
    return RoutingFigures(
        count=len(readings),
        exact=share([one.is_right for one in readings]),
        questions=len(questions),
        questions_mistaken=share([one.read["intent"] not in ("segment", "ask") for one in questions]),
        refinements=len(refinements),
        refinements_mistaken=share([one.read["intent"] == "segment" for one in refinements]),
        refinements_exact=share([one.is_right for one in refinements]),
        intents=dict(Counter(str(one.expected["intent"]) for one in readings)),
    )


def share(claims: Sequence[bool]) -> float:
    """Return the share of claims that hold; there is at least one."""
    return sum(claims) / len(claims)
