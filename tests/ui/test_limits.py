import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.errors import QueueFullError, TooManyTurnsError
from ui.limits import SHOWN_TEXT_LENGTH, TurnLimits, shorten_text

LIMITS = TurnLimits(total=5, per_owner=2)


def test_one_person_cannot_take_the_whole_line() -> None:
    with pytest.raises(TooManyTurnsError, match="2 questions waiting"):
        LIMITS.check(total=2, per_owner=2)


def test_full_line_is_said_with_its_length() -> None:
    with pytest.raises(QueueFullError, match="5 questions waiting"):
        LIMITS.check(total=5, per_owner=0)


@given(total=st.integers(0, 4), per_owner=st.integers(0, 1))
def test_below_the_limits_everybody_may_ask(total: int, per_owner: int) -> None:
    LIMITS.check(total=total, per_owner=per_owner)


@given(text=st.text(max_size=SHOWN_TEXT_LENGTH))
def test_text_within_the_limit_is_shown_whole(text: str) -> None:
    assert shorten_text(text) == text


def test_shortened_text_says_how_long_it_was() -> None:
    assert shorten_text("y" * 3_000).endswith("… (3,000 characters)")
