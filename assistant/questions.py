"""The text of a question: made fit for storing, and shortened to a title."""

import unicodedata

from assistant.answering import shorten
from serving.errors import QuestionEmptyError, QuestionTooLongError

LONGEST_QUESTION = 2_000
TITLE_LENGTH = 60


def check_question(text: str, *, longest: int = LONGEST_QUESTION) -> str:
    """Return `text` without control characters, lone surrogates (no store takes them) and blank ends.

    Raises:
        QuestionTooLongError: more than `longest` characters.
        QuestionEmptyError: no words are left.
    """
    if len(text) > longest:
        raise QuestionTooLongError(length=len(text), limit=longest)
    storable = "".join(
        character if character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cs") else " "
        for character in text
    ).strip()
    if not storable:
        raise QuestionEmptyError
    return storable


def title_conversation(question: str) -> str:
    """Return a one-line title from a conversation's first question."""
    return shorten(question, TITLE_LENGTH)
