"""Picks and plain wishes in wordings that no rule foresees, read by two small linear models.

The first says which words name what is asked for and what it is compared with, the second what is done with it. What
they find is put as a phrase that the rules understand ("which shed would a line swept in from the left hit first"
becomes "leftmost shed"), so that the operations are those of the rules. They were trained by `training.reading` on
frames filled with names.
"""

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from scipy.special import expit, log_softmax, softmax

from assistant.routing.decomposition import PURPOSE, Decomposition, is_head, name_class, parse_phrase
from assistant.routing.reading_features import (
    ANCHOR,
    KINDS,
    OTHER,
    THING,
    Words,
    describe_sentence,
    describe_words,
    generalise,
    place_features,
    split_normalised,
)
from assistant.routing.sentences import normalise_sentence
from assistant.routing.vocabulary import AREA, LENGTH, ORDINAL

LEAST_CONFIDENCE = 0.6
# Markup, and lengths and areas, which only rules read.
_NOT_PLAIN = re.compile(rf"[^a-z0-9' .,;:?!()\"-]|\b(?:{LENGTH}|{AREA})\b")
# A rank by size beside a pick by place would be lost, and the other way round.
_RANK = re.compile(r"\b(?:largest|biggest|smallest|tiniest|littlest)\b(?! (?:distance|gap|separation|space between))")
_PLACE = re.compile(r"\b(?:(?:left|right) of|above|below|beneath|beside|near|nearest|closest|between|next to)\b")
# Two of an order at once, which no kind has.
_SEVERAL_ORDERS = re.compile(rf"\bfirst (?:and|or|to) (?:the )?{ORDINAL}\b")
_KINDS_OF_SIZE = frozenset({"big", "small", "second", "topk", "except"})
_MOST_WORDS = 45
_LONGEST_NAME_WORDS = 5
# What a recognised phrase leaves open: a corner is only ever near something, two ships are the two largest.
_KINDS_WITH_SLOT = {"corner": ("near",), "region": ("half",), "count": ("topk",), "order": ("nth", "second")}
_SLOT_KINDS = frozenset({"near", "half", "topk"})
_ANCHORED = frozenset({"rel", "close"})
_SIDES = {
    "left": "left of", "right": "right of", "above": "above", "over": "above", "below": "below", "beneath": "below",
    "under": "below", "underneath": "below",
}  # fmt: skip
_WITHOUT_SLOT = {
    "left": "leftmost {thing}", "right": "rightmost {thing}", "top": "topmost {thing}", "bottom": "bottommost {thing}",
    "center": "{thing} nearest to the centre", "big": "largest {thing}", "small": "smallest {thing}",
    "second": "second largest {thing}", "except": "{thing} except the largest",
}  # fmt: skip


@dataclass(frozen=True)
class ReadingTables:
    """The two linear models.

    Attributes:
        vocabulary: words that are not generalised.
        of_words: float32, (rows, 3): what a word belongs to.
        of_sentences: float32, (rows, kinds): what a sentence comes to.
    """

    vocabulary: frozenset[str]
    of_words: NDArray[np.float32]
    of_sentences: NDArray[np.float32]

    def score_parts(self, words: list[str]) -> NDArray[np.float64]:
        """Return log probabilities, (words, 3), of what each belongs to."""
        logits = [self.of_words[place_features(of_one, len(self.of_words))].sum(0) for of_one in describe_words(words)]
        scores: NDArray[np.float64] = log_softmax(np.array(logits, np.float64), axis=1)
        return scores

    def score_kinds(self, words: list[str], parts: list[int]) -> NDArray[np.float64]:
        """Return logits of what the sentence comes to, in the order of `KINDS`."""
        places = place_features(describe_sentence(words, parts), len(self.of_sentences))
        logits: NDArray[np.float64] = self.of_sentences[places].sum(0).astype(np.float64)
        return logits


def read_freely(question: str) -> Decomposition | str | None:
    """Return the class and operations, or the plural of the class that is wanted whole, or None: nothing was read."""
    phrase = _read(question, _load_tables())
    if phrase is None:
        return None
    kind, words = phrase
    if kind == "all":
        return name_class(words) if is_head(words) else None
    return parse_phrase(words)


@cache
def _load_tables() -> ReadingTables:
    with (
        as_file(files("assistant.routing").joinpath("learned_reading.safetensors")) as path,
        safe_open(path, "np") as stored,
    ):
        return ReadingTables(
            frozenset(json.loads(stored.metadata()["vocabulary"])),
            stored.get_tensor("of_words").astype(np.float32),
            stored.get_tensor("of_sentences").astype(np.float32),
        )


def _read(question: str, tables: ReadingTables) -> tuple[str, str] | None:
    """Return what the question comes to and the phrase for it."""
    sentence = normalise_sentence(question)
    split = split_normalised(sentence)
    if (
        not split.words
        or len(split.words) > _MOST_WORDS
        or _NOT_PLAIN.search(sentence)
        or _SEVERAL_ORDERS.search(sentence)
        or PURPOSE.search(sentence)
    ):
        return None
    words = [generalise(word, tables.vocabulary) for word in split.words]
    parts, certainty = find_names(split, tables.score_parts(words))
    if THING not in parts:
        return None
    slots = [slot for slot in _KINDS_WITH_SLOT if split.find(slot)]
    is_open = [_is_possible(kind, slots, has_anchor=ANCHOR in parts) for kind in KINDS]
    chances = softmax(np.where(is_open, tables.score_kinds(words, parts), -np.inf))
    best = int(chances.argmax())
    if KINDS[best] == "none" or chances[best] * certainty < LEAST_CONFIDENCE:
        return None
    if (_PLACE if KINDS[best] in _KINDS_OF_SIZE else _RANK).search(sentence):
        return None
    phrase = _phrase(KINDS[best], split, parts)
    return None if phrase is None else (KINDS[best], phrase)


def find_names(split: Words, scores: NDArray[np.float64]) -> tuple[list[int], float]:
    """Return what each word belongs to, and how likely it is that the thing's name is one, 0..1.

    Args:
        split: the sentence.
        scores: log probabilities, (words, 3).
    """
    parts = [OTHER] * len(split.words)
    certainty = 0.0
    for part in (THING, ANCHOR):
        gain, start, end = _find_run(split, parts, scores[:, part] - scores[:, OTHER])
        if gain <= 0:
            break
        parts[start:end] = [part] * (end - start)
        certainty = certainty or float(expit(gain))
    return parts, certainty


def _find_run(split: Words, parts: list[int], gains: NDArray[np.float64]) -> tuple[float, int, int]:
    """Return the neighbouring words that gain most, as gain, start and end; they are free and plain."""
    best = (0.0, 0, 0)
    for start in range(len(parts)):
        total = 0.0
        for at in range(start, min(start + _LONGEST_NAME_WORDS, len(parts))):
            if parts[at] != OTHER or not split.words[at][0].isalpha():
                break
            total += float(gains[at])
            if total > best[0]:
                best = (total, start, at + 1)
    return best


def _is_possible(kind: str, slots: list[str], *, has_anchor: bool) -> bool:
    if kind == "none":
        return True
    # Whatever is named beside the thing must be what it is compared with.
    if len(slots) > 1 or (kind in _ANCHORED) != has_anchor:
        return False
    return kind in _KINDS_WITH_SLOT[slots[0]] if slots else kind not in _SLOT_KINDS


def _phrase(kind: str, split: Words, parts: list[int]) -> str | None:
    """Return words that the rules understand, or None where a part of them is missing or said twice."""
    thing, anchor = (
        " ".join(word for word, part in zip(split.words, parts, strict=True) if part == wanted).replace(" 's", "'s")
        for wanted in (THING, ANCHOR)
    )
    if kind == "all":
        return thing
    if kind in _WITHOUT_SLOT:
        return _WITHOUT_SLOT[kind].format(thing=thing)
    if kind == "close":
        return f"{thing} nearest to the {anchor}"
    others = [word for word, part in zip(split.words, parts, strict=True) if part == OTHER]
    if kind == "rel":
        sides = {_SIDES[word] for word in others if word in _SIDES}
        return f"{thing} {sides.pop()} the {anchor}" if len(sides) == 1 else None
    if kind == "nth" and not split.find("order"):
        return f"first {thing} from the left" if "first" in others else None
    (slot,) = [slot for slot in _KINDS_WITH_SLOT if split.find(slot)]
    said = split.find(slot)
    if len(said) != 1:
        return None
    return {
        "half": f"{thing} in the {said[0]}",
        "near": f"{thing} nearest to the {said[0]}",
        "topk": f"{said[0]} largest {thing}",
        "nth": f"{said[0]} {thing} from the left",
    }[kind]
