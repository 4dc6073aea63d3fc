"""Slips of the keyboard: a word that English lacks, one letter or one swap away from a word that questions are made of.

Careful rather than complete: a word that English has stays, and so does a name (a capital letter inside a sentence), a
short word, and one that is not close to any word that questions are made of.
"""

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from spellchecker import SpellChecker

from assistant.routing.vocabulary import SIDE_WORDS

_SHORTEST = 4
_MOST_KEPT = 256  # readings: one turn reads its question, and those before it, several times
_WORD = re.compile(rf"(?<![\w'’-])[A-Za-z][a-z]{{{_SHORTEST - 1},}}(?![\w'’-])")

# The list of English is American in its endings: "harbour", "litres".
_BRITISH = re.compile(r"our|tre(?=s?$)")


@dataclass(frozen=True)
class Correction:
    """One word that was read as another."""

    typed: str
    read: str


@dataclass(frozen=True)
class Reading:
    """A text as it was read.

    Attributes:
        text: with the corrected words.
        corrections: what was corrected, in the order of the text.
    """

    text: str
    corrections: tuple[Correction, ...]


@lru_cache(_MOST_KEPT)
def correct_spelling(text: str) -> Reading:
    """Return `text` with its slips mended; the same text where there are none."""
    corrections: list[Correction] = []
    pieces: list[str] = []
    end = 0
    for match in _WORD.finditer(text):
        typed = match.group()
        is_name = typed[0].isupper() and match.start() != 0
        read = None if is_name else _find_meant(typed.lower())
        if read is None:
            continue
        read = read.capitalize() if typed[0].isupper() else read
        corrections.append(Correction(typed, read))
        pieces += (text[end : match.start()], read)
        end = match.end()
    return Reading("".join((*pieces, text[end:])), tuple(corrections))


def describe_corrections(corrections: tuple[Correction, ...]) -> str:
    """Return the sentence that says what was read as what."""
    told = [f"“{one.typed}” as “{one.read}”" for one in dict.fromkeys(corrections)]
    return f"I read {', '.join(told[:-1])} and {told[-1]}." if len(told) > 1 else f"I read {told[0]}."


def _find_meant(word: str) -> str | None:
    """Return the word that was meant, or None where `word` is to stay."""
    known = _load_question_words()
    if word in known:
        return None
    english = _load_english()  # not needed for a question of known words alone
    if word in english or _BRITISH.sub(_to_american, word) in english:
        return None
    meant = [candidate for candidate in english.edit_distance_1(word) if candidate in known]
    swapped = [candidate for candidate in meant if sorted(candidate) == sorted(word)]
    # A swap is what fingers do most; then the word that is the more usual in English.
    return max(swapped or meant, key=lambda candidate: (english[candidate], candidate), default=None)


def _to_american(ending: re.Match[str]) -> str:
    return "or" if ending.group() == "our" else "ter"


@cache
def _load_question_words() -> frozenset[str]:
    questions = files("assistant.routing").joinpath("question_words.txt").read_text(encoding="utf-8").split()
    return frozenset(word for word in (*questions, *SIDE_WORDS) if len(word) >= _SHORTEST)


@cache
def _load_english() -> SpellChecker:
    return SpellChecker(language="en", distance=1)
