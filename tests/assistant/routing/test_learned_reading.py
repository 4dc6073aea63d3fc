"""Wordings that no rule foresees come to the same operations as plain ones, and other questions stay what they are."""

import pytest

from assistant.planning import plan_question, understand
from assistant.routing.decomposition import Decomposition, decompose
from assistant.routing.learned_reading import read_freely
from assistant.routing.reading_features import generalise, place_features, split_words
from evaluation.reading.routing import measure_free


@pytest.mark.parametrize(
    ("free", "plain"),
    [
        ("If you swept a line in from the left border, which gasometer would it hit first?", "the leftmost gasometer"),
        ("Which two of the gasometers would win a contest for size?", "the two largest gasometers"),
        ("I need the gasometer exceeded in area by only one other.", "the second largest gasometer"),
        ("Go through the lower half of the photograph and flag the gasometers.", "gasometers in the lower half"),
        ("Find the tower, then trace each of the gasometers below it.", "the gasometers below the tower"),
    ],
)
def test_a_free_wording_comes_to_the_operations_of_a_plain_one(free: str, plain: str) -> None:
    assert decompose(free) is None, "no rule foresees it"
    assert understand(free) == decompose(plain)


@pytest.mark.parametrize(
    ("sentence", "class_name"),
    [
        ("smallest paved area only, please", "paved areas"),
        ("Highlight whichever gasometer is largest.", "gasometers"),
        ("The largest tennis court by far, pls.", "tennis courts"),
        ("What arena is right at the heart of the picture?", "arenas"),
        ("Which of the gasometers make up the two biggest?", "gasometers"),
    ],
)
def test_words_of_asking_are_no_part_of_a_name(sentence: str, class_name: str) -> None:
    meaning = understand(sentence)
    assert isinstance(meaning, Decomposition)
    assert meaning.class_name == class_name


def test_a_wish_for_all_of_a_class_is_put_in_the_one_wording() -> None:
    assert plan_question("Check for gasometers and mask whatever you find.").question == "Segment all the gasometers."


@pytest.mark.parametrize(
    "question",
    [
        "Where could a plane be repaired?",
        "Which ground is unsafe to walk on after the storm?",
        "What would a lifeguard sit beside?",
        "",
        "?",
        "the",
        "left left left left",
        "in the upper half",
        "word " * 200,
        "<b>largest</b>",
        "Somewhere around 30 m of the pier there should be gasometers, which are they?",
        "gasometers left of the pier but not the largest",
        "Over in the left half, which gasometer happens to be the largest of the lot?",
    ],
)
def test_what_is_no_pick_is_left_to_the_model(question: str) -> None:
    assert read_freely(question) is None


def test_free_wordings_are_read_as_well_as_the_documented_figures_say() -> None:
    rules, learned = measure_free(decompose), measure_free(understand)
    assert learned["exact"] > 0.8 > 0.5 > rules["exact"]
    assert learned["wrong"] < 0.09
    assert learned["others_mistaken"] < 0.04


def test_places_and_numbers_are_recognised_before_words_are() -> None:
    split = split_words("The two ships in the upper left quarter, not the top-left corner's.")
    assert split.find("region") == ("upper left quarter",)
    assert split.find("corner") == ("top left corner",)
    assert split.find("count") == ("two",)
    assert [word for word in split.words if word.startswith("@")] == ["@count", "@region", "@corner"]


def test_an_unknown_word_is_its_ending() -> None:
    assert [generalise(word, {"the"}) for word in ("the", "ships", "glass", "building", ",")] == [
        "the", "<s>", "<word>", "<ing>", ",",
    ]  # fmt: skip


def test_every_sentence_has_a_place_of_its_own_and_one_for_all() -> None:
    places = place_features(["u:ship", "u:pier"], 2**14 + 1)
    assert places.tolist()[-1] == 2**14
    assert all(0 <= place < 2**14 for place in places[:-1])
