"""English nouns: the plural of a class, and whether it can be counted or extends over the ground."""

import re

_IRREGULAR = {"person": "people", "man": "men", "tree": "trees", "leaf": "leaves", "roof": "roofs", "shelf": "shelves"}
# The plural looks like the singular, or there is none.
_UNCHANGED = frozenset(
    re.findall(
        r"\w+",
        "aircraft water vegetation forest woodland floodwater flood farmland grass sand snow ice land soil bushland "
        "scrub grassland wetland shade shadow asphalt concrete greenery sea mud rubble debris traffic crops people "
        "sheep cattle livestock",
    )
)
# Things that run or spread over the ground: half of an image holds a part of them, not some of them.
_EXTENDED = re.compile(
    r"\b(?:roads?|streets?|paths?|tracks? of land|rivers?|canals?|streams?|lakes?|waters?|waterways?|seas?|ocean"
    r"|forests?|woods?|woodlands?|trees|shrubs|bushes|vegetation|grass(?:land)?s?|greenery|farmland|wetlands?|floods?"
    r"|floodwater|flooded|inundated|flooding|submerged|vegetated|wooded|forested|built up|urban|settlements?|towns?"
    r"|cit(?:y|ies)|snow|ice|sand|soil|land|areas?|zones?|railways?|highways?|motorways?|coasts?|shores?|beach(?:es)?"
    r"|pavement|lawns?|meadows?|sealed|covered)\b"
)
_SIBILANT = re.compile(r"(?:s|x|z|ch|sh)$")


_ONE_PIECE = re.compile(r"^(?:continuous|contiguous|connected|single|separate|individual|unbroken) (?=\w)")
_PORTION = re.compile(r"^(?:patch|patches|groups?|stretch|stretches|clumps?|pieces?|clusters?) of (?=\w)")


def drop_portion(noun: str) -> str:
    """Return the stuff of a portion: "trees" for "group of trees"; which portion is for exact operations to say."""
    return _PORTION.sub("", _ONE_PIECE.sub("", noun))


def pluralise(noun: str) -> str:
    """Return the plural of a noun phrase in lower case: of its last word, or of the one before "of"."""
    head, joint, rest = noun.partition(" of ")
    before, _, last = head.rpartition(" ")
    plural = _pluralise_word(last)
    return f"{before} {plural}{joint}{rest}".strip()


def is_extended(noun: str) -> bool:
    """Whether the thing runs or spreads over the ground (roads, water), so that a region cuts it."""
    return _EXTENDED.search(noun) is not None or noun.split()[-1] in _UNCHANGED - {"aircraft", "people"}


def _pluralise_word(word: str) -> str:
    if word in _UNCHANGED:
        return word
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith("s") and not word.endswith("ss"):
        return word
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return f"{word[:-1]}ies"
    return f"{word}es" if _SIBILANT.search(word) else f"{word}s"
