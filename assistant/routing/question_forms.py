"""What kind of answer a question to the image wants in words: a number, yes or no, or only to see where."""

import re
from enum import StrEnum

from assistant.routing.sentences import normalise_sentence

# Longer texts describe what to look for.
LONGEST_FORM = 200

_FILLERS = r"^(?:(?:and|so|ok|okay|now|then|please|hey|hi|well|hmm)(?:,|!)? +)*"
_POLITE = r"(?:(?:can|could|would|will) you (?:please )?(?:tell me )?|tell me |please )?"
_COUNT = re.compile(
    rf"{_FILLERS}{_POLITE}(?:how many\b|count\b|(?:what is )?(?:the )?(?:total )?(?:number|count|tally) of\b"
    r"|give (?:me )?(?:a|the) (?:tally|count|number)\b)"
)
_YES_NO = re.compile(
    rf"{_FILLERS}(?:(?:is|are) there\b"
    r"|(?:do|can|could) (?:you|we|i) (?:see|find|spot|make out|detect) (?:any|an?|some)\b"
    r"|does (?:this|the) (?:[a-z]+ )?(?:image|picture|photo|scene) (?:show|contain|have|hold|include)\b|any\b)"
)


# Of the marks alone: "is it safe to build here?" has no yes that can be measured.
_WHETHER = re.compile(
    rf"{_FILLERS}(?:(?:is|are) (?:there )?(?:any|it|they|these|those|one|some|the [a-z ]+ (?:bigger|larger|smaller))\b"
    r"|(?:do|does) (?:any|they|it|these|those)\b)"
)


class QuestionForm(StrEnum):
    """What a question wants to hear."""

    COUNT = "count"
    YES_NO = "yes_no"
    PLACE = "place"


def read_form(question: str) -> QuestionForm:
    """Return the form of any question; a text that is no question wants to see where."""
    words = normalise_sentence(question[:LONGEST_FORM])
    if _COUNT.match(words):
        return QuestionForm.COUNT
    return QuestionForm.YES_NO if _YES_NO.match(words) else QuestionForm.PLACE


def asks_whether(text: str) -> bool:
    """Return whether a question about the marks ("are any of them near the road?") wants to hear yes or no."""
    return _WHETHER.match(normalise_sentence(text[:LONGEST_FORM])) is not None
