"""What a message is for is read where no rule understands it, and never turns into a mask that nobody asked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.intents import Ask, Choice, Clarify, Command, CommandKind, Segment, Topic
from assistant.routing.purposes import LONGEST_MESSAGE, Purpose, read_purposes, refers_to_marks
from assistant.routing.replies import ABOUT_ME, NOT_MEASURED, USE_THE_BUTTONS
from assistant.routing.router import route
from evaluation.reading.purposes import measure_purposes, serves
from evaluation.reading.routing import read_rows


@pytest.mark.parametrize(
    ("text", "asked", "topic"),
    [
        ("so what does that come to in square meters, all in all?", "where are the fields?", Topic.AREA),
        ("do the tanks all have the same size?", "storage tanks", Topic.SIZES),
        ("distance between the two bridges pls", "mark the bridges", Topic.SPACING),
        ("how certain can I be that these are right?", "roofs", Topic.CONFIDENCE),
    ],
)
def test_questions_about_the_marks_are_answered_from_measurements(text: str, asked: str, topic: Topic) -> None:
    assert route(text, has_answer=True, asked=asked) == Ask(topic, text)


def test_what_names_another_thing_than_the_marks_is_put_to_the_image() -> None:
    text = "what share of the scene is forest?"
    assert route(text, has_answer=True, asked="where is the water?") == Segment(text)
    assert refers_to_marks(text, "all the forests")
    assert not refers_to_marks("tell me how many boats you see and outline them", "boats")


def test_nothing_is_told_of_the_marks_where_another_thing_is_named_behind_a_verb() -> None:
    text = "where exactly is the heliport?"
    assert not refers_to_marks(text, "Segment all the ships.")
    assert route(text, has_answer=True, asked="Segment all the ships.") == Segment(question=text)
    assert refers_to_marks("where exactly are the ships?", "Segment all the ships.")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("which model are you running on", ABOUT_ME),
        ("can I open this in QGIS as a shape file or something", USE_THE_BUTTONS),
    ],
)
def test_what_no_mask_answers_gets_a_sentence(text: str, sentence: str) -> None:
    assert route(text, has_answer=True, asked="boats") == Clarify(sentence)


def test_what_cannot_be_measured_is_told_and_can_still_be_put_to_the_image() -> None:
    text = "who owns these boats"
    assert route(text, has_answer=True, asked="boats") == Clarify(NOT_MEASURED, (Choice(text, Segment(text)),))


@pytest.mark.parametrize(
    "text",
    [
        "what percentage of this image is covered with trees?",
        "how much of the total is farmland",
        "what area do the solar panels cover together?",
        "how far apart are the two bridges?",
    ],
)
def test_nothing_is_told_of_the_marks_where_another_thing_is_named(text: str) -> None:
    assert route(text, has_answer=True, asked="where are the ships?") == Segment(text)


def test_words_that_nothing_is_known_of_are_put_to_the_image_where_they_ask_for_marks() -> None:
    assert route("Mark red once more", has_answer=True, asked="red boxes") == Segment("Mark red once more")


def test_a_move_in_unusual_words_is_offered_first_and_not_made() -> None:
    intent = route("scrap all of this and lets begin again", has_answer=True, asked="roads")
    assert isinstance(intent, Clarify)
    assert intent.choices[0].intent == Command(CommandKind.RESET)
    assert isinstance(intent.choices[-1].intent, Segment), "what it may mean of the image stays within reach"


@pytest.mark.parametrize(
    ("text", "clause"),
    [
        ("Invert it, I want everything that isn't water", "invert it"),
        ("delete the biggest one, thats not interesting for me", "delete the biggest one"),
    ],
)
def test_a_clause_that_the_rules_understand_is_offered_without_its_reason(text: str, clause: str) -> None:
    intent = route(text, has_answer=True, asked="lakes")
    assert isinstance(intent, Clarify)
    assert intent.choices[0].text == clause
    assert intent.choices[0].intent == route(clause, has_answer=True)


def test_before_anything_is_marked_only_what_is_surely_no_question_is_answered_in_words() -> None:
    assert route("what language model are you based on?", has_answer=False) == Clarify(ABOUT_ME)
    for text in ("which areas are safe from flooding?", "where could I land?", "is it safe to build here?"):
        assert route(text, has_answer=False) == Segment(text)


@given(st.text(max_size=300))
def test_any_text_has_chances(text: str) -> None:
    chances = read_purposes(text)
    assert sum(chances.values()) == pytest.approx(1)
    has_words = len(text) <= LONGEST_MESSAGE and any(character.isalpha() for character in text)
    assert has_words or chances == {Purpose.NEW: 1.0}


def test_messages_that_shaped_nothing_fare_as_the_documented_figures_say() -> None:
    figures = measure_purposes()
    assert figures["new"]["answered"] >= 0.9
    assert figures["all others"]["answered"] >= 0.75
    assert figures["all others"]["marked"] <= 0.14
    assert {row["purpose"] for row in read_rows("purposes_heldout")} == set(Purpose)


def test_an_offer_serves_and_another_topic_does_not() -> None:
    assert serves(Ask(Topic.AREA, "how big?"), Purpose.AREA)
    assert not serves(Ask(Topic.AREA, "how big?"), Purpose.COUNT)
    assert not serves(Segment("undo"), Purpose.UNDO)
