"""Words that change the outline of a mask ("a bit bigger", "fill the holes") -> operations, by rules."""

import re
from collections.abc import Callable

from assistant.operations import (
    Area,
    FillHoles,
    Grow,
    JoinParts,
    Length,
    LengthUnit,
    Operation,
    RemoveSpecks,
    Shrink,
    Smooth,
    SplitTouching,
)
from assistant.routing.vocabulary import AREA, LENGTH, read_area, read_length

# Of the image's shorter side.
A_BIT = Length(0.01, LengthUnit.SIDE)
SOME = Length(0.02, LengthUnit.SIDE)
A_LOT = Length(0.05, LengthUnit.SIDE)

_MASK = (
    r"(?:it|this|that|them|these|those|everything|all of (?:it|them)|the (?:mask|masks|marks|area|areas|part|parts"
    r"|outline|outlines|selection|result|edge|edges|border|borders|shape|shapes|contours?|boundar(?:y|ies)))"
)
_LITTLE = r"(?:a (?:little|tiny|small)?(?: )?(?:bit|touch|little)|slightly|a little|somewhat|just a bit)"
_MUCH = r"(?:much|a lot|far|considerably|significantly|way)"
_HOW = rf"(?:(?P<little>{_LITTLE})|(?P<much>{_MUCH}))"
_MAKE = rf"(?:(?:make|draw) {_MASK} )?"
_BY = rf"(?: (?:by )?(?:(?:about |around )?(?P<length>{LENGTH})(?: on (?:all|every) sides?)?|{_HOW}))?"
_MORE = rf"{_MAKE}(?:{_HOW} |(?:by )?(?P<length>{LENGTH}) )?"

_BIGGER = r"(?:bigger|larger|wider|broader|thicker|fatter)"
_SMALLER = r"(?:smaller|tighter|narrower|thinner)"
_GROW = r"(?:grow|expand|widen|dilate|enlarge|extend|buffer|thicken|pad)"
_SHRINK = r"(?:shrink|erode|trim|narrow|contract|tighten|reduce)"
_HOLES = (
    r"(?:(?:the |all |any |in the )*(?:(?:inner|small|tiny|little) )?(?:holes|hole|gaps|gap)"
    r"(?: inside| in it| in them| within| (?:in|inside) the [a-z]+)?)"
)
_SPECKS = (
    r"(?:(?:the |all |any )*(?:(?:tiny|small|little) )?(?:specks?|specs|noise|crumbs|dots|speckles?"
    r"|pixel noise|stray pixels|(?<=tiny )(?:bits|parts|pieces|ones|areas|spots)))"
)
_PARTS = (
    r"(?:them|it|these|those|(?:all |the |nearby |close )*(?:parts|areas|pieces|ones|regions|things|marks)"
    r"(?: of (?:it|them|the [a-z]+))?)"
)
_TOUCHING = (
    r"(?:(?:the )?touching (?:ones|parts|things|areas|objects)"
    r"|(?:the ones|those|parts|things|objects) (?:that|which) touch(?: each other)?)"
)
_APART = (
    r"(?: (?:that are|which are|lying))?(?: (?:within|closer than|less than|up to|at most|closer together than))"
    rf" (?P<length>{LENGTH})(?: (?:of each other|apart|from each other))?"
)
_SMALLER_THAN = r"(?: (?:that are |which are )?(?:smaller than|below|under|up to|of up to|less than|of less than))"


def parse_outline(words: str) -> tuple[Operation, ...] | None:
    """Return the operation on the outline that a normalised sentence asks for, or None."""
    for pattern, build in _RULES:
        match = pattern.fullmatch(words)
        if match:
            return (build(match),)
    return None


def _amount(match: re.Match[str], otherwise: Length) -> Length:
    groups = match.groupdict()
    if groups.get("length"):
        return read_length(groups["length"])
    if groups.get("little"):
        return A_BIT
    if groups.get("much"):
        return A_LOT
    return otherwise


def _size(match: re.Match[str]) -> Area | None:
    return read_area(match["area"]) if match["area"] else None


_RULES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Operation]], ...] = tuple(
    (re.compile(pattern), build)
    for pattern, build in (
        (rf"{_MORE}{_BIGGER}", lambda match: Grow(_amount(match, SOME))),
        (r"(?:just )?(?:a (?:little|bit)|a little bit|slightly|somewhat) more", lambda _: Grow(A_BIT)),
        (r"(?:just )?(?:a (?:little|bit)|a little bit|slightly|somewhat) less", lambda _: Shrink(A_BIT)),
        (rf"{_MORE}{_SMALLER}", lambda match: Shrink(_amount(match, SOME))),
        (rf"{_GROW}(?: {_MASK})?(?: outwards?)?{_BY}", lambda match: Grow(_amount(match, SOME))),
        (rf"{_SHRINK}(?: {_MASK})?(?: inwards?)?{_BY}", lambda match: Shrink(_amount(match, SOME))),
        (
            rf"(?:(?:with|add|put|draw|use|give (?:it|them)) )?(?:an? )?(?:(?:buffer|margin|border|rim)(?: of)?"
            rf"(?: about| around| roughly)? (?P<length>{LENGTH})"
            rf"(?: around (?:it|them))?|(?P<wide>{LENGTH}) (?:buffer|margin|border|rim)(?: around (?:it|them))?)",
            lambda match: Grow(read_length(match["length"] or match["wide"])),
        ),
        (
            rf"(?:smooth|round|round off|straighten)(?: out)?(?: {_MASK})?(?: off| out)?{_BY}",
            lambda match: Smooth(_amount(match, A_BIT)),
        ),
        (rf"{_MAKE}(?:{_HOW} )?(?:smoother|less jagged|rounder)", lambda match: Smooth(_amount(match, A_BIT))),
        (
            rf"(?:fill|close|plug)(?: in| up)? {_HOLES}(?:{_SMALLER_THAN} (?P<area>{AREA}))?",
            lambda match: FillHoles(_size(match)),
        ),
        (
            rf"(?:remove|drop|delete|clean up|clean|get rid of|without|erase) {_SPECKS}"
            rf"(?:{_SMALLER_THAN} (?P<area>{AREA}))?",
            lambda match: RemoveSpecks(_size(match)),
        ),
        (
            rf"(?:clean|tidy) (?:{_MASK} up|up(?: {_MASK})?)|(?:clean|tidy) {_MASK}|denoise(?: {_MASK})?",
            lambda _: RemoveSpecks(),
        ),
        (
            rf"(?:merge|join|connect|bridge|unite|link|group) {_PARTS}(?: together| up)?(?:{_APART})?",
            lambda match: JoinParts(_amount(match, SOME)),
        ),
        (
            rf"(?:split|separate|divide|cut apart|pull apart) (?:{_TOUCHING}|{_PARTS})(?: up| apart)?",
            lambda _: SplitTouching(A_BIT),
        ),
        (
            rf"(?:split|separate|divide|cut) (?:{_TOUCHING}|{_PARTS}) (?:apart )?(?:at|where) (?:the )?necks "
            rf"(?:of up to|narrower than|up to|of) (?P<length>{LENGTH})",
            lambda match: SplitTouching(read_length(match["length"])),
        ),
    )
)
