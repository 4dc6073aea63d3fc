"""Several classes in one wish ("planes and cars", "buildings, roads and trees"): the first, with the others added.

A model that learned to be asked for one class does better with one at a time. Names that stand for one class ("trees
and shrubs") stay whole.
"""

import re

from assistant.operations import Unite
from assistant.routing.decomposition import Decomposition, is_head, name_class, strip_tail
from assistant.routing.nouns import pluralise
from assistant.routing.rephrasing import LEAD
from assistant.routing.sentences import normalise_sentence, strip_politeness

# More are a description of the whole image.
MOST_THINGS = 5
LONGEST_LIST = 160

_JOINT = re.compile(r", (?:and |or |plus )?|,? (?:and|or|plus|as well as|together with) ")
_QUANTITY = re.compile(r"^(?:(?:also|both) )?(?:(?:all|every|each|any)(?: of)? )?(?:the |those |these )?")
_ONE_CLASS = frozenset(
    frozenset(names.split(" and "))
    for names in (
        "trees and shrubs",
        "trees and bushes",
        "towns and settlements",
        "towns and villages",
        "towns and cities",
        "rock and sand",
        "rocks and sand",
        "roads and streets",
        "ships and boats",
        "cars and trucks",
        "cars and lorries",
        "lakes and rivers",
        "houses and buildings",
        "track and field grounds",
        "asphalt and concrete",
        "docks and piers",
    )
)


def read_several(question: str) -> Decomposition | None:
    """Return the first class with the others added to it, or None where not several are asked for."""
    if len(question) > LONGEST_LIST:
        return None
    words = strip_tail(strip_politeness(normalise_sentence(question)))
    lead = LEAD.match(words)
    names = [_QUANTITY.sub("", part) for part in _JOINT.split(words[lead.end() :] if lead else words)]
    if not 2 <= len(names) <= MOST_THINGS or frozenset(names) in _ONE_CLASS:
        return None
    if not all(is_head(name) and pluralise(name) == name for name in names):
        return None
    first, *others = (name_class(name) for name in names)
    return Decomposition(first, tuple(Unite(other) for other in others))
