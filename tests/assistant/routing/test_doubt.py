import pytest

from assistant.intents import Clarify, Segment
from assistant.routing.candidates import list_candidates
from assistant.routing.doubt import is_doubtful
from assistant.routing.router import route
from evaluation.reading.proposals import says_the_same
from evaluation.reading.routing import read_rows

UNCLEAR = [row for part in ("unclear_development", "unclear_heldout") for row in read_rows(part)]


@pytest.mark.parametrize(
    "text",
    ["it looks frayed", "you forgot the sheds", "no, that is worse", "the mask is too fat", "focus on the middle"],
)
def test_words_about_the_marks_are_asked_back(text: str) -> None:
    assert is_doubtful(text)
    assert isinstance(route(text, has_answer=True), Clarify)


@pytest.mark.parametrize(
    "text",
    [
        "where are the ships?",
        "a swimming pool might be there",
        "Give me a mask of the piers.",
        "From this overhead shot, select the boats.",
        "How much of the image is covered by water? Mark it.",
        "Taking the ship as reference, mask the tanks above it.",
        "the ship and its wake",
        "parking lots",
        "cars?",
        "Firefighters worry about large volumes of fuel. Where would they be held?",
        "that is a bit too tight " * 20,
    ],
)
def test_new_questions_are_not(text: str) -> None:
    assert not is_doubtful(text)
    assert route(text, has_answer=True) == Segment(text)


def test_before_any_answer_nothing_is_asked_back() -> None:
    assert route("it looks frayed", has_answer=False) == Segment("it looks frayed")


@pytest.mark.parametrize("row", UNCLEAR, ids=[str(row["text"]) for row in UNCLEAR])
def test_every_choice_is_understood_by_the_rules_and_the_new_question_comes_last(row: dict[str, object]) -> None:
    text = str(row["text"])
    intent = route(text, has_answer=True)
    if not isinstance(intent, Clarify) or not intent.choices:
        return
    *proposals, question = intent.choices
    assert question.intent == Segment(text)
    assert len({choice.text for choice in intent.choices}) == len(intent.choices)
    assert 0 <= intent.cued <= len(proposals)
    for choice in proposals:
        assert route(choice.text, has_answer=True) == choice.intent


def test_what_is_named_goes_with_the_words_around_it() -> None:
    def cued(text: str) -> list[str]:
        return [candidate.phrase for candidate in list_candidates(text) if candidate.has_cue]

    assert cued("the road should not be part of it")[0] == "remove the road"
    assert cued("you forgot the sheds")[0] == "add the sheds"
    assert cued("I meant the ones by the river")[0] == "keep only those near the river"
    assert cued("the right half is not interesting")[0] == "keep only those in the left half"
    assert cued("three are enough, the big ones")[0] == "keep only the three largest"


def test_wishes_and_questions_of_the_development_part_are_told_apart() -> None:
    for row in read_rows("unclear_development"):
        intent = route(str(row["text"]), has_answer=True)
        means = row["means"]
        assert isinstance(means, list)
        if row["kind"] == "wish" and not isinstance(intent, Clarify):
            assert any(says_the_same(intent, phrase) for phrase in means), f"{row['text']}: understood after all"
        elif row["kind"] != "chatter":
            assert isinstance(intent, Clarify) == (row["kind"] == "wish"), row["text"]
