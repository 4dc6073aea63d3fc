"""A wish in two halves, what to mark and what to do with it: "find the planes, then remove the small ones"."""

import re

from assistant.operations import RepeatInImage, name_others
from assistant.routing.decomposition import LONGEST_COMPOUND, Decomposition, decompose
from assistant.routing.refinement_grammar import parse_refinement
from assistant.routing.several_things import read_several
from assistant.routing.whole_class import read_whole_class

_DOING = (
    r"(?:keep|remove|drop|delete|leave|take|show|only|just|make|grow|shrink|smooth|fill|invert|expand|enlarge"
    r"|exclude|ignore|without)\b"
)
_JOINT = re.compile(rf"[,;.]? (?:and )?then |(?:[,;.]|,? and) (?={_DOING})", re.IGNORECASE)
_OTHERS = re.compile(r"\b(?:rest|others?|ones)\b")


def read_sequence(question: str) -> Decomposition | None:
    """Return the class and all operations, or None where the words are not both: what is to be marked, and a change."""
    if len(question) > LONGEST_COMPOUND:
        return None
    for joint in _JOINT.finditer(question):
        first, rest = question[: joint.start()], question[joint.end() :]
        change = parse_refinement(rest)
        if not isinstance(change, tuple) or any(isinstance(one, RepeatInImage) for one in change):
            continue
        # "..., ignore the others": these are none of the image's things.
        if any(_OTHERS.search(name) for name in name_others(change)):
            continue
        picked = decompose(first) or read_several(first)
        if picked is not None:
            return Decomposition(picked.class_name, (*picked.operations, *change))
        class_name = read_whole_class(first)
        if class_name is not None:
            return Decomposition(class_name, change)
    return None
