"""Keeps the text true when the image is mirrored: left becomes right where the picture was flipped."""

import re
from collections.abc import Iterator

_HORIZONTAL = {"left": "right", "right": "left"}
_VERTICAL = {
    "top": "bottom",
    "bottom": "top",
    "upper": "lower",
    "lower": "upper",
    "uppermost": "lowest",
    "lowest": "uppermost",
    "above": "below",
    "below": "above",
    "up": "down",
    "down": "up",
}
# The order of reading, and counting from a side, do not survive a flip by swapping words.
_ORDERED = re.compile(r"\b(reading|order|first|counting|starting)\b", re.IGNORECASE)
_SPATIAL = re.compile(
    r"(left|right|top|bottom|upper|lower|lowest|above|below|\bup\b|\bdown\b|corner|edge|half|quarter|centre|center|"
    r"middle|north|south|east|west|next to|beside|nearest|closest)",
    re.IGNORECASE,
)
_RANKED = re.compile(
    r"(largest|biggest|smallest|greatest|tiniest|fewest|least|most|second|third|fourth|extent|size|rank|extensive)",
    re.IGNORECASE,
)


def is_spatial(text: str) -> bool:
    """Whether the question speaks of where something lies."""
    return bool(_SPATIAL.search(text))


def is_ranked(text: str) -> bool:
    """Whether the question compares sizes, so that cropping the image could change its answer."""
    return bool(_RANKED.search(text))


def mirror_text(text: str, *, left_right: bool, top_bottom: bool) -> str | None:
    """Return the question that is true of the mirrored image, or None when no swap of words gives it.

    Args:
        text: the question.
        left_right: the image's columns were reversed.
        top_bottom: the image's rows were reversed.
    """
    if not (left_right or top_bottom) or not is_spatial(text):
        return text
    if _ORDERED.search(text):
        return None
    swaps = {**(_HORIZONTAL if left_right else {}), **(_VERTICAL if top_bottom else {})}
    longest_first = sorted(swaps, key=len, reverse=True)
    # "leftmost", "top-right" and "bottommost" hold the words inside; "lowered" and "upside" do not occur.
    pattern = re.compile(r"(?<![a-z])(" + "|".join(longest_first) + r")(?=most\b|[^a-z]|$)", re.IGNORECASE)
    return pattern.sub(lambda match: _in_case_of(match[0], swaps[match[0].lower()]), text)


def mirror_all_ways(text: str) -> Iterator[tuple[str, bool, bool]]:
    """Yield the question as it is true of the image and of its mirrored ones, where there is one, with the ways.

    Args:
        text: the question.

    Yields:
        The question, whether the columns were reversed, and whether the rows were; first the text itself.
    """
    for left_right in (False, True):
        for top_bottom in (False, True):
            mirrored = mirror_text(text, left_right=left_right, top_bottom=top_bottom)
            if mirrored is not None:
                yield mirrored, left_right, top_bottom


def _in_case_of(original: str, word: str) -> str:
    return word.capitalize() if original[0].isupper() else word
