"""Text is stored as a database takes it and searched without regard to case or spelling of accents."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.texts import fold_for_search, to_storable


@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")))
def test_ordinary_text_is_stored_as_it_is(text: str) -> None:
    assert to_storable(text) == text


@given(text=st.text(st.characters()))
def test_stored_text_is_always_utf_8_without_nul(text: str) -> None:
    assert b"\x00" not in to_storable(text).encode("utf-8")


@pytest.mark.parametrize(
    ("written", "searched"),
    [("ÖREBRO", "örebro"), ("ПОЛЕ", "поле"), ("Straße", "STRASSE"), ("Öl", "O\u0308l"), ("ｆｉｅｌｄ", "field")],
)
def test_one_word_written_two_ways_is_searched_as_one(written: str, searched: str) -> None:
    assert fold_for_search(written) == fold_for_search(searched)
