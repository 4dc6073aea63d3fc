from hypothesis import given
from hypothesis import strategies as st

from ui.limits import SHOWN_TEXT_LENGTH, shorten_text


@given(text=st.text(max_size=SHOWN_TEXT_LENGTH))
def test_text_within_the_limit_is_shown_whole(text: str) -> None:
    assert shorten_text(text) == text


def test_shortened_text_says_how_long_it_was() -> None:
    assert shorten_text("y" * 3_000).endswith("… (3,000 characters)")
