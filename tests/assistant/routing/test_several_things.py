"""Several classes in one wish, and a wish with what is to be done afterwards."""

import pytest

from assistant.operations import BySize, Keep, Ranks, Remove, SmallBeside, Smooth, Unite
from assistant.planning import plan_question
from assistant.routing.doubt import is_doubtful
from assistant.routing.sequences import read_sequence
from assistant.routing.several_things import LONGEST_LIST, read_several


@pytest.mark.parametrize(
    ("question", "classes"),
    [
        ("planes and cars", ["planes", "cars"]),
        ("Show me the ships and the storage tanks, please.", ["ships", "storage tanks"]),
        ("buildings, roads and trees", ["buildings", "roads", "trees"]),
        ("mark all buildings as well as all pools", ["buildings", "pools"]),
        ("where are the planes, ships or cars?", ["planes", "ships", "cars"]),
    ],
)
def test_the_others_are_added_to_the_first(question: str, classes: list[str]) -> None:
    first, *others = classes
    several = read_several(question)
    assert several is not None
    assert several.class_name == first
    assert several.operations == tuple(Unite(other) for other in others)
    assert plan_question(question).question == f"Segment all the {first}."


@pytest.mark.parametrize(
    "question",
    [
        "trees and shrubs",  # one class
        "villages and towns",
        "ships",
        "the road and the river",  # single things
        "planes that land and cars",
        "where could people swim and sail?",
        "ships, cars, planes, roads, pools and tanks",  # all there is
        "planes and cars " * LONGEST_LIST,
    ],
)
def test_other_questions_stay_as_they_are(question: str) -> None:
    assert read_several(question) is None


def test_what_is_to_be_done_afterwards_is_done() -> None:
    for question in ("find the planes, then remove the small ones", "Find all planes and remove the small ones."):
        plan = plan_question(question)
        assert (plan.subject, plan.operations) == ("planes", (Remove(SmallBeside()),))
    several = read_sequence("planes and cars, then keep the three largest")
    assert several is not None
    assert several.operations == (Unite("cars"), Keep(BySize(Ranks(count=3))))


def test_while_a_mask_is_there_such_a_wish_is_a_new_question() -> None:
    question = "segment the trees and then smooth the outline"
    assert not is_doubtful(question)
    assert isinstance(plan_question(question).operations[0], Smooth)


@pytest.mark.parametrize(
    "question",
    [
        "find the planes",
        "find the planes, then the ships",
        "then remove the small ones",
        "planes, then " + "smooth " * 80,
    ],
)
def test_half_a_wish_is_no_sequence(question: str) -> None:
    assert read_sequence(question) is None
