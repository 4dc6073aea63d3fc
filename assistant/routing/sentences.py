"""A sentence made ready for the rules: one case, plain signs, without politeness."""

import re

_SPELLINGS = (
    (re.compile("[’‘`]"), "'"),
    (re.compile("[“”]"), '"'),
    (re.compile(r"(?<=\d),(?=\d{3}\b)"), ""),
    (re.compile(r"(?<=[a-z])[-–](?=[a-z])"), " "),
    (re.compile(r"\b(north|south) ?(east|west)"), r"\1 \2"),
    (re.compile(r"(\d)(m2|m²|km2|km²|km|ha|px|m|ft|cm)\b"), r"\1 \2"),
    (re.compile(r"\bi'm\b"), "i am"),
    (re.compile(r"\bi'd\b"), "i would"),
    (re.compile(r"\bthat's\b"), "that is"),
    (re.compile(r"\s+"), " "),
)
_LEADING = re.compile(
    r"^(?:no, |(?:and|so|ok|okay|now|then|please|hey|hi|great|good|well|hmm|yes|thanks|thank you|never mind|actually"
    r"|maybe|perhaps|but)(?:,|!)? +)+(?=\S)"
)
_ASKING = re.compile(
    r"^(?:(?:can|could|would|will) you (?:please )?(?:also )?|(?:i would like(?: you)? to|i want(?: you)? to|let us"
    r"|let's|try to|you can|you may) )"
)
_TRAILING = re.compile(r"(?:,? (?:please|now|thanks|thank you|for me|then|again))+$")


def normalise_sentence(text: str) -> str:
    """Return `text` in lower case, on one line, with plain quotes, spaces for hyphens, no sign at its end."""
    words = text.lower().strip()
    for pattern, replacement in _SPELLINGS:
        words = pattern.sub(replacement, words)
    return words.strip().rstrip(".!?,; ")


def strip_politeness(words: str) -> str:
    """Return what is left of a normalised sentence without "ok", "could you" and "please"."""
    previous = None
    while previous != words:
        previous = words
        words = _TRAILING.sub("", _ASKING.sub("", _LEADING.sub("", words))).strip(" ,")
    return words


def is_whole(pattern: re.Pattern[str], text: str) -> bool:
    """Return whether `pattern` matches all of `text`, normalised, with its politeness or without."""
    words = normalise_sentence(text)
    return any(pattern.fullmatch(form) is not None for form in (words, strip_politeness(words)))
