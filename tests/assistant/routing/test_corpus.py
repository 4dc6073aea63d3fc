from collections import Counter

import pytest

from assistant.operation_json import from_rows, to_rows
from evaluation.reading.routing import PARTS, measure, read_corpus, read_rows


def test_the_corpus_has_more_than_four_hundred_utterances_and_none_twice() -> None:
    texts = Counter(
        (str(row["text"]).lower(), str(row.get("click_xy_px"))) for part in PARTS for row in read_rows(part)
    )
    assert len(texts) >= 400
    # A few everyday phrases may be in both parts; more would make the held-out figures worthless.
    assert sum(count > 1 for count in texts.values()) <= 3


@pytest.mark.parametrize("part", PARTS)
def test_expected_operations_are_written_as_the_program_writes_them(part: str) -> None:
    for row in read_rows(part):
        rows = row.get("operations", [])
        assert to_rows(from_rows(rows)) == rows


def test_every_utterance_of_the_development_part_is_read_exactly() -> None:
    assert [one for one in read_corpus("development") if not one.is_right] == []


def test_held_out_utterances_are_read_as_well_as_the_documented_figures_say() -> None:
    figures = measure(read_corpus("heldout"))
    assert figures.exact >= 0.95
    assert figures.questions_mistaken <= 0.05
    assert figures.refinements_mistaken <= 0.05
