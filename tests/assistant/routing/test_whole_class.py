"""All of a class, in many words; and questions that ask for something else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.planning import Plan, plan_question
from assistant.routing.whole_class import read_thing, read_whole_class


@pytest.mark.parametrize(
    "question",
    [
        "ponds",
        "all the ponds",
        "Isolate every pond.",
        "Colour in the ponds, please.",
        "Could you paint all of the ponds for me?",
        "Cut out the ponds from the background.",
        "In this aerial image, please outline each pond.",
        "Give me a mask of the ponds",
        "Which pixels belong to the ponds?",
        "Where in the image do you see ponds?",
        "Where are the ponds located?",
        "Show me where the ponds are.",
        "Does this picture contain any ponds?",
        "Are there ponds here?",
        "I want to see the ponds.",
        "We are interested in the areas covered by ponds",
        "Label the ponds in this satellite picture.",
        "How much of the image is covered by ponds? Mark it.",
        "What share of the scene is ponds?",
        "Estimate the coverage of the ponds and show it.",
        "Do you see ponds here? Outline them if so.",
    ],
)
def test_a_wish_for_all_of_a_class_is_put_in_one_wording(question: str) -> None:
    assert read_whole_class(question) == "ponds"
    assert plan_question(question) == Plan("Segment all the ponds.", None, ())


@pytest.mark.parametrize(
    "question", ["pond", "Outline the pond.", "Where is the pond?", "is there a pond in this picture?"]
)
def test_a_thing_named_alone_is_put_in_that_wording_too(question: str) -> None:
    assert read_thing(question) == "ponds"
    assert plan_question(question) == Plan("Segment all the ponds.", None, ())


@pytest.mark.parametrize("question", ["another pond", "my pond", "the deepest pond", "the gizmo", "a single pond"])
def test_one_of_several_is_no_thing_named_alone(question: str) -> None:
    assert read_thing(question) is None


@pytest.mark.parametrize(
    "question",
    [
        "Where could a boat moor?",  # a purpose
        "Which places would flood first?",
        "Where is the water deepest?",
        "the gizmo",  # no name that is known
        "What is this?",
        "hello",
        "",
        "Show me everything.",
        "Mark the areas where people could swim.",
        "The ponds that were dug last year",
        "ponds and " + "more ponds " * 40,
    ],
)
def test_any_other_question_is_put_as_it_was_typed(question: str) -> None:
    assert read_whole_class(question) is None


def test_picks_among_the_class_stay_operations() -> None:
    plan = plan_question("Colour in the largest pond.")
    assert plan.question == "Segment all the ponds."
    assert plan.operations


@given(st.text(max_size=80))
def test_no_text_is_too_strange(question: str) -> None:
    name = read_whole_class(question)
    assert name is None or name.strip() == name != ""
