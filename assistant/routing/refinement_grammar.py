"""Text -> operations on the mask that is there, by rules; None where the rules are silent.

A refinement speaks of the marks: it picks among them ("only the three largest"), takes a thing away or adds one
("without the ships", "the roads too"), or changes their outline ("a bit bigger"). A thing of the world by itself
("the ships", "where are the ships?") asks for new marks, whatever is said of it, and is none.
"""

import re
from collections.abc import Callable

from assistant.operations import (
    AllOf,
    AtPoint,
    ByPlace,
    Criterion,
    ImageChoice,
    InRegion,
    Intersect,
    Invert,
    Keep,
    Operation,
    Ranks,
    Remove,
    RepeatInImage,
    Subtract,
    Unite,
    name_others,
)
from assistant.routing.criteria import (
    BIG_ADJECTIVE,
    KEEP_BIG,
    KEEP_SMALL,
    SMALL_ADJECTIVE,
    is_thing,
    negate,
    parse_qualifiers,
    parse_rank,
)
from assistant.routing.criterion_phrases import Picking
from assistant.routing.outline_grammar import parse_outline
from assistant.routing.sentences import is_whole, normalise_sentence, strip_politeness
from assistant.routing.vocabulary import COUNT, ORDINAL, read_count, read_ordinal, read_place, read_region

# Longer than any refinement; also bounds the work of matching.
LONGEST_REFINEMENT = 200

Operations = tuple[Operation, ...]


class PointNeeded:
    """The words point at a part ("remove that one"), but no point was given."""


# What the marks are called; "areas" and "parts" are marks, "buildings" are things.
_ONES = (
    r"(?:ones?|parts?|areas?|regions?|pieces?|bits?|spots?|patches|patch|objects?|items?|instances?|shapes?|blobs?"
    r"|components?|things?)"
)
_SUBJECT = (
    rf"(?:(?:all |any )?(?:of )?(?:the |those |these |marked )*{_ONES}|those|these|everything|anything|all|whatever"
    r"|what|any)"
)
_KEEP = (
    r"(?:(?:show|mark|leave|give) (?:me )?(?:only|just)|keep(?: only| just)?|only(?: keep| show| want| take)?"
    r"|just(?: keep| show| take)?"
    r"|i (?:only |just )?(?:want|need|care about|am interested in)(?: only| just)?"
    r"|(?:limit|restrict|reduce|narrow)(?: (?:it|this|that|them))?(?: down)? to"
    r"|nothing (?:but|except)|take only)"
)
_DROP = (
    r"(?:(?:but )?without|remove|drop|delete|exclude|excluding|except(?: for)?|apart from|leave out|get rid of|take out"
    r"|take away|throw away|throw out|subtract|minus|(?:but )?not|ignore|erase|discard|cut(?: (?:out|off|away))?"
    r"|omit|skip|hide|less"
    r"|filter out|clear away|but no)"
)
_ADD = (
    r"(?:add|plus|(?:combine|merge|unite)(?: (?:it|this|that|them))? with|also(?: mark| show| include| add)?|include"
    r"|including|together with|along with|as well as)"
)
_EXCEPT = r"(?:but(?: not)?|except(?: for)?|apart from|other than|besides)"
_POINTED = (
    r"(?:this|that|it|(?:this|that)(?: (?:one|part|area|piece|spot|thing|bit))"
    rf"|the (?:{_ONES} )?(?:here|there|i (?:clicked|pointed at|marked|touched)(?: on)?|under the (?:click|cursor))"
    r"|the one (?:here|there|i (?:clicked|pointed at|touched)(?: on)?))"
)
_IMAGE = r"(?:image|picture|photo|one|scene)"

_REPEAT = re.compile(
    r"(?:(?:do|repeat|apply|run|try|use) )?(?:the same(?: thing)?|same(?: thing| again)?|that|this|it|all (?:of )?that"
    rf"|repeat)(?: again)?(?: too)? (?:in|on|for|with|to) (?:the )?(?:(?P<order>{ORDINAL}) {_IMAGE}"
    rf"|{_IMAGE} (?:number )?(?P<number>\d{{1,3}})|(?P<choice>other|next|last|previous) {_IMAGE})"
)
# Said of an image that was just added: "the same here", "now in this one".
_REPEAT_HERE = re.compile(
    r"(?:(?:do|repeat|apply|run|try|use|find|mark|show)(?: me)? )?(?:the |that )?same(?: things?| question"
    rf"| again)?(?: again| too)?(?: here| (?:in|on|for|with) this(?: {_IMAGE})?)?"
    rf"|(?:and |now )?(?:here|(?:in|on|for|with) this(?: {_IMAGE})?)(?: too| as well)?|again|repeat(?: that| it)?"
)
_INVERT = re.compile(
    r"(?:invert|flip|reverse|negate|swap)(?: (?:it|this|that|them|the (?:mask|selection|marks|result)))?"
    r"|(?:(?:give me|show(?: me)?|mark|take) )?the (?:opposite|inverse|complement|reverse|rest|background)(?: instead)?"
    r"|background instead|(?:mark )?(?:everything|all) else(?: instead)?"
    r"|mark the rest(?: instead)?|swap (?:the )?marked and unmarked(?: areas| parts)?"
)
_KEEP_POINTED = re.compile(rf"{_KEEP} {_POINTED}(?: please)?")
_DROP_POINTED = re.compile(
    rf"{_DROP} {_POINTED}(?: away| out| please)*|(?:take|leave|throw|cut) {_POINTED} (?:away|out)"
)
_ADD_POINTED = re.compile(rf"(?:{_ADD} )?{_POINTED} (?:too|as well|also)|{_ADD} {_POINTED}")
_OVERLAP = re.compile(
    r"(?:only )?(?:where|the part where|what) (?:it |they |this )?(?:overlaps?|is also|coincides? with|meets?) (.+)"
    r"|intersect(?: (?:it|this|that|them))? with (.+)"
)
_KEEP_LEAD = re.compile(rf"{_KEEP} (.+)")
_DROP_LEAD = re.compile(
    rf"{_DROP} (.+)|(?:leave|take|throw|cut|filter) (.+?) (?:out|away|off)(?: of (?:it|this|that|them|the mask))?"
    r"|(.+?) (?:should|must|can|could|have to|has to|needs? to)"
    r" (?:go|disappear|vanish|be (?:removed|dropped|gone))"
)
_ADD_LEAD = re.compile(rf"{_ADD} (.+?)(?: (?:to (?:it|them|that|this|the mask)))?(?: (?:too|as well|also))?")
_ADD_END = re.compile(r"(?:(?:mark|show|add|include|and) )?(.+?) (?:too|as well|also)")
# "choose the one closest to the top", "I meant the large ones", "which of them is the largest": a pick among the marks.
_PICK_LEAD = re.compile(
    r"(?:how (?:big|large|wide) (?:is|are)|where (?:is|are)|(?:(?:what (?:is|are)|give me|tell me|show me) )?(?:the )?"
    r"(?:size|area|extent|position|location|coordinates) of) (?P<sized>the .+)"
    r"|(?:what is )?(?P<owner>the [a-z ]+? one)'s (?:size|area|extent|position)"
    r"|(?:(?:no,? )?i (?:meant?|mean|was thinking of)|choose|pick(?: out)?|select|single out|highlight|circle|outline"
    r"|show(?: me| us)?|mark|find|give me|take|point (?:at|to|out)) (?:only |just )?(?P<pick>(?:the|those) .+)"
    r"|(?:and )?(?:which|what)(?: ones?)?(?: of (?:them|these|those|the marks))?"
    r" (?:is|are|lies?|sits?|stands?|would be) (?P<asked>.+)"
)
# "which is further north?" picks one, as "furthest north" does.
_COMPARED_SIDE = re.compile(
    r"^(?:the )?(?:further|farther|more)(?: to the)? (?=(?:north|south|east|west|left|right|up|down)\b)"
)
# "the left one", "the upper two", "the bottom ones".
_SIDED = re.compile(
    rf"(?:the )?(?P<side>left|right|upper|lower|top|bottom|northern|southern|eastern|western|middle|central)"
    rf"(?: hand)? (?:one|(?P<ones>ones)|(?P<count>{COUNT})(?: ones)?)"
)
_EXCEPT_LEAD = re.compile(rf"(?:all|everything|all of (?:it|them)|every one|each one|them all) {_EXCEPT} (.+)")
_ONLY_END = re.compile(r"(.+?),? only")

_SIZED = re.compile(rf"(?:the |all |any )*(?:(?P<small>{SMALL_ADJECTIVE})|(?P<big>{BIG_ADJECTIVE})) {_ONES}")
_RANKED = re.compile(rf"(?:the )?(?P<rank>.+?)(?: {_ONES})?(?: by (?:size|area))?")
# "the closest building to the road" names a thing, and is no distance to a "building to the road".
_NEAREST_THING = re.compile(
    r"(?:the )?(?:\w+ )?(?:nearest|closest|furthest|farthest) (?!to\b|from\b)(?:[a-z]+ ){1,3}(?:to|from) "
)
_WITH_SUBJECT = re.compile(rf"{_SUBJECT}(?: (?P<qualifier>.+))")
_ONES_ALONE = re.compile(rf"{_SUBJECT}")
_COLOURED_ONES = re.compile(r"(?:the )?(?:[a-z]+ ){1,2}ones|the ones with [a-z ]+")

# "how many (of them) are near the road", "is any of them in the upper half"; "how many ships are ..." names a thing,
# and asks for new marks.
_COUNT_OF_THEM = re.compile(
    rf"(?:and )?how many(?: of (?:them|these|those)| {_ONES})? (?:(?:are|were|lie|sit|stand)(?: there)? )(?P<where>.+)"
    rf"|(?:and )?(?:is|are) (?:there )?(?:(?:any(?: one)?|some|one) of (?:them|these|those)|any {_ONES}"
    r"|(?P<loose>any(?:thing)?|it|they|these|those))(?: there)? "
    r"(?P<there>(?:in|on|at|near|next|close|within|inside|beside|touching|north|south|east|west|left|right|above|below"
    r"|bigger|larger|smaller|more|less|over|under)\b.+)"
    r"|(?:and )?(?:do|does) (?:any(?: of (?:them|these|those))?|they|it|these|those)"
    r" (?:touch|overlap(?: with)?|cross|intersect(?: with)?) (?P<touched>(?!each other|one another).+)"
    r"|(?:and )?(?:is|are) (?P<pick>the [a-z ]+?) (?P<compared>(?:bigger|larger|smaller) than .+)"
)

_JOINTS = re.compile(r",? (?:and )?then |, and |, but |, | and (?:also )?| but ")


def parse_refinement(text: str, *, point_xy_px: tuple[float, float] | None = None) -> Operations | PointNeeded | None:
    """Return what `text` wants done with the mask that is there, or None when it is no such wish.

    Args:
        text: what the person typed.
        point_xy_px: where the person clicked, (column, row), when they did.
    """
    if len(text) > LONGEST_REFINEMENT:
        return None
    words = normalise_sentence(text)
    if "?" in words or ";" in words:
        return None
    # "and the roads?" asks about the roads; "and the roads" adds them.
    is_question = text.rstrip().endswith("?")
    is_addition = re.match(r"and (?!then\b)", words) is not None and not is_question
    return _parse_clauses(strip_politeness(words), point_xy_px, is_addition=is_addition)


def repeats_here(text: str) -> bool:
    """Return whether `text`, said of an image that was just added, wants there what was found before."""
    return is_whole(_REPEAT_HERE, text)


def parse_count_of_them(text: str) -> Operations | None:
    """Return the operations that leave what is asked about: "how many (of them) are near the road?", "is any?".

    None for other words.
    """
    if len(text) > LONGEST_REFINEMENT:
        return None
    match = _COUNT_OF_THEM.fullmatch(normalise_sentence(text))
    if match is None:
        return None
    if match["pick"]:
        picked, rest = _parse_pick(f"show {match['pick']}"), parse_qualifiers(match["compared"])
        return None if picked is None or rest is None else (*picked, *rest)
    where = match["where"] or match["there"] or f"touching {match['touched']}"
    # "Is it on the left or on the right?" picks nothing.
    wish = None if re.search(r"\bor\b", where) else parse_refinement(f"only those {where}")
    if not isinstance(wish, tuple) or (match["loose"] and name_others(wish)):  # "are they in the right place?"
        return None
    return wish


def _parse_clauses(
    words: str, point_xy_px: tuple[float, float] | None, *, is_addition: bool
) -> Operations | PointNeeded | None:
    whole = _parse_clause(words, point_xy_px)
    if whole is not None:
        return whole
    for joint in _JOINTS.finditer(words):
        first = _parse_clause(words[: joint.start()], point_xy_px)
        if not isinstance(first, tuple):
            continue
        rest = _parse_clauses(strip_politeness(words[joint.end() :]), point_xy_px, is_addition=False)
        if isinstance(rest, PointNeeded):
            return rest
        if rest is not None:
            return (*first, *rest)
    if is_addition and _is_definite(words):
        return (Unite(words),)
    return None


def _parse_clause(words: str, point_xy_px: tuple[float, float] | None) -> Operations | PointNeeded | None:
    for parse in (_parse_repeat, _parse_invert, parse_outline):
        found = parse(words)
        if found is not None:
            return found
    pointing: Callable[[Criterion], Operation]
    for pattern, pointing in ((_KEEP_POINTED, Keep), (_DROP_POINTED, Remove)):
        if pattern.fullmatch(words):
            return PointNeeded() if point_xy_px is None else (pointing(AtPoint(point_xy_px)),)
    if point_xy_px is None and _ADD_POINTED.fullmatch(words):
        return PointNeeded()
    overlap = _OVERLAP.fullmatch(words)
    thing = overlap and (overlap[1] or overlap[2])
    if thing and is_thing(thing):
        return (Intersect(thing),)
    return (
        _parse_exception(words)
        or _parse_drop(words)
        or _parse_keep(words)
        or _parse_pick(words)
        or _parse_addition(words)
    )


def _parse_repeat(words: str) -> Operations | None:
    match = _REPEAT.fullmatch(words)
    if match is None:
        return None
    if match["order"]:
        return (RepeatInImage(read_ordinal(match["order"])),)
    if match["number"]:
        return (RepeatInImage(max(1, int(match["number"]))),)
    return (RepeatInImage(ImageChoice(match["choice"])),)


def _parse_invert(words: str) -> Operations | None:
    return (Invert(),) if _INVERT.fullmatch(words) else None


def _parse_exception(words: str) -> Operations | None:
    """Return what "all but the largest" keeps, and "remove everything except the largest"."""
    lead = _DROP_LEAD.fullmatch(words)
    inner = _EXCEPT_LEAD.fullmatch((lead[1] or lead[2] or lead[3]) if lead else words)
    if inner is None:
        return None
    if lead:
        return _keep_selection(inner[1])
    return _drop_selection(inner[1])


def _parse_drop(words: str) -> Operations | None:
    lead = _DROP_LEAD.fullmatch(words)
    if lead is None or (lead[3] and _parse_selection(lead[3]) is None):  # "the fringe should go" may mean anything
        return None
    return _drop_selection(_strip_article_doubling(lead[1] or lead[2] or lead[3]))


def _parse_keep(words: str) -> Operations | None:
    lead = _KEEP_LEAD.fullmatch(words)
    if lead is not None:
        # "mark only the ships" names what to mark anew; "only the ships" takes them from what is marked.
        is_new = words.startswith(("mark", "i ", "show", "give"))
        return _keep_selection(lead[1], allow_thing=not is_new)
    end = _ONLY_END.fullmatch(words)
    return _parse_selection(end[1] if end else words)


def _parse_pick(words: str) -> Operations | None:
    """Return what is picked among the marks: by a rank, or as "the ones" that something is said of; no things."""
    match = _PICK_LEAD.fullmatch(words)
    if match is None:
        return None
    if match["asked"]:
        asked = _COMPARED_SIDE.sub("furthest ", match["asked"])
        return _parse_selection(asked) or parse_qualifiers(asked)
    pick = match["pick"] or match["sized"] or match["owner"]
    refers = pick.startswith("those ") or re.search(r"\bones?\b", pick) is not None
    ranked = _RANKED.fullmatch(pick)
    is_pick = refers or (ranked is not None and parse_rank(ranked["rank"]) is not None)
    return _parse_selection(pick) if is_pick else None


def _parse_addition(words: str) -> Operations | None:
    for pattern in (_ADD_LEAD, _ADD_END):
        match = pattern.fullmatch(words)
        if match is not None:
            thing = re.sub(r" (?:too|as well|also)$", "", match[1])
            if is_thing(thing) and not _ONES_ALONE.fullmatch(thing):
                return (Unite(thing),)
    return None


def _keep_selection(words: str, *, allow_thing: bool = True) -> Operations | None:
    selection = _parse_selection(re.sub(r",? only$", "", words))
    if selection is not None:
        return selection
    return (Intersect(words),) if allow_thing and _is_definite(words) else None


def _drop_selection(words: str) -> Operations | None:
    selection = _parse_selection(words)
    if selection is None:
        return (Subtract(words),) if is_thing(words) and not _ONES_ALONE.fullmatch(words) else None
    if len(selection) == 1:
        return negate(selection)
    criteria = [operation.criterion for operation in selection if isinstance(operation, Keep)]
    return (Remove(AllOf(tuple(criteria))),) if len(criteria) == len(selection) else None


def _parse_selection(words: str) -> Picking | None:
    """Return what keeps the parts that a phrase picks; None for a phrase that names a thing of the world."""
    sized = _SIZED.fullmatch(words)
    if sized:
        return (KEEP_SMALL if sized["small"] else KEEP_BIG,)
    if _NEAREST_THING.match(words):
        return None
    # "the largest one north of the road": what follows holds first, and the rank counts among those.
    for end in _ends_of_words(words):
        ranked = _RANKED.fullmatch(words[:end])
        rank = None if ranked is None else parse_rank(ranked["rank"])
        if rank is None:
            continue
        rest = words[end:].strip()
        if not rest:
            return (Keep(rank),)
        qualifiers = parse_qualifiers(rest)
        if qualifiers is not None:
            return (*qualifiers, Keep(rank))
    sided = _SIDED.fullmatch(words)
    if sided is not None:
        return (Keep(_read_side(sided)),)
    subject = _WITH_SUBJECT.fullmatch(words)
    if subject is not None:
        qualifiers = parse_qualifiers(subject["qualifier"])
        if qualifiers is not None:
            return qualifiers
    return parse_qualifiers(
        re.sub(r"^the (?=(?:\w+ )?(?:nearest|closest|furthest|farthest|first|second|third)\b)", "", words)
    )


def _read_side(match: re.Match[str]) -> Criterion:
    side = match["side"].removesuffix("ern")
    if match["ones"]:
        return InRegion(read_region(f"{side} half"))
    return ByPlace(read_place(side), Ranks(1, read_count(match["count"]) if match["count"] else 1))


def _ends_of_words(words: str) -> list[int]:
    return [*(match.start() for match in re.finditer(" ", words)), len(words)][::-1]


def _is_definite(words: str) -> bool:
    """Whether words name a thing as one that is known: with an article, or as "the white ones"."""
    if _ONES_ALONE.fullmatch(words):
        return False
    if _COLOURED_ONES.fullmatch(words):
        return True
    return re.match(r"(?:the|all|all the|any|my) ", words) is not None and is_thing(words)


def _strip_article_doubling(words: str) -> str:
    """Return "the ships" for "all of the ships"."""
    return re.sub(r"^(?:all|any) of the ", "the ", words)
