"""Phrases are compared with how likely they are anyway, and that is asked once for each."""

from collections.abc import Sequence

import pytest

from serving.cancellation import Cancellation
from serving.language.meanings import LEAD, LONGEST_SAID, SAYING_NOTHING, rate_meanings


class Rater:
    """Likes long replies, and those that share a word with the prompt even more."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    def rate_replies(
        self, lead: str, prompt: str, replies: Sequence[str], *, cancellation: Cancellation | None = None
    ) -> list[float]:
        assert lead == LEAD
        self.asked.append((prompt, tuple(replies)))
        return [len(reply) + 5.0 * any(word in prompt for word in reply.split()) for reply in replies]


def test_a_phrase_that_is_likely_anyway_has_no_advantage() -> None:
    rater, kept = Rater(), dict[str, float]()
    phrases = ["a very long phrase that says little", "holes"]
    assert rate_meanings(rater, "it has holes", phrases, kept) == [0.0, 5.0]
    assert SAYING_NOTHING in rater.asked[1][0]


def test_how_likely_a_phrase_is_anyway_is_asked_once() -> None:
    rater, kept = Rater(), dict[str, float]()
    rate_meanings(rater, "it has holes", ["holes", "holes", "specks"], kept)
    rate_meanings(rater, "it is dotted", ["specks", "edges"], kept)
    assert [replies for _, replies in rater.asked] == [
        ("holes", "holes", "specks"),
        ("holes", "specks"),
        ("specks", "edges"),
        ("edges",),
    ]


def test_what_is_kept_stays_bounded() -> None:
    kept: dict[str, float] = {}
    for number in range(30):
        rate_meanings(Rater(), "it", [f"phrase {number} {one}" for one in range(40)], kept)
    assert len(kept) <= 600


def test_nothing_is_asked_about_no_phrases() -> None:
    rater = Rater()
    assert rate_meanings(rater, "it", [], {}) == []
    assert rater.asked == []


@pytest.mark.parametrize("said", ['say "this" and\nthat', "long " * 200])
def test_what_was_said_stays_one_line_in_quotation_marks(said: str) -> None:
    rater = Rater()
    rate_meanings(rater, said, ["holes"], {})
    prompt = rater.asked[0][0]
    assert prompt.count("\n") == 1
    assert prompt.count('"') == 2
    assert len(prompt) <= LONGEST_SAID + 60
