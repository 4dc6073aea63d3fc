"""A compound question -> all of a class, and exact operations on its mask; None for a question that is none.

"The largest storage tank" is every storage tank, of which the largest is kept; "buildings in the lower left quarter"
are the buildings, of which those with their middle there are kept. What is understood is understood whole: an implicit
question ("where could a plane be repaired?") goes to the model as it is.
"""

import re
from dataclasses import dataclass, replace

from assistant.operations import (
    ByDistance,
    ByPlace,
    BySize,
    ClipToRegion,
    InRegion,
    Invert,
    Keep,
    Operation,
    Place,
    Ranks,
    Remove,
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
from assistant.routing.nouns import drop_portion, is_extended, pluralise
from assistant.routing.rephrasing import LEAD, rephrase
from assistant.routing.sentences import normalise_sentence, strip_politeness
from assistant.routing.vocabulary import COUNT, ORDINAL, read_count

LONGEST_COMPOUND = 200


@dataclass(frozen=True)
class Decomposition:
    """What to ask the image, and what to do with the answer.

    Attributes:
        class_name: the things, in the plural, without an article ("storage tanks").
        operations: at least one; they may name other things.
    """

    class_name: str
    operations: tuple[Operation, ...]

    @property
    def class_question(self) -> str:
        """The question that finds all of the class."""
        return ask_for_all(self.class_name)


_WHICH = re.compile(r"which(?: one| single)?(?: of)?(?: the)?(?: single)? (?!is |are )")
_TAIL = re.compile(
    r"(?:(?:;|,|:)? ?(?:and )?(?:outline|mark|show|segment|highlight) (?:it|them)(?: if so)?"
    r"| (?:here|in view|in sight|visible|shown|delineated|outlined|marked|highlighted"
    r"|you can see|do you see|can you see|you see)"
    r"| (?:in|of|from|on) (?:the|this|that) (?:whole |aerial |satellite )?(?:image|picture|scene|photo|photograph"
    r"|view"
    r"|frame|map))$"
)
_ARTICLE = re.compile(
    r"(?:all|every|each|any)(?: (?:single|one))?(?: of)?(?: (?:the|those|these))? "
    r"|(?:(?:only|just) )?(?:the|those|these|a|an|that) "
)
_LINK = r"(?: (?:that|which))?(?: (?:is|are|lies?|sits?|stands?|can be found|found|located|situated|lying|standing))?"

# "how many ships are there in the left half": of these the ships in the left half are wanted, and their count is told.
_HOW_MANY = re.compile(r"^(?:count )?how many (?:of the )?")
DRAWING = (
    r"(?:draw|put|place|set|make|show|give)(?: (?:me|us))? (?:a |an |the )?(?:bounding )?"
    r"(?:box|boxes|rectangles?|circles?|polygons?) (?:around|over|on|onto|for|of) "
)
"""Pattern of words before a thing: "draw a box around each plane" is about the planes, not about boxes near them."""
# "cars (that are) parked near the building": the place is what counts.
_PARKED = re.compile(
    r" (?:(?:that|which) )?(?:(?:is|are|were) )?(?:parked|moored|docked|anchored|berthed|planted)"
    r"(?= (?:in|on|at|near|next|beside|by|along|within|close|around|inside|outside|north|south|east|west|left|right)\b)"
)
_ARE_THERE = re.compile(r" (?:are|were) there ")
# "all the houses except the largest one".
_EXCEPT = re.compile(
    r"(?P<head>.+?),? (?:(?:that|which) (?:is|are) not|with the exception of|smaller than|except(?: for)?|but"
    r"|apart from|other than|excluding|without|besides|but (?:leave|keep) out"
    r"|but not|minus|save for|ignoring|leaving out|and leave out)"
    r" (?P<rest>(?:for )?(?:the|those) .+?)(?: (?:one|ones))?(?: of them)?"
)
# "everything except the planes", "all that is not water".
_ALL_BUT = re.compile(
    rf"(?:{LEAD.pattern})?(?:everything|anything|all|the whole (?:image|picture|scene)|all of (?:it|the image))"
    r",? (?:(?:that|which|what) (?:is|are) (?:not|no)|but(?: not)?|except(?: for)?|apart from|other than|besides|not"
    r"|without|excluding|outside(?: of)?|with the exception of) (?P<head>.+)"
)
_RUNNER_UP = re.compile(
    r"(?:leave out|skip|ignore|apart from|after|besides|not) the (?P<rank>.+?) (?P<head>[a-z ]+?)"
    r"(?:,| and| but)+ (?:(?:mark|find|show|outline|segment|take|highlight) )?the next"
    r"(?: (?:one|largest|biggest|in size|in line))*"
    r"(?: in size| one)*"
)
_WHICH_ARE = re.compile(r"(?P<head>.+?) (?:is|are) (?:the )?(?P<rank>.+?)(?: one| ones)?(?: of (?:all|them))?")
_COUNT_FIRST = re.compile(rf"(?:the )?(?P<count>{COUNT}) (?P<head>.+)")
_TOP_BY_SIZE = re.compile(rf"(?:the )?top (?P<count>{COUNT}) (?P<head>.+?) (?:by|in|ranked by) (?:size|area|extent)")


def decompose(question: str) -> Decomposition | None:
    """Return the class and the operations that `question` stands for, or None when it is not that kind."""
    if len(question) > LONGEST_COMPOUND:
        return None
    words = _strip_ends(strip_politeness(normalise_sentence(question)))
    if _HOW_MANY.match(words):
        words = _ARE_THERE.sub(" ", _HOW_MANY.sub("", words))
    if re.match(DRAWING, words) or PURPOSE.search(words):
        return None
    words = _PARKED.sub(" ", words)
    all_but = _ALL_BUT.fullmatch(words)
    if all_but is not None and is_head(head := _strip_article(all_but["head"])):
        return Decomposition(_name(head), (Invert(),))
    for phrase in rephrase(words):
        found = _parse_runner_up(phrase) or parse_phrase(_strip_ends(phrase))
        if found is not None:
            return found
    return None


def _parse_runner_up(words: str) -> Decomposition | None:
    """Return what "leave out the largest ship and mark the next one in size" asks for."""
    match = _RUNNER_UP.fullmatch(words)
    if match is None or parse_rank(match["rank"]) is None or not is_head(match["head"]):
        return None
    rank = parse_rank(f"second {match['rank']}")
    return None if rank is None else Decomposition(_name(match["head"]), (Keep(rank),))


def parse_phrase(words: str) -> Decomposition | None:
    """Return what a noun phrase with picks before or after its noun stands for."""
    which = _WHICH.match(words)
    phrase = _strip_lead(words)
    if which is not None:
        phrase = words[which.end() :]
        asked = _WHICH_ARE.fullmatch(phrase)
        if asked is not None:
            found = _parse_predicate(asked["head"], asked["rank"])
            if found is not None:
                return found
    phrase = strip_tail(phrase)
    top = _TOP_BY_SIZE.fullmatch(phrase)
    if top:
        return _compose_rank(top["head"], f"{top['count']} largest")
    return _parse_exception(phrase) or _parse_noun_phrase(phrase)


def _parse_predicate(head: str, predicate: str) -> Decomposition | None:
    """Return what "which (two) airplanes are the largest" asks for."""
    counted = _COUNT_FIRST.fullmatch(head)
    if counted:
        return _compose_rank(counted["head"], f"{counted['count']} {predicate}")
    return _compose_rank(head, predicate)


def _parse_exception(phrase: str) -> Decomposition | None:
    match = _EXCEPT.fullmatch(phrase)
    if match is None:
        return None
    head = _strip_article(match["head"])
    those = re.match(r"(?:for )?(?:those|the ones?) ", match["rest"])
    if those is not None:
        dropped = negate(parse_qualifiers(match["rest"][those.end() :]) or ())
    else:
        rest = re.sub(r"^(?:for )?the ", "", match["rest"])
        rank = parse_rank(rest)
        dropped = (Remove(rank),) if rank is not None else _drop_sized(rest)
    if dropped is None or not is_head(head):
        return None
    return Decomposition(_name(head), dropped)


def _drop_sized(adjective: str) -> Picking | None:
    """Return what leaves out "the big (ones)" or "the small (ones)"."""
    for pattern, kept in ((BIG_ADJECTIVE, KEEP_BIG), (SMALL_ADJECTIVE, KEEP_SMALL)):
        if re.fullmatch(pattern, adjective):
            return negate((kept,))
    return None


def _parse_noun_phrase(phrase: str) -> Decomposition | None:
    bare = _strip_article(phrase)
    starts = [match.start() for match in re.finditer(" ", bare)]
    # The shortest noun first: whatever follows it must then be understood whole.
    for start in starts:
        found = _compose(bare[:start], re.sub(rf"^{_LINK} ", "", bare[start:]).strip())
        if found is not None:
            return found
    # A rank before the noun, and nothing after it.
    return _split_rank(bare)


def _split_rank(phrase: str) -> Decomposition | None:
    """Return what "three largest ships" stands for: the longest rank in front, the rest as the noun."""
    for start in reversed([match.start() for match in re.finditer(" ", phrase)]):
        found = _compose_rank(phrase[start + 1 :], phrase[:start])
        if found is not None:
            return found
    return None


def _compose(head: str, qualifier: str) -> Decomposition | None:
    """Return the class `head` (which may carry a rank: "largest ship") with a phrase that follows it."""
    picking = parse_qualifiers(qualifier)
    if picking is None:
        ordinal = re.fullmatch(rf"(?P<order>{ORDINAL}) (?P<head>.+)", head)
        # "second bridge from the left": the number stands before the noun, its order after it.
        if ordinal is None or not qualifier.startswith("from the "):
            return None
        picking = parse_qualifiers(f"{ordinal['order']} {qualifier}")
        head = ordinal["head"]
        if picking is None:
            return None
    head = _strip_article(head)
    counted = _COUNT_FIRST.fullmatch(head)
    if counted and parse_rank(head) is None:
        # "the two ships nearest the pier": the number belongs to the order.
        picking, head = _count_picks(picking, read_count(counted["count"])), counted["head"]
    if is_head(head):
        return Decomposition(_name(head), _suit_region(head, picking))
    ranked = _split_rank(head)
    if ranked is None:
        return None
    return Decomposition(ranked.class_name, (*_suit_region(ranked.class_name, picking), *ranked.operations))


def _count_picks(picking: tuple[Operation, ...], count: int) -> tuple[Operation, ...]:
    """Return picks of the foremost one as picks of the foremost `count`; a number of all that match says nothing."""
    operation = picking[-1]
    if isinstance(operation, Keep) and isinstance(operation.criterion, BySize | ByPlace | ByDistance):
        criterion = operation.criterion
        return (*picking[:-1], Keep(replace(criterion, ranks=Ranks(criterion.ranks.first, count))))
    return picking


def _compose_rank(head: str, rank: str) -> Decomposition | None:
    criterion = parse_rank(rank)
    head = _strip_article(head)
    if criterion is None or not is_head(head):
        return None
    return Decomposition(_name(head), (Keep(criterion),))


def _suit_region(head: str, picking: tuple[Operation, ...]) -> tuple[Operation, ...]:
    """Return the operations with regions that cut what extends (water, roads), and choose among what can be counted."""
    if not is_extended(head):
        return tuple(_single_out(head, operation) for operation in picking)
    return tuple(
        ClipToRegion(operation.criterion.region)
        if isinstance(operation, Keep) and isinstance(operation.criterion, InRegion)
        else operation
        for operation in picking
    )


def _single_out(head: str, operation: Operation) -> Operation:
    """Return the operation for one thing: "the ship in the top left corner" is the one nearest to it."""
    if isinstance(operation, Keep) and isinstance(operation.criterion, InRegion) and _name(head) != head:
        region = operation.criterion.region
        if not region.sides or (len(region.sides) == 2 and region.fraction < 0.5):
            return Keep(ByPlace(Place(region.sides)))
    return operation


_NO_HEAD = re.compile(
    r"\b(?:here|areas?|regions?|parts?|ones?|things?|places?|objects?|sides?|spots?|everything|anything|image"
    r"|picture|pixels"
    r"|largest|biggest|smallest|nearest|closest|furthest|first|second|third|most|least|top|next"
    r"|coordinates|zooms?|crops?|shows?|edges?|corners?|half"
    r"|quarter|in|on|at|of|to|from|with|for|by|near|within|inside|between|than|and|or|but|the|other|only|group"
    r"|about|(?<=s )(?:standing|lying|sitting|floating|moving|heading|leading|growing|waiting) [a-z]+)\b"
    r"|\b(?:free|alone)$"
)
# "where could she sit near the lake?": what can be done somewhere is no thing that lies there.
PURPOSE = re.compile(
    r"\bwhere (?:could|can|would|should|might|may|do|does) (?!(?:i|you|we|one|people)(?: \w+)? (?:find|see|spot"
    r"|locate)\b)"
    r"[a-z]+ [a-z]+"
)
# "flooded areas", "group of trees": words that are no thing alone and are one with a describing word.
_HEAD_WITH_MORE = re.compile(
    r"(?:[a-z]+ ){1,3}(?:areas?|zones?|regions?|objects?|parts?)"
    r"|(?:areas?|patch|patches|stretch|stretches|bod(?:y|ies)|clumps?|groups?|pieces?"
    r"|plots?) of [a-z]+(?: [a-z]+){0,2}"
    r"|[a-z]+(?: [a-z]+)? (?:and|or) [a-z]+(?: [a-z]+)?"
)
_PICKING_WORDS = re.compile(
    r"\b(?:largest|biggest|smallest|tiniest|nearest|closest|furthest|farthest|most|least|top|next|left|right"
    r"|upper|lower"
    r"|bottom|north|south|east|west|in|on|at|to|from|with|by|near|within|inside|than|the|which|second|third)\b"
)


def is_head(words: str) -> bool:
    """Whether words name a class of things: at most five words, none of them a pick or a clause."""
    if not is_thing(words) or len(words.split()) > 5 or re.search(r"[^a-z' ]|'s$", words):
        return False
    if _HEAD_WITH_MORE.fullmatch(words):
        return _PICKING_WORDS.search(words) is None
    return _NO_HEAD.search(words) is None


def _strip_ends(words: str) -> str:
    return strip_tail(re.sub(r"^i mean ", "", words))


def strip_tail(words: str) -> str:
    """Return a normalised sentence without what it says last of itself: "in this image", "and mark them"."""
    previous = None
    while previous != words:
        previous = words
        words = _TAIL.sub("", words).strip(" ,;?.")
    return words


def _strip_lead(words: str) -> str:
    match = LEAD.match(words)
    return words[match.end() :] if match else words


def _strip_article(words: str) -> str:
    match = _ARTICLE.match(words)
    return words[match.end() :] if match else words


def _name(head: str) -> str:
    return pluralise(drop_portion(head))


def ask_for_all(class_name: str) -> str:
    """Return the question that finds all of a class; the wording is one that the model learned."""
    return f"Segment all the {class_name}."


def is_one_thing(thing: str) -> bool:
    """Whether words speak of a single thing that can be counted: "the running track", not "the road" or "ships"."""
    bare = _strip_article(normalise_sentence(thing))
    return bare != normalise_sentence(thing) and pluralise(bare) != bare and not is_extended(bare)


def name_class(thing: str) -> str:
    """Return the plural of a thing, without article: "running tracks" for "the running track"."""
    return _name(_strip_article(normalise_sentence(thing)))
