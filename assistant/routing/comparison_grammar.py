"""Text -> a comparison of two images ("which buildings are new since the first image?"), by rules; or None.

A sentence has a core ("which buildings are new") and mostly a time ("since the first image", "between the images").
Words that a single image can answer too ("which buildings were destroyed?") need a time; "what has changed?" does not.
"""

import re
from dataclasses import dataclass

from assistant.intents import Compare, Pick
from assistant.masks.comparison import Fate
from assistant.routing.criteria import is_thing
from assistant.routing.image_references import (
    IMAGE,
    IMAGE_REFERENCE,
    IMAGES,
    NUMBER,
    TIME,
    put_in_order,
    read_image,
    read_time,
)
from assistant.routing.sentences import normalise_sentence, strip_politeness

# Longer than any wish to compare; also bounds the work of matching.
LONGEST_COMPARISON = 200

CHANGED = (Fate.ADDED, Fate.REMOVED)


@dataclass(frozen=True)
class ComparisonWish:
    """A sentence that may ask for a comparison.

    Attributes:
        compare: what it asks for.
        has_time: whether it speaks of change or of another image, so that one image cannot answer it.
        is_dated: whether it names a time by a date, which no image of a conversation has.
    """

    compare: Compare
    has_time: bool
    is_dated: bool = False


@dataclass(frozen=True)
class _Words:
    """How people say what became of a thing.

    Attributes:
        state: an adjective ("new").
        act: a verb ("appeared").
        timed_state: an adjective that needs a time beside it.
        timed_act: such a verb.
        nouns: names for all of these pixels together.
    """

    state: str
    act: str
    timed_state: str
    timed_act: str
    nouns: str = "(?!)"


_WORDS: dict[tuple[Fate, ...], _Words] = {
    (Fate.ADDED,): _Words(
        state=r"new|newly (?:added|there)|added|additional",
        act=r"appear(?:ed)?|come (?:up|in)|been (?:added|built)|sprung up",
        timed_state=r"built|newly built|constructed|erected|put up|planted|opened|dug",
        timed_act=r"come|came|grown|grow",
        nouns=r"additions|what came",
    ),
    (Fate.REMOVED,): _Words(
        state=r"gone|removed|missing|lost|no longer (?:there|visible|here|present)"
        r"|not (?:there|here) (?:any ?more|any longer)",
        act=r"disappear(?:ed)?|vanish(?:ed)?|gone(?: away)?|been (?:removed|lost|demolished|torn down|cleared)",
        timed_state=r"demolished|(?:torn|knocked|pulled|cut) down|destroyed|felled|cleared|taken away",
        timed_act=r"shrunk|shrink|been destroyed",
        nouns=r"removals|losses|what went",
    ),
    (Fate.UNCHANGED,): _Words(
        state=r"unchanged|the same|still (?:there|here|standing|present|visible)",
        act=r"(?:stay(?:ed)?|remain(?:ed)?) (?:the same|unchanged|as (?:it|they) (?:was|were))",
        timed_state=r"left",
        timed_act=r"remained|stayed",
    ),
    CHANGED: _Words(
        state=r"changed|different",
        act=r"change(?:d)?|differ(?:ed)?",
        timed_state=r"altered",
        timed_act=r"happened",
        nouns=r"changes|differences",
    ),
}

_BE = r"(?:is|are|was|were|has been|have been|had been|got)"
_HAVE = r"(?:(?:has|have|had|did|does|do) )?"
_THE = r"(?:(?:the|any|all|all the|all of the|some) )?"
_WHAT = r"(?:what(?: all| else)?|anything|everything|something|which(?: things| ones| parts| areas)?|what things)"

_WITH_STATE = (
    rf"{_WHAT}(?: (?:that|which))? {_BE} (?:{{state}})",
    r"(?:(?:is|was|are|were) (?:there )?)?anything (?:{state})",
    rf"(?:which|what|how many|how much|where)(?: of)? {_THE}(?P<thing>.+?) {_BE} (?:{{state}})",
    rf"where {_BE} {_THE}(?P<placed>.+?) (?:{{state}})",
    rf"(?:(?:is|are) there )?{_THE}(?P<named>.+?) (?:that|which) {_BE} (?:{{state}})",
)
_WITH_ACT = (
    rf"{_WHAT}(?: that)? {_HAVE}(?:{{act}})",
    r"(?:has|have|did) anything (?:{act})",
    rf"(?:which|what|how many|how much|where)(?: of)? {_HAVE}{_THE}(?P<thing>.+?) {_HAVE}(?:{{act}})",
    rf"(?:how )?(?:has|have|did|do|does) {_THE}(?P<told>.+?) (?:{{act}})",
    rf"{_THE}(?P<named>.+?) (?:that|which) {_HAVE}(?:{{act}})",
    rf"(?:what|anything|(?:has|have|did) anything|what has|what have) {_HAVE}(?:is )?(?:{{act}})"
    rf" (?:in|with|to|about|among|for|at) {_THE}(?P<place>.+)",
)
# "The new buildings" can be told from one image, too; not so with a time.
_TIMED = (
    r"(?:(?:which|what|how many|where are|where is|are there|is there) )?"
    rf"{_THE}(?:{{state}}) (?P<thing>.+?)(?: are there| do you see| can you see)?",
    rf"{_THE}(?P<named>.+?) (?:{{state}})",
)
_DIFFERENCES = (
    r"(?:(?:what|where) (?:is|are) )?(?:all )?(?:the |any )?(?:changes?|differences?)"
    r"(?: (?:in|of|to|for|among|on|with|regarding) (?:the )?(?P<thing>.+))?"
)

_Cores = tuple[tuple[re.Pattern[str], tuple[Fate, ...]], ...]


def _compile(*, is_timed: bool) -> _Cores:
    cores: list[tuple[re.Pattern[str], tuple[Fate, ...]]] = [(re.compile(_DIFFERENCES), CHANGED)]
    for fates, words in _WORDS.items():
        state = f"{words.state}|{words.timed_state}" if is_timed else words.state
        act = f"{words.act}|{words.timed_act}" if is_timed else words.act
        for template in (*_WITH_STATE, *_WITH_ACT, *(_TIMED if is_timed else ())):
            cores.append((re.compile(template.replace("{state}", state).replace("{act}", act)), fates))
    return tuple(cores)


_CORES = {is_timed: _compile(is_timed=is_timed) for is_timed in (False, True)}
_TIME_LAST = re.compile(rf"(?P<core>.+?),? {TIME}")
_TIME_FIRST = re.compile(rf"{TIME},? (?P<core>.+)")
_LEAD = re.compile(
    r"(?:(?:show|mark|find|highlight|outline|segment|tell|give|list|see)(?: me)? |where do you see )"
    r"(?=what|which|where|how|the|all|every|any|new|whether)(?:all (?=what|that)|whether )?"
)

_REGARDING = r"(?:by|for|in|on|as to|regarding|with respect to|in terms of)"
_COMPARE = re.compile(
    rf"compare (?:(?:the |these |those )?(?:two|both)?(?: of (?:the|these|those))? ?{IMAGES}|them|both)"
    rf"(?: {_REGARDING} (?:the |their )?(?P<thing>.+))?"
)
_COMPARE_TWO = re.compile(
    rf"compare (?:(?P<one>{IMAGE_REFERENCE})|(?:this|it)(?: {IMAGE})?) (?:and|with|to|against) "
    rf"(?P<two>{IMAGE_REFERENCE}|{NUMBER})(?: {_REGARDING} (?:the |their )?(?P<thing>.+))?"
)
_COMPARE_THING = re.compile(
    rf"compare {_THE}(?P<thing>.+?)(?: (?:with|to|against) (?P<since>{IMAGE_REFERENCE}|before|last time))?"
)

_PLACE = re.compile(r"(?:here|there|(?:(?:this|that) )?(?:area|place|scene|region|site|view|picture|image))")
_ONES = re.compile(r"(?:of )?(?:them|these|those|ones|parts|areas|things|they|it)")

_PICK_LEAD = (
    r"(?:(?:keep|show|mark|leave|give|take)(?: me)?(?: only| just)?|(?:only|just)(?: keep| show| take)?"
    r"|i (?:only |just )?(?:want|need)(?: only| just)?|nothing but|now)"
)
_PICK_ONES = r"(?:ones?|parts?|areas?|regions?|pieces?|bits?|things?|objects?)"
_PICK_THAT = rf"(?:what|those (?:that|which)|(?:the|all|all the) {_PICK_ONES} (?:that|which)|everything(?: that)?)"
_PICKS = tuple(
    (
        re.compile(
            rf"(?:{_PICK_LEAD} )?(?:the )?(?:{words.state}|{words.timed_state}) "
            rf"(?:{_PICK_ONES}|(?P<noun>.+?))(?: only)?"
            rf"|{_PICK_LEAD} (?:the )?(?:{words.state}|{words.timed_state}|{words.nouns})"
            rf"|{_PICK_LEAD} {_PICK_THAT} {_BE} (?:{words.state}|{words.timed_state})"
            rf"|{_PICK_LEAD} {_PICK_THAT} {_HAVE}(?:{words.act}|{words.timed_act})"
        ),
        fates,
    )
    for fates, words in _WORDS.items()
)


def parse_comparison(text: str) -> ComparisonWish | None:
    """Return the comparison of two images that `text` may ask for, or None when it is no such wish."""
    if len(text) > LONGEST_COMPARISON:
        return None
    words = _simplify(text)
    if re.search(r"[.?!;:]", words):
        return None
    wish = _parse_compare(words)
    if wish is not None:
        return wish
    alone = _parse_core(words, is_timed=False)
    for pattern in (_TIME_LAST, _TIME_FIRST):
        match = pattern.fullmatch(words)
        core = None if match is None else _parse_core(match["core"], is_timed=True)
        if match is not None and core is not None:
            return ComparisonWish(Compare(*core, *read_time(match)), has_time=True, is_dated=match["dated"] is not None)
    if alone is None:
        return None
    thing, fates = alone
    return ComparisonWish(Compare(thing, fates), has_time=thing is None or fates == CHANGED)


def parse_pick(text: str, compared: str) -> Pick | None:
    """Return the part of a comparison that `text` goes on with ("only the new ones"), or None.

    Args:
        text: what the person typed.
        compared: the thing that was compared, in a person's words; it may be called by its name again.
    """
    if len(text) > LONGEST_COMPARISON:
        return None
    words = _simplify(text)
    for pattern, fates in _PICKS:
        match = pattern.fullmatch(words)
        if match is not None and (match["noun"] is None or match["noun"] in normalise_sentence(compared)):
            return Pick(fates)
    return None


def _simplify(text: str) -> str:
    words = re.sub(r"\b(what|where|that|there)'s\b", r"\1 is", normalise_sentence(text))
    # "Since then" is a time, and no politeness.
    return strip_politeness(re.sub(r"\bsince (?:then|that)$", "since before", words))


def _parse_compare(words: str) -> ComparisonWish | None:
    """Return what a sentence with the word "compare" asks for."""
    thing: str | None
    earlier: int | None = None
    later: int | None = None
    timed = _TIME_LAST.fullmatch(words)
    if two := _COMPARE_TWO.fullmatch(words):
        said = two["thing"]
        if two["one"]:
            earlier, later = put_in_order(read_image(two["one"], last=-1), read_image(two["two"], last=-1))
        else:
            earlier = read_image(two["two"])
    elif images := _COMPARE.fullmatch(words):
        said = images["thing"]
    elif timed is not None and (one := _COMPARE_THING.fullmatch(timed["core"])):
        said = one["thing"]
        earlier, later = read_time(timed)
    elif (one := _COMPARE_THING.fullmatch(words)) and one["since"]:
        said = one["thing"]
        earlier = read_image(one["since"])
    else:
        return None
    thing = _read_thing(said) if said else None
    if said and thing is None:
        return None
    return ComparisonWish(Compare(thing, CHANGED, earlier, later), has_time=True)


def _parse_core(words: str, *, is_timed: bool) -> tuple[str | None, tuple[Fate, ...]] | None:
    """Return the thing (None for what was asked for last) and what became of it."""
    core = _LEAD.sub("", strip_politeness(words), count=1)
    for pattern, fates in _CORES[is_timed]:
        match = pattern.fullmatch(core)
        if match is None:
            continue
        said = next((words for words in match.groups() if words), None)
        if said is None or _PLACE.fullmatch(said) or _ONES.fullmatch(said):
            return None, fates
        thing = _read_thing(said)
        if thing is not None:
            return thing, fates
    return None


def _read_thing(words: str) -> str | None:
    """Return the name of a thing without its article; None where the words name none."""
    thing = re.sub(r"^(?:(?:all|any) )?(?:of )?(?:the |these |those )?(?:new |additional )?", "", words)
    return thing if is_thing(thing) and not _ONES.fullmatch(thing) else None
