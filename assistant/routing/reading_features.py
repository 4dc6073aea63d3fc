"""What the learned reader of free wordings looks at: words, their neighbours, and which places and numbers there are.

Used alike where it is trained and where it reads. A feature is a string; its place in a table is a hash of it.
"""

import re
import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from assistant.routing.sentences import normalise_sentence
from assistant.routing.vocabulary import COUNT, ORDINAL, SIDES

KINDS = (
    "none", "all", "half", "near", "left", "right", "top", "bottom", "center", "big", "small", "second", "topk", "nth",
    "except", "rel", "close",
)  # fmt: skip
"""What a question can come to; "none" is read by the model as it is, "all" asks for all of a class."""

OTHER, THING, ANCHOR = range(3)
"""What a word belongs to: neither, the name of what is asked for, the name of what it is compared with."""

_MARKS = {THING: "<thing>", ANCHOR: "<anchor>"}
_SLOTS = re.compile(
    rf"\b(?P<corner>{SIDES}(?: hand)? corner)\b"
    rf"|\b(?P<region>{SIDES}(?: hand)? (?:half|quarter|quadrant|third|part|portion|section))\b"
    rf"|\b(?P<order>(?!first\b){ORDINAL})\b|\b(?P<count>(?!one\b){COUNT})\b"
)
_ENDINGS = ("ing", "ed", "ly", "est", "er", "ion", "al")
_REACH = 3  # words on either side
_FARTHEST_PAIR = 5


@dataclass(frozen=True)
class Words:
    """A sentence as the reader sees it.

    Attributes:
        words: one for each place; "@corner", "@region", "@order" or "@count" for a phrase that was recognised.
        phrases: what was recognised, None for plain words.
    """

    words: tuple[str, ...]
    phrases: tuple[str | None, ...]

    def find(self, slot: str) -> tuple[str, ...]:
        """Return the different phrases of a slot, in their order."""
        found = (phrase for word, phrase in zip(self.words, self.phrases, strict=True) if word == f"@{slot}")
        return tuple(dict.fromkeys(phrase for phrase in found if phrase is not None))


def split_words(text: str) -> Words:
    """Return the words of a sentence as it was typed."""
    return split_normalised(normalise_sentence(text))


def split_normalised(sentence: str) -> Words:
    """Return the words of a sentence, or of a piece of one, that `normalise_sentence` has returned."""
    sentence = re.sub(r"'s(?= |$)", " 's", sentence)
    words: list[str] = []
    phrases: list[str | None] = []
    end = 0
    for match in (*_SLOTS.finditer(sentence), None):
        plain = re.findall(r"[a-z']+|[^a-z' ]", sentence[end : match.start() if match else None])
        words += plain
        phrases += [None] * len(plain)
        if match is not None:
            words.append(f"@{match.lastgroup}")
            phrases.append(match[0])
            end = match.end()
    return Words(tuple(words), tuple(phrases))


def generalise(word: str, vocabulary: Collection[str]) -> str:
    """Return a known word as it is, any other as its ending: names of things are mostly none that is known."""
    if word in vocabulary or not word[0].isalpha():
        return word
    for ending in _ENDINGS:
        if word.endswith(ending):
            return f"<{ending}>"
    return "<s>" if word.endswith("s") and not word.endswith("ss") else "<word>"


def describe_words(words: Sequence[str]) -> list[list[str]]:
    """Return the features of each word."""
    edge = [""] * _REACH
    padded = [*edge, *words, *edge]
    features = []
    for at in range(_REACH, len(padded) - _REACH):
        near = padded[at - _REACH : at + _REACH + 1]
        before_2, before, word, after, after_2 = near[1:6]
        features.append(
            [
                *(f"{offset}:{one}" for offset, one in enumerate(near)),
                f"a:{before} {word}",
                f"b:{word} {after}",
                f"c:{before_2} {before}",
                f"d:{after} {after_2}",
                f"e:{before} {after}",
            ]
        )
    return features


def describe_sentence(words: Sequence[str], parts: Sequence[int]) -> list[str]:
    """Return the features of a sentence whose names are known.

    Args:
        words: as `generalise` returns them.
        parts: what each belongs to.
    """
    masked: list[str] = []
    for word, part in zip(words, parts, strict=True):
        mark = _MARKS.get(part)
        if mark is None:
            masked.append(word)
        elif not masked or masked[-1] != mark:
            masked.append(mark)
    padded = ["", *masked, ""]
    features = {f"u:{word}" for word in masked}
    features |= {f"b:{one} {two}" for one, two in pairwise(padded)}
    features |= {f"t:{one} {two} {three}" for one, two, three in zip(padded, padded[1:], padded[2:], strict=False)}
    for start, word in enumerate(masked):
        features |= {f"s:{word}..{other}" for other in masked[start + 2 : start + 1 + _FARTHEST_PAIR]}
    features.add(f"anchors:{masked.count(_MARKS[ANCHOR])}")
    features.add(f"length:{min(len(masked), 12) // 3}")
    return sorted(features)


def place_features(features: Sequence[str], rows: int) -> NDArray[np.int64]:
    """Return the rows of a table that features stand in.

    Args:
        features: of a word or a sentence.
        rows: of the table, the last of which is everyone's; one more than a power of two.
    """
    bits = (rows - 1).bit_length() - 1
    return np.array([*(zlib.crc32(feature.encode()) >> (32 - bits) for feature in features), rows - 1], np.int64)
