"""Words that drop what was asked before are no part of what is asked for now."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.intents import Refine, Segment
from assistant.planning import plan_question
from assistant.routing.openings import strip_opening
from assistant.routing.router import route


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("Forget that, find the tennis courts", "find the tennis courts"),
        ("never mind, show the roads", "show the roads"),
        ("New question: where can boats dock?", "where can boats dock"),
        ("Actually I meant the basketball courts", "the basketball courts"),
        ("no, i was looking for ships", "ships"),
        ("Instead of planes show me ships", "show me ships"),
        ("now do the same for ships", "ships"),
        ("The same for all buildings, please", "buildings, please"),
    ],
)
def test_what_is_asked_for_now_is_put_to_the_image(text: str, asked: str) -> None:
    assert strip_opening(text) == asked
    assert route(text, has_answer=True) == Segment(text)
    assert plan_question(text) == plan_question(asked)


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("Forget that, undo it", "undo it"),
        ("ignore that, how sure are you?", "how sure are you"),
        ("never mind, thanks", "thanks"),
    ],
)
def test_what_follows_may_be_about_the_marks_after_all(text: str, rest: str) -> None:
    assert route(text, has_answer=True) == route(rest, has_answer=True)


def test_a_wish_in_place_of_another_keeps_its_operations() -> None:
    after, alone = route("ignore that, make it bigger", has_answer=True), route("make it bigger", has_answer=True)
    assert isinstance(after, Refine)
    assert isinstance(alone, Refine)
    assert after.operations == alone.operations


@pytest.mark.parametrize(
    "text",
    [
        "where are the ships?",
        "i meant the large ones",
        "I meant those on the left",
        "forget it",
        "the same in the second image",
        "do the same here",
        "instead of grass, concrete",
        "forget " * 60,
    ],
)
def test_what_drops_nothing_stays_whole(text: str) -> None:
    assert strip_opening(text) is None


@given(st.text(max_size=300))
def test_any_text_is_read_without_failing(text: str) -> None:
    assert strip_opening(text) != ""
