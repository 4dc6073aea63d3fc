"""What asks for no mask gets a sentence, whether or not something is marked."""

import pytest

from assistant.intents import Choice, Clarify, Command, CommandKind, Segment
from assistant.routing.replies import (
    CORRECT_IT,
    NAME_SOMETHING,
    NO_REASONS,
    NOTHING_MARKED,
    ONE_AT_A_TIME,
    USE_THE_BUTTONS,
    WHAT_I_DO,
)
from assistant.routing.router import route
from assistant.routing.small_talk import LONGEST_SMALL_TALK, asks_for_description, is_chatter, says_it_is_wrong


@pytest.mark.parametrize("has_answer", [False, True])
@pytest.mark.parametrize(
    "text", ["Thank you, great!", "hello", "ok. thanks!", "Good morning", "Hi there, what can you do?", "help"]
)
def test_small_talk_is_no_question_to_the_image(text: str, *, has_answer: bool) -> None:
    assert is_chatter(text)
    assert route(text, has_answer=has_answer) == Clarify(WHAT_I_DO)


@pytest.mark.parametrize("text", ["", "thanks, now the ships", "help stations", "!", "test tracks"])
def test_small_talk_is_nothing_else(text: str) -> None:
    assert not is_chatter(text)


@pytest.mark.parametrize("has_answer", [False, True])
@pytest.mark.parametrize(
    "text",
    [
        "What is this image?",
        "what do you see?",
        "What can you see in this picture?",
        "Please describe this image.",
        "what objects are in this image?",
        "segment everything",
        "Detect all objects",
        "What is in the image",
        "find anything interesting",
        "tell me about this photo",
        "What does this satellite image show?",
        "where was this taken?",
        "what season is it?",
    ],
)
def test_nobody_describes_the_image_and_the_answer_says_what_to_ask_instead(text: str, *, has_answer: bool) -> None:
    assert asks_for_description(text)
    assert route(text, has_answer=has_answer) == Clarify(NAME_SOMETHING)


@pytest.mark.parametrize("has_answer", [False, True])
@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("export as geojson", USE_THE_BUTTONS),
        ("How do I download this?", USE_THE_BUTTONS),
        ("hide the mask", USE_THE_BUTTONS),
        ("make the mask blue", USE_THE_BUTTONS),
        ("zoom into the top left corner", USE_THE_BUTTONS),
        ("try again", USE_THE_BUTTONS),
        ("Can you check again?", USE_THE_BUTTONS),
        ("can I get a shapefile?", USE_THE_BUTTONS),
        ("highlight them in blue", USE_THE_BUTTONS),
        ("show me the original image", USE_THE_BUTTONS),
        ("combine all answers", ONE_AT_A_TIME),
        ("the difference between the first and the second answer", ONE_AT_A_TIME),
        ("why?", NO_REASONS),
        ("Why did you mark that?", NO_REASONS),
    ],
)
def test_what_a_button_does_and_what_nobody_can_say_is_told(text: str, sentence: str, *, has_answer: bool) -> None:
    assert route(text, has_answer=has_answer) == Clarify(sentence)


@pytest.mark.parametrize(
    "text",
    [
        "that's wrong",
        "you missed one",
        "You missed the one at the bottom left.",
        "there is one more in the top right corner",
        "that is not a ship",
        "these are not buildings, they are cars",
        "no, the other one",
        "this is not water",
    ],
)
def test_what_is_wrong_can_be_shown_or_undone(text: str) -> None:
    assert says_it_is_wrong(text)
    undo = Choice("undo that", Command(CommandKind.UNDO))
    assert route(text, has_answer=True) == Clarify(CORRECT_IT, (undo,))
    assert route(text, has_answer=False) == Clarify(NOTHING_MARKED)


@pytest.mark.parametrize(
    "text",
    ["it is not enough", "you forgot the bridge", "there are more ships", "what is not a ship", "they are not close"],
)
def test_what_names_a_thing_or_a_wish_is_not_just_wrong(text: str) -> None:
    assert not says_it_is_wrong(text)


@pytest.mark.parametrize("text", ["draw the blue pools", "save the ships", "why is the river brown?", "show the roads"])
def test_a_thing_is_no_button(text: str) -> None:
    assert route(text, has_answer=False) == Segment(text)


@pytest.mark.parametrize(
    "text",
    [
        "What is the largest building?",
        "What here is built with a hull and a deck?",
        "What do you see that could float?",
        "describe the largest ship",
        "segment everything that floats",
        "find all the objects that could fly",
        "what is this building?",
        "what do you see? " * LONGEST_SMALL_TALK,
    ],
)
def test_what_names_or_hints_at_something_is_looked_for(text: str) -> None:
    assert not asks_for_description(text)
    assert route(text, has_answer=False) == Segment(text)


@pytest.mark.parametrize(
    "text",
    [
        "only the largest",
        "which one is the biggest?",
        "a bit bigger",
        "invert it",
        "undo that",
        "remove that one",
        "how many are there?",
        "how big is it?",
    ],
)
def test_what_speaks_of_marks_where_there_are_none_is_told_so(text: str) -> None:
    assert route(text, has_answer=False) == Clarify(NOTHING_MARKED)


@pytest.mark.parametrize("text", ["only the ships", "the roads too", "everything within 30 m of the road"])
def test_what_names_a_thing_is_looked_for_all_the_same(text: str) -> None:
    assert route(text, has_answer=False) == Segment(text)
