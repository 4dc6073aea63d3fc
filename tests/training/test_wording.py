"""Mirrored images keep true words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.wording import is_ranked, is_spatial, mirror_text


@pytest.mark.parametrize(
    ("text", "left_right", "top_bottom", "expected"),
    [
        ("The ship on the far left", True, False, "The ship on the far right"),
        ("Which is the leftmost tank?", True, False, "Which is the rightmost tank?"),
        ("The top-left corner", True, True, "The bottom-right corner"),
        ("the top-leftmost building", True, False, "the top-rightmost building"),
        ("Left of the track", True, False, "Right of the track"),
        ("the court above the track", False, True, "the court below the track"),
        ("Which pool is furthest up?", False, True, "Which pool is furthest down?"),
        ("The ship on the far left", False, True, "The ship on the far left"),
        ("Highlight all airplanes.", True, True, "Highlight all airplanes."),
        ("Which swimming pool do you reach first from the left?", True, False, None),
    ],
)
def test_words_of_place_follow_the_flip(text: str, left_right: bool, top_bottom: bool, expected: str | None) -> None:
    assert mirror_text(text, left_right=left_right, top_bottom=top_bottom) == expected


@given(
    words=st.lists(
        st.sampled_from(["the", "left", "right", "top", "lower", "upper", "ship", "below", "leftmost", "up"]),
        min_size=1,
        max_size=8,
    ),
    left_right=st.booleans(),
    top_bottom=st.booleans(),
)
def test_two_flips_give_the_text_back(words: list[str], left_right: bool, top_bottom: bool) -> None:
    text = " ".join(words)
    once = mirror_text(text, left_right=left_right, top_bottom=top_bottom)
    assert once is not None
    assert mirror_text(once, left_right=left_right, top_bottom=top_bottom) == text


def test_places_and_ranks_are_recognised() -> None:
    assert is_spatial("buildings in the lower half")
    assert not is_spatial("Where are the vehicles?")
    assert is_ranked("The second largest pool")
    assert not is_ranked("Mark every pool.")
