"""Phrases that name images of a conversation as times ("since the first image", "between the two images"), and numbers.

The pattern is a fragment to be built into larger ones; the functions take what it has matched.
"""

import re

from assistant.routing.vocabulary import ORDINAL, read_ordinal

IMAGE = r"(?:image|picture|photo|photograph|scene|shot|recording|date|one)"
IMAGES = r"(?:images|pictures|photos|photographs|scenes|shots|recordings|dates|ones)"
NUMBER = r"(?:number )?\d{1,2}"
# One image: by its number, or as the one before.
IMAGE_REFERENCE = (
    rf"(?:(?:the )?(?:very )?(?:{ORDINAL}|original|last|latest|newest|previous|earlier|older|oldest|other|former|newer)"
    rf"(?: {IMAGE})?|(?:the )?{IMAGE} {NUMBER})"
)
_BEFORE = rf"(?:{IMAGE_REFERENCE}|before|last time|that(?: {IMAGE})?)"
_SINCE = (
    rf"(?:since|after|compared (?:to|with)|in comparison (?:to|with)|relative to|against|versus) (?P<since>{_BEFORE})"
)
_PAIR = (
    rf"(?:between|in|across|on|over|from|of|for) (?:(?:the |these |those )?(?:two|both)(?: of (?:the|these|those))?"
    rf"(?: {IMAGES})?|(?:the|these|those) {IMAGES}|them(?: both)?)"
    rf"|from one(?: {IMAGE})? to the (?:other|next)(?: {IMAGE})?|between (?:then|before) and now"
    rf"|(?:between|from|in) (?P<one>{IMAGE_REFERENCE}) (?:and|to) (?P<two>{IMAGE_REFERENCE}|{NUMBER})"
    rf"|between images (?P<first>{NUMBER}) and (?P<second>{NUMBER})"
)
_IN_ONE = rf"(?:in|on|by) {IMAGE_REFERENCE}"
_DATED = (
    r"(?:since|after|between|from) (?:(?:the )?(?:last|previous) (?:year|month|week|summer|winter|spring|autumn|season)"
    r"|yesterday|(?:[a-z]+ )?(?:19|20)\d\d(?: (?:and|to) (?:[a-z]+ )?(?:(?:19|20)\d\d|now|today))?)"
)
# Two images, or one and the time before it; or a date.
TIME = rf"(?:(?:(?P<later>{_IN_ONE}) )?{_SINCE}|{_PAIR}|(?P<later_alone>{_IN_ONE})|(?P<dated>{_DATED}))"


def read_time(match: re.Match[str]) -> tuple[int | None, int | None]:
    """Return the numbers of the earlier and the later image, as far as a match of `TIME` names them."""
    groups = match.groupdict()
    if groups["one"]:
        return put_in_order(read_image(groups["one"], last=-1), read_image(groups["two"], last=-1))
    if groups["first"]:
        return put_in_order(read_image(groups["first"]), read_image(groups["second"]))
    later = groups["later"] or groups["later_alone"]
    return read_image(groups["since"]), read_image(later, last=-1)


def read_image(words: str | None, *, last: int | None = None) -> int | None:
    """Return the number of the image that words name; None for the one before, or the present one.

    Args:
        words: as `IMAGE_REFERENCE` matches them.
        last: what "the last image" is: the one before in "since the last image", the newest in "first and last image".
    """
    if words is None:
        return None
    number = re.search(r"\d+", words)
    if number:
        return max(1, int(number[0]))
    if re.search(r"\b(?:original|oldest)\b", words):
        return 1
    if re.search(r"\b(?:last|latest|newest|newer)\b", words):
        return last
    order = re.search(rf"\b{ORDINAL}\b", words)
    return read_ordinal(order[0]) if order else None


def put_in_order(one: int | None, two: int | None) -> tuple[int | None, int | None]:
    """Return two images with the earlier one first, where their numbers say which that is."""
    if one is not None and two is not None and 0 < two < one:
        return two, one
    return one, two
