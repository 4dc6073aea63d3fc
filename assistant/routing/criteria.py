"""Phrases that pick out parts ("three largest", "in the left half", "within 30 m of the road") -> operations.

A phrase is whole or it is not understood: nothing is guessed from a part of one. Used for refinements of a mask and
for questions that a class and exact operations answer.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from assistant.operations import Criterion, Keep, Operation, Remove, SmallBeside
from assistant.routing.criterion_phrases import QUALIFIER_PHRASES, RANK_PHRASES, Picking

# Words that no name of a thing has; a clause, a pronoun, a question or a word of asking hides behind them.
_NOT_IN_A_THING = re.compile(
    r"\b(?:is|are|was|were|be|been|has|have|had|can|could|would|should|will|may|might|do|does|did|where|which|what"
    r"|how|who|why|when|if|that|whose|it|them|they|this|these|those|there|you|i|we|me|us|not|no|only|just|keep|remove"
    r"|without|everything|anything|something|nothing|else|same|undo|redo|bigger|smaller|larger|then|image|picture"
    r"|half|quarter|part|side|others?|many|much|going|coming|moving|facing|looking|fill|grow|shrink|smooth|invert"
    r"|add|also"
    r"|whichever|whatever|somewhere|anywhere|its|their|his|her|our|your|pls|please|kindly|exactly|until|make|makes|mark"
    r"|marks|mask|masks|outlines?|look|mind|tag|exclude|counting|starting|candidates|view|frame|scene|shot|way"
    r"|proximity"
    r"|positions?|bounds|heart|far|very|midpoint|halfway|every|interest|down|across|left out|hand"
    r"|excluding|over|as|seen|being|outermost|outer|last|hugest|return|returns|pixels?)\b"
    # "the outer right", "the bottom": a side is no thing.
    r"|\b(?:left|right|top|bottom|centre|center|middle)$|^(?:upper|lower)$"
)
LONGEST_THING_WORDS = 8
# Phrases; a sentence is taken apart in many ways that share them.
_REMEMBERED = 4096


def parse_rank(text: str) -> Criterion | None:
    """Return what a phrase before a noun picks: "largest", "three largest", "second leftmost", "top five"."""
    for pattern, build in RANK_PHRASES:
        match = pattern.fullmatch(text)
        if match:
            return build(match)
    return None


@lru_cache(_REMEMBERED)
def parse_qualifier(text: str) -> Picking | None:
    """Return what a phrase after a noun picks: "north of the road", "in the left half", "larger than 50 m2"."""
    for pattern, build in QUALIFIER_PHRASES:
        match = pattern.fullmatch(text)
        if match:
            things = match.groupdict().get("thing")
            if things is None or is_thing(things):
                return build(match)
    return None


@lru_cache(_REMEMBERED)
def parse_qualifiers(text: str) -> Picking | None:
    """Return what one or several phrases after a noun pick, joined by "and", "but" or nothing."""
    text = re.sub(
        r"^(?:(?:that|which|who)\b)? ?(?:(?:is|are|lies?|lay|sits?|stands?|can be (?:found|seen)|found|located"
        r"|situated"
        r"|lying|positioned"
        r"|placed|standing|appears?|appearing|shows?|seen|visible|exists?|comes?|runs?|running) )?",
        "",
        text,
    )
    direct = parse_qualifier(text)
    if direct is not None:
        return direct
    for joint in re.finditer(r" (?:(?:and|but)(?: (?:also|which|that|are|is))* )?", text):
        first = parse_qualifier(text[: joint.start()])
        rest = parse_qualifiers(text[joint.end() :]) if first is not None else None
        if first is not None and rest is not None:
            return (*first, *rest)
    return None


def negate(picking: Sequence[Operation]) -> Picking | None:
    """Return the operation that removes what a single picking keeps; None for several, which no one can undo."""
    if len(picking) != 1:
        return None
    match picking[0]:
        case Keep(criterion=criterion):
            return (Remove(criterion),)
        case Remove(criterion=criterion):
            return (Keep(criterion),)
        case _:
            return None


def is_thing(text: str) -> bool:
    """Whether words can name a thing in an image: short, and without verbs, pronouns and question words."""
    is_named = re.fullmatch(r"(?:(?:the|a|an|any|all|my) ?)*(?:corners?)?", text) is None
    return is_named and len(text.split()) <= LONGEST_THING_WORDS and _NOT_IN_A_THING.search(text) is None


# For a noun without a number: "the small ones" are those beside much larger ones.
SMALL_ADJECTIVE = r"(?:small|smaller|little|minor)"
BIG_ADJECTIVE = r"(?:big|bigger|large|larger|major|main)"
KEEP_SMALL = Keep(SmallBeside())
KEEP_BIG = Remove(SmallBeside())
