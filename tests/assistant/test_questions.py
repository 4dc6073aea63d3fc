import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.questions import LONGEST_QUESTION, check_question, title_conversation
from serving.errors import QuestionEmptyError, QuestionTooLongError


@given(text=st.text(st.characters(), max_size=60))
def test_what_is_checked_can_be_stored_and_is_stable(text: str) -> None:
    try:
        question = check_question(text)
    except QuestionEmptyError:
        assert not any(character.isalnum() for character in text)
        return
    question.encode("utf-8")
    assert "\x00" not in question
    assert check_question(question) == question


def test_ordinary_text_is_left_as_it_is() -> None:
    text = "Wo ist die Fläche?\n\t東京 <b>&amp;</b> 🛩️"
    assert check_question(text) == text


def test_the_limit_itself_is_allowed_and_one_more_is_not() -> None:
    assert check_question("x" * LONGEST_QUESTION) == "x" * LONGEST_QUESTION
    with pytest.raises(QuestionTooLongError, match="2,001"):
        check_question("x" * (LONGEST_QUESTION + 1))


def test_a_title_is_one_short_line() -> None:
    title = title_conversation("which of the fields\nthat lie beside the river would be flooded first in spring?")
    assert title == "which of the fields that lie beside the river would be…"
