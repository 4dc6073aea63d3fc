"""What a message is for, where no rule understands it: a new question, one about the marks, a wish, a complaint, talk.

People say the same in a thousand ways; a linear model over words and pieces of words tells them apart. It was trained
by `training.reading` on messages that were written for it. It never changes a mask: what it takes for a wish about the
marks is asked back with choices.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import as_file, files
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from scipy.special import softmax

from assistant.routing.nouns import pluralise
from assistant.routing.reading_features import place_features
from assistant.routing.sentences import normalise_sentence

# Longer texts describe what to look for.
LONGEST_MESSAGE = 160

_PIECE = 4  # letters
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_WORD = re.compile(r"[a-z']+|#|[^a-z' ]")


# "tell me how many boats you see and highlight them": what is named there is to be marked.
_MARKS_IT = re.compile(
    r"\b(?:(?:highlight|outline|mark|segment|mask|show|delineate|colou?r) (?:it|them|these|those)"
    r"|with (?:its|their) outlines?)\b"
)
_OF_MARKS = re.compile(
    r"\b(?:it|its|they|their|theirs|them|these|those|this(?! (?:whole )?(?:image|picture|photo|scene|view|map)\b)"
    r"|that(?! (?:is|are|was|were|has|have|can|could|do|does|lie|touch)\b)|ones?|each|marked|masks?|marks?"
    r"|result|selection|outlines?|you (?:find|found|mark|see|saw|detect|count|got))\b"
)


# Where a name would stand: "the heliport", "of lava", "is lava", "every hangar".
_NAMED = re.compile(
    r"\b(?=(?:the|an?|every|each|all|of|by|with|is|are|some|any|two|three) ([a-z']{2,})\b(?! (?:of|one|ones)\b))"
)


class Purpose(StrEnum):
    """What a message is for; those about the marks that can be measured are named like their topics."""

    NEW = "new"
    COUNT = "count"
    AREA = "area"
    SHARE = "share"
    POSITION = "position"
    CONFIDENCE = "confidence"
    PARTS = "parts"
    SIZES = "sizes"
    SPACING = "spacing"
    BOUNDS = "bounds"
    HALVES = "halves"
    SUMMARY = "summary"
    UNMEASURED = "unmeasured"
    REFINE = "refine"
    UNDO = "undo"
    REDO = "redo"
    RESET = "reset"
    FIRST = "first"
    WRONG = "wrong"
    BUTTON = "button"
    CHAT = "chat"
    ABOUT = "about"
    DESCRIBE = "describe"


@dataclass(frozen=True)
class PurposeTable:
    """The linear model.

    Attributes:
        rows: float32, (features + 1, purposes).
        names: the last words of names of things, as plurals.
        words: those of asking about marks, without names.
    """

    rows: NDArray[np.float32]
    names: frozenset[str]
    words: frozenset[str]

    def read(self, text: str) -> Mapping[Purpose, float]:
        """Return how likely a message is for each purpose, 0..1, the likeliest first."""
        places = place_features(describe_message(text), len(self.rows))
        chances = softmax(self.rows[places].sum(0, dtype=np.float64))
        order = np.argsort(-chances)
        return {list(Purpose)[index]: float(chances[index]) for index in order}


def read_purposes(text: str) -> Mapping[Purpose, float]:
    """Return how likely a message is for each purpose, 0..1, the likeliest first.

    A long one, and one without any letters, is a new question.
    """
    if len(text) > LONGEST_MESSAGE or not any(character.isalpha() for character in text):
        return {Purpose.NEW: 1.0}
    return _load_table().read(text)


@cache
def _load_table() -> PurposeTable:
    with (
        as_file(files("assistant.routing").joinpath("purposes.safetensors")) as path,
        safe_open(path, "np") as stored,
    ):
        rows = stored.get_tensor("rows").astype(np.float32)
        lists = (frozenset(json.loads(stored.metadata()[name])) for name in ("names", "words"))
        return PurposeTable(rows, *lists)


def refers_to_marks(text: str, asked: str) -> bool:
    """Return whether `text` can be about the marks: it has a word for them, names what was asked for, or nothing.

    Args:
        text: what the person typed, while a mask is there.
        asked: what the image had been asked.
    """
    words = normalise_sentence(text)
    if _MARKS_IT.search(words):
        return False
    if _OF_MARKS.search(words):
        return True
    named = find_known_names(words)
    if named:
        return not named.isdisjoint(map(pluralise, re.findall(r"[a-z]{3,}", normalise_sentence(asked))))
    return _load_table().words.issuperset(_NAMED.findall(words))


def find_known_names(words: str) -> frozenset[str]:
    """Return the known names of things among normalised words, as plurals."""
    return _load_table().names.intersection(map(pluralise, re.findall(r"[a-z]{3,}", words)))


def describe_message(text: str) -> list[str]:
    """Return the features of a message: its words, neighbours, pieces of words, how it begins and ends."""
    words = _WORD.findall(_NUMBER.sub("#", normalise_sentence(text)))
    padded = ["<", *words, ">"]
    features = {f"w:{word}" for word in words}
    features |= {f"b:{one} {two}" for one, two in pairwise(padded)}
    features |= {f"t:{one} {two} {three}" for one, two, three in zip(padded, padded[1:], padded[2:], strict=False)}
    features |= {f"s:{one} _ {two}" for one, two in zip(padded, padded[2:], strict=False)}
    for word in words:
        marked = f"<{word}>"
        features |= {f"p:{marked[at : at + _PIECE]}" for at in range(len(marked) - _PIECE + 1)}
    features.add(f"length:{min(len(words), 16) // 2}")
    features.add(f"asks:{text.rstrip().endswith('?')}")
    return sorted(features)
