"""A plain wish for all of a class, however it is worded -> the class; None for any other question.

"Colour in the ponds, please" and "which pixels belong to the ponds" ask for one thing, and a small model that knows few
wordings does best when it hears one that it knows; it hears it for a thing named alone too ("the pond"). What is
understood is understood whole: a question with a purpose ("where could a boat moor?") goes to the model as it is.
"""

import re
from collections.abc import Iterator

from assistant.routing.decomposition import DRAWING, LONGEST_COMPOUND, is_head, name_class, strip_tail
from assistant.routing.nouns import pluralise
from assistant.routing.purposes import find_known_names
from assistant.routing.rephrasing import VERB
from assistant.routing.sentences import normalise_sentence, strip_politeness

_PICTURE = r"(?:image|picture|photo|photograph|scene|shot|view|frame|map|tile)"
_BEFORE = re.compile(
    rf"^(?:in|on|from|within|over|across|for|looking at) (?:this|the|that|my) (?:[a-z]+ ){{0,2}}{_PICTURE},? "
)
_VERB = (
    rf"(?:{VERB}|paint|fill|tint|label|annotate|digitise|digitize|cut out|separate|return|reveal|spot|cover|capture"
    r"|tag|flag|recognise|recognize)"
)
_ALL = r"(?:(?:all|every|each|any|some)(?: (?:single|one))?(?: of)? (?:the |these |those )?|the |these |those )"
_EXTENT = (
    r"(?:the |a |an )?(?:masks?|outlines?|regions?|areas?|pixels|polygons?|extent|footprints?|boundar(?:y|ies)|location"
    r"|locations|positions?|places?|parts?) (?:of|over|around|for|with|on|covered by|taken up by|occupied by"
    r"|containing|showing|that belong to|belonging to) "
)
_HEAD = rf"(?P<all>{_ALL})?(?P<head>[a-z' ]+?)"
_SEE = r"(?:see|find|spot|locate|make out|recognise|recognize)"
_FRAMES = tuple(
    re.compile(frame)
    for frame in (
        rf"{_VERB}(?: (?:in|out|up|off))?(?: (?:me|us))?(?: (?:only|just))? (?:{_EXTENT})?{_HEAD}"
        r"(?: (?:in|out|off))?(?: from (?:everything else|the rest|all else|the background))?"
        r"(?: (?:separately|individually|one by one|on the ground|from above))?",
        rf"(?:help me(?: to)? {_SEE}|show me|tell me|{_SEE}|i (?:want|need|would like) to (?:see|know)) "
        rf"where {_HEAD}(?: (?:is|are|lie|stand))?",
        rf"where(?: (?:in|on) (?:the|this) (?:[a-z]+ )?{_PICTURE})? (?:is|are|do you see|can you see|can i {_SEE}"
        rf"|do i {_SEE}|would i {_SEE}|could i {_SEE}) {_HEAD}(?: (?:located|situated|found|to be found))?",
        r"(?:which|what) (?:pixels|parts|areas|regions|places|spots|bits)(?: of (?:the|this) [a-z]+)? "
        r"(?:are|belong to|show|contain|hold|have|make up|are (?:covered by|part of|occupied by|made up of)) "
        rf"{_HEAD}",
        rf"(?:are|is) there (?:a |an )?{_HEAD}",
        rf"(?:how much|(?:what|which) (?:share|part|percentage|fraction|proportion)) of (?:the|this) (?:[a-z]+ )?"
        rf"{_PICTURE} (?:is|are|does|do) (?:(?:covered|taken up|occupied) by |made up of )?{_HEAD}"
        r"(?: (?:cover|take up|occupy))?",
        rf"(?:estimate|measure|work out) the (?:coverage|share|area|extent) of {_HEAD}",
        rf"(?:do|can|could) (?:you|we|i) {_SEE} (?:a |an )?{_HEAD}",
        rf"does (?:the|this) (?:[a-z]+ )?{_PICTURE} (?:show|contain|have|hold|include) (?:a |an )?{_HEAD}",
        rf"(?:i|we) (?:want|need|would like|(?:am|are) (?:after|interested in|looking for|mapping|counting))"
        rf"(?: to (?:see|find|map|get|outline|count))? (?:{_EXTENT})?{_HEAD}",
        rf"{DRAWING}{_HEAD}",
        rf"how many {_HEAD}(?: (?:are|is)(?: there| visible| present| shown)?| there are"
        rf"| (?:do|can|could) (?:you|i|we) (?:see|count|find|spot|make out))?",
        r"(?:(?:what|how (?:large|big|much)) is )?(?:the )?(?:(?:total|combined|overall|whole|entire) )*"
        rf"(?:area|size|extent|surface|number|count) (?:of|covered by|taken up by) {_HEAD}",
        rf"how much (?:area|space|ground|land|surface) (?:do|does|is|are) {_HEAD} (?:cover|take up|occupy|have)",
        _HEAD,
    )
)
# "what about the ships?", "roads instead": another class than before.
_INSTEAD = re.compile(
    r"^(?:(?:what|how) about|switch to|go for|move on to|change to|try)(?: (?:just|only))? |,? instead(?: of .+)?$"
)


# "the tallest building", "another ship", "my house": one thing, and which one is said.
_ONE_OF_THEM = re.compile(
    r"(?:an? )?(?:\w+est|single|one|another|either|neither|different|other|same|my|your|our|his|her|their)\b"
)


def read_whole_class(question: str) -> str | None:
    """Return the plural of the class, without article, or None where it is not all of a class that is asked for."""
    return next((name_class(match["head"]) for match in _match_frames(question) if _means_all(match)), None)


def read_thing(question: str) -> str | None:
    """Return the plural of the class where a thing with a known name is named alone ("bridge", "the pond"), or None."""
    return next((name_class(match["head"]) for match in _match_frames(question) if _names_thing(match)), None)


def _match_frames(question: str) -> Iterator[re.Match[str]]:
    if len(question) > LONGEST_COMPOUND:
        return
    words = strip_politeness(normalise_sentence(question))
    words = strip_tail(strip_politeness(_INSTEAD.sub("", _BEFORE.sub("", words))))
    for frame in _FRAMES:
        match = frame.fullmatch(words)
        if match is not None:
            yield match


def _means_all(match: re.Match[str]) -> bool:
    """Whether a class is named, and all of it is meant: by "every" or by a plural."""
    head, quantity = match["head"], (match["all"] or "").strip()
    is_all = quantity.split(" ")[0] in ("all", "every", "each", "any") or pluralise(head) == head
    return is_all and is_head(head)


def _names_thing(match: re.Match[str]) -> bool:
    head = match["head"]
    return is_head(head) and _ONE_OF_THEM.match(head) is None and bool(find_known_names(head.split()[-1]))
