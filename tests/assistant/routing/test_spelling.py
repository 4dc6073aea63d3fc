"""Slips of the keyboard are mended; words that English has, names and short words stay."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.intents import Command, CommandKind, Refine, Segment
from assistant.routing.router import route
from assistant.routing.spelling import Correction, correct_spelling, describe_corrections


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Where are the airplnes?", "Where are the airplanes?"),
        ("Wehre are the bulidings", "Where are the buildings"),
        ("the largset storage tnak", "the largest storage tank"),
        ("mark all swiming pools!", "mark all swimming pools!"),
        ("roads near the rivver", "roads near the river"),
    ],
)
def test_a_slip_is_mended(text: str, read: str) -> None:
    assert correct_spelling(text).text == read


@pytest.mark.parametrize(
    "text",
    [
        "Where is the plain?",  # a word of its own, beside "plane"
        "the bridle path",  # beside "bridge"
        "ships in the harbour within 20 metres",
        "buildings around Bozen",  # a name
        "the tpi",  # too short to tell
        "covfefe everywhere",  # close to nothing
        "mark the sub-statoin",  # part of a word
        "Flugzeuge",
        "",
    ],
)
def test_what_may_be_meant_as_it_stands_stays(text: str) -> None:
    reading = correct_spelling(text)
    assert reading.text == text
    assert reading.corrections == ()


def test_capitals_and_what_stands_around_are_kept() -> None:
    reading = correct_spelling("Bulidings (raods), please")
    assert reading.text == "Buildings (roads), please"
    assert reading.corrections == (Correction("Bulidings", "Buildings"), Correction("raods", "roads"))


def test_the_sentence_names_each_correction_once() -> None:
    reading = correct_spelling("raods, raods and bulidings")
    assert describe_corrections(reading.corrections) == "I read “raods” as “roads” and “bulidings” as “buildings”."


@given(st.text(alphabet=string.ascii_letters + " .,?'-é1", max_size=40))
def test_a_mended_text_needs_no_mending(text: str) -> None:
    once = correct_spelling(text)
    assert correct_spelling(once.text).corrections == ()
    assert once.corrections or once.text == text


def test_refinements_and_commands_are_read_through_a_slip() -> None:
    refined = route("remvoe the largset", has_answer=True)
    assert isinstance(refined, Refine)
    assert refined.text == "remvoe the largset"
    assert route("unod that", has_answer=True) == Command(CommandKind.UNDO)


def test_a_question_keeps_the_words_that_were_typed() -> None:
    assert route("Where are the airplnes?", has_answer=False) == Segment(question="Where are the airplnes?")
