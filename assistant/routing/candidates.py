"""What words about the marks may have meant, where no rule understands them: phrases that the rules do understand.

Cues are words that speak for a phrase ("jagged" for smoothing). They find candidates; they carry nothing out, because
what holds a cue may still mean something else.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from assistant.routing.criteria import is_thing
from assistant.routing.sentences import normalise_sentence
from assistant.routing.vocabulary import COUNT, read_count

UNDO = "undo that"


@dataclass(frozen=True)
class Candidate:
    """A phrase that may say what was meant.

    Attributes:
        phrase: understood by the rules.
        has_cue: whether a word speaks for it.
    """

    phrase: str
    has_cue: bool


# Phrase, and the words that speak for it.
_PHRASES = tuple(
    (phrase, re.compile(cues))
    for phrase, cues in (
        (
            "make it a bit bigger",
            r"\btoo (?:tight|thin|small|narrow|little|short|stingy)|\bmore (?:room|space|margin)"
            r"|\bmissed the (?:edges?|rest)"
            r"|\b(?:incomplete|too little|marked little|wider|broader|skimpy|falls? short|stops? short)"
            r"|\b(?:not|n't) (?:quite )?(?:reach|cover|all|whole|enough|complete)",
        ),
        (
            "make it a bit smaller",
            r"\btoo (?:much|fat|big|wide|large|thick|generous|loose|far)|\bspill|\bless generous|\boverflow|\bbeyond"
            r"|\b(?:strict|stricter|sloppy)\b|\bcut (?:some|a bit|a little) off|\bsticks? out over|\btoo many pixels"
            r"|\bmarked too much|\bgo(?:es)? over the",
        ),
        (
            "smooth the outline",
            r"\b(?:jagged|frayed|ragged|rough|uneven|wavy|bumpy|zig ?zag|pixelated|blocky|crooked|wobbly|spiky|untidy"
            r"|neater|straighter|rounder|smoother|stairs?|steps)\b",
        ),
        (
            "fill the holes",
            r"\b(?:holes?|gaps?|hollow|unfilled|not filled|blank|empty|perforated|inside is (?:missing|empty))\b",
        ),
        (
            "remove the specks",
            r"\b(?:crumbs?|specks?|noise|noisy|dots?|bits|dust|dusty|speckled|spots|stray|sprinkled|scattered"
            r"|pepper)\b",
        ),
        (
            "remove the small ones",
            r"\b(?:small|little|tiny|minor)\b|\b(?:big|large) ones\b|\bonly .*\b(?:big|large)\b",
        ),
        (
            "keep only the largest",
            r"\b(?:largest|biggest|giant|huge|main|the big one|most important)\b",
        ),
        (
            "join the parts together",
            r"\b(?:as one|one thing|one piece|in one|belong together|all one|broken|in pieces|fragment(?:s|ed)?"
            r"|interrupted)\b",
        ),
        (
            "split those that touch",
            r"\b(?:stuck|glued|merged|fused|run together|grown together|not one|are (?:two|separate)|two things"
            r"|two different|should be (?:two|three|separate))\b",
        ),
        (
            "invert it",
            r"\b(?:other way|not marked|unmarked|opposite|exchange|swap|reversed?|inverse|wrong way|contrary)\b",
        ),
        (
            "remove those at the image's edge",
            r"\b(?:rim|fringe|margins?|cut off|cropped|half visible|partly visible|incomplete ones|picture's edge)\b",
        ),
        (
            UNDO,
            r"\b(?:better before|before was|previous|worse|oops|wrong|mistake|take (?:it|that) back|not what i"
            r"|liked|go back|forget (?:it|that|this)$"
            r"|bring back|older)\b",
        ),
        ("start over", r"\b(?:begin|start|restart|scratch|zero|scrap|all over)\b"),
        ("how many are there?", r"\b(?:how many|number|tally|count|counted)\b"),
        (
            "how big is it?",
            r"\b(?:hectares?|acres?|square|surface|area|size|amount to|how (?:big|large)|metres|meters|extent)\b",
        ),
    )
)
# "the main road", "small boats", "the surface of the lake": cues of these describe things as well.
_OF_THINGS_TOO = frozenset(("remove the small ones", "keep only the largest", "how big is it?"))
_SIDES = (
    ("left", r"left", "right"),
    ("right", r"right", "left"),
    ("upper", r"upper|top", "lower"),
    ("lower", r"lower|bottom", "upper"),
)
_MIDDLE = re.compile(r"\b(?:middle|centre|center)\b")
# What speaks against what is named: it should go.
_AGAINST = re.compile(
    r"\b(?:not|n't|no|wrong|useless|uninteresting|irrelevant|without|mistaken?|by mistake|also marked|forget|none of"
    r"|instead of|too far|confused)\b"
)
_FOR = re.compile(
    r"\b(?:forgot|forgotten|missed|missing|overlooked|belongs?|left out|lost|lacks?|count|as well|part of it)\b"
)
_NEAR = re.compile(r"\b(?:near|next to|by|beside|along|close to|around|at) the (?P<thing>[a-z]+(?: [a-z]+)?)")
_THING = re.compile(
    r"\b(?:the|some|a few|any|those|these) (?P<thing>[a-z]+(?: [a-z]+)?)(?= (?:is|are|was|were|should|do|does|did"
    r"|has|have"
    r"|can|could|must|belongs?|got|went|count|too|in|at|on|by|were)\b|$)"
)
_BEFORE_VERB = re.compile(r"^(?:no |but )*(?P<thing>[a-z]+(?: [a-z]+)?) (?:are|were|is|was) (?:not|mistaken|wrong)")
_NO_THING = re.compile(
    r"\b(?:ones?|more|largest|biggest|belong|pieces?|parts?|left|right|upper|lower|top|bottom|middle|centre|center"
    r"|half|part|rest|edges?|rim|fringe|mask"
    r"|marks?|marked"
    r"|unmarked|outline|contour|selection|big|small|large|little|tiny|previous|first|last|second|way|river side"
    r"|water level"
    r"|road side|those|these|this|that|it|they|them|border|borders|bits|crumbs|shape|shapes)\b"
)
_CLAUSE_END = re.compile(r"[,;:.!?] | - | — | (?:so|because|since|as|but|and) ")
_NUMBER = re.compile(rf"\b(?!one\b)(?P<count>{COUNT}|a couple|a handful)\b")


def list_candidates(text: str) -> tuple[Candidate, ...]:
    """Return what `text` may mean, those with a cue first; always the same phrases, and others with what it names."""
    words = normalise_sentence(text)
    listed = [*_name_sides(words), *_name_things(words), *_name_counts(words)]
    listed += [Candidate(phrase, cues.search(words) is not None) for phrase, cues in _PHRASES]
    unique = {candidate.phrase: candidate for candidate in reversed(listed)}
    return tuple(sorted(list(unique.values())[::-1], key=lambda candidate: not candidate.has_cue))


def split_clauses(text: str) -> tuple[str, ...]:
    """Return the clauses of a text that has several: one of them may be the wish, and the others its reason."""
    clauses = [clause.strip(" ,.;:!?") for clause in _CLAUSE_END.split(normalise_sentence(text))]
    return tuple(clause for clause in clauses if clause) if len(clauses) > 1 else ()


def has_cue_of_marks(text: str) -> bool:
    """Return whether a word in `text` speaks for a change of marks and seldom describes a thing, as "small" may."""
    words = normalise_sentence(text)
    listed = [*_name_sides(words), *_name_counts(words)]
    return any(candidate.has_cue for candidate in listed) or any(
        cues.search(words) for phrase, cues in _PHRASES if phrase not in _OF_THINGS_TOO
    )


def _name_counts(words: str) -> Iterator[Candidate]:
    found = _NUMBER.search(words)
    if found is None or re.search(r"\b(?:big|biggest|large|largest|top|best|giants?)\b", words) is None:
        return
    count = {"a couple": 2, "a handful": 5}.get(found["count"]) or read_count(found["count"])
    spelled = found["count"] if found["count"].isalpha() else str(count)
    yield Candidate(f"keep only the {spelled} largest", has_cue=True)


def _name_sides(words: str) -> Iterator[Candidate]:
    is_against = _AGAINST.search(words) is not None
    for side, pattern, opposite in _SIDES:
        if re.search(rf"\b(?:{pattern})\b(?! (?:\w+ )?would do)", words) and not re.search(rf"\btop {COUNT}\b", words):
            wanted, other = (opposite, side) if is_against else (side, opposite)
            yield Candidate(f"keep only those in the {wanted} half", has_cue=True)
            yield Candidate(f"keep only those in the {other} half", has_cue=False)
    if _MIDDLE.search(words):
        yield Candidate("keep only those in the middle", has_cue=True)


def _name_things(words: str) -> Iterator[Candidate]:
    near = _NEAR.search(words)
    found = near or _THING.search(words) or _BEFORE_VERB.search(words)
    if found is None:
        return
    thing = found["thing"]
    if not is_thing(thing) or _NO_THING.search(thing):
        thing = thing.split()[0]
    if not is_thing(thing) or _NO_THING.search(thing):
        return
    is_against, is_for = _AGAINST.search(words) is not None, _FOR.search(words) is not None
    yield Candidate(f"keep only those near the {thing}", has_cue=near is not None and not is_against)
    yield Candidate(f"remove the {thing}", has_cue=is_against or (near is None and not is_for))
    yield Candidate(f"add the {thing}", has_cue=is_for and not is_against)
