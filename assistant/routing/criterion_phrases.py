"""The phrases that pick out parts, each as a pattern and what it stands for; `criteria` reads sentences with them."""

import re
from collections.abc import Callable

from assistant.operations import (
    AreaBetween,
    Beyond,
    ByDistance,
    ByPlace,
    BySize,
    Criterion,
    InRegion,
    Inside,
    Keep,
    Length,
    LengthUnit,
    NearBorder,
    Operation,
    Ranks,
    Region,
    Remove,
    Side,
    Touching,
    TouchingBorder,
    WithinDistance,
)
from assistant.routing.vocabulary import (
    AREA,
    AREA_UNIT,
    CENTRE,
    COUNT,
    FURTHEST_SIDE,
    LENGTH,
    OF_IMAGE,
    ORDINAL,
    QUANTITY,
    REGION,
    SIDES,
    read_area,
    read_count,
    read_length,
    read_ordinal,
    read_place,
    read_region,
    read_sides,
)

Picking = tuple[Operation, ...]  # of Keep and Remove

# Of the image's shorter side: what is "near", and what is "next to".
NEAR = Length(0.1, LengthUnit.SIDE)
BESIDE = Length(0.05, LengthUnit.SIDE)

_BIG = r"(?:largest|biggest|greatest|widest|longest|dominant|most extensive|most spacious|most sizeable)"
_SMALL = r"(?:smallest|tiniest|littlest|least extensive|least spacious)"
_NEAREST = r"(?:nearest|closest)"
_FURTHEST = r"(?:furthest|farthest)"
_PLACE = (
    rf"(?:the )?(?:{CENTRE}|(?:extreme |very |far )?{SIDES}(?: hand)?(?: (?:edge|border|side|margin|corner|end|rim"
    rf"|boundary))?"
    rf"|corner (?:at|in|on) the {SIDES})(?: of it)?{OF_IMAGE}"
)
_BORDER = r"(?:the )?(?:{sides} )?(?:(?:image|picture)(?:'s)? )?(?:edges?|borders?|margins?|frame)"
_ANY_BORDER = _BORDER.format(sides=SIDES) + OF_IMAGE

_THING = r"(?P<thing>[^,;:?!]+)"
# "in" and "on" lead to things only with an article: "in detail", "on top" are no places.
_THE_THING = r"(?P<thing>(?:the|a|an|any|my|all) [^,;:?!]+)"


def _ranks(match: re.Match[str]) -> Ranks:
    groups = match.groupdict()
    if groups.get("order"):
        return Ranks(read_ordinal(groups["order"]))
    count = groups.get("count") or groups.get("after")
    return Ranks(1, read_count(count)) if count else Ranks()


def _keep(build: Callable[[re.Match[str]], Criterion]) -> Callable[[re.Match[str]], Picking]:
    return lambda match: (Keep(build(match)),)


def _drop(build: Callable[[re.Match[str]], Criterion]) -> Callable[[re.Match[str]], Picking]:
    return lambda match: (Remove(build(match)),)


def _within(distance: Length) -> Callable[[re.Match[str]], Criterion]:
    return lambda match: WithinDistance(match["thing"], distance)


def _within_length(match: re.Match[str]) -> Criterion:
    return WithinDistance(match["thing"], read_length(match["length"]))


def _beyond(match: re.Match[str]) -> Picking:
    return tuple(Keep(Beyond(side, match["thing"])) for side in read_sides(match["side"]))


def _beyond_side(side: Side) -> Callable[[re.Match[str]], Criterion]:
    return lambda match: Beyond(side, match["thing"])


def _border(match: re.Match[str]) -> Criterion:
    sides = read_sides(match["border"])
    return TouchingBorder(sides[0] if sides else None)


def _near_border(distance: Length | None = None) -> Callable[[re.Match[str]], Criterion]:
    """Return what builds a distance to the image's edge; None reads the distance from the match."""

    def build(match: re.Match[str]) -> Criterion:
        sides = read_sides(match["border"])
        return NearBorder(distance or read_length(match["length"]), sides[0] if sides else None)

    return build


def _read_near(place: str) -> Region:
    """Return the part of the image near a side, a corner or the centre."""
    sides = read_sides(place)
    return Region(sides, 1 / 3) if sides else Region()


def _between(match: re.Match[str]) -> Criterion:
    low, high, unit = match["low"], match["high"], match["unit"]
    return AreaBetween(at_least=read_area(f"{low} {unit}"), at_most=read_area(f"{high} {unit}"))


def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


_IN_REGION = (
    r"(?:(?:only |just |wholly |entirely |completely )?(?:in|on|at|within|inside|into|to|across|over|throughout"
    r"|towards"
    r"|toward|of|belonging to|falls? (?:in|within|inside|into)|falling (?:in|within|inside|into)|confined to"
    r"|limited to|restricted to|occup(?:y|ying)|filling|covering))"
)
_NUMBERED = rf"(?:(?:the )?(?P<order>{ORDINAL}) |(?:the )?(?P<count>{COUNT}) )?"
_AFTER = rf"(?: (?P<after>{COUNT}))?"

RANK_PHRASES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Criterion]], ...] = (
    (_compile(rf"{_NUMBERED}(?:very )?{_BIG}{_AFTER}"), lambda match: BySize(_ranks(match))),
    (_compile(rf"{_NUMBERED}(?:very )?{_SMALL}{_AFTER}"), lambda match: BySize(_ranks(match), smallest=True)),
    (_compile(rf"top (?P<count>{COUNT})(?: (?:by|in) (?:size|area))?"), lambda match: BySize(_ranks(match))),
    (
        _compile(rf"{_NUMBERED}(?P<side>{FURTHEST_SIDE}){_AFTER}"),
        lambda match: ByPlace(read_place(match["side"]), _ranks(match)),
    ),
    (
        _compile(rf"{_NUMBERED}most (?P<side>northerly|southerly|easterly|westerly){_AFTER}"),
        lambda match: ByPlace(read_place(match["side"]), _ranks(match)),
    ),
    (
        _compile(rf"{_NUMBERED}most (?:central|centrally (?:located|placed|positioned|situated|lying))"),
        lambda match: ByPlace(read_place(""), _ranks(match)),
    ),
)

_AT_LEAST = (
    r"(?:(?:larger|bigger|greater|more) than|over|above|at least|no (?:smaller|less) than|not (?:smaller|less) than)"
)
_AT_MOST = (
    r"(?:(?:smaller|less) than|under|below|at most|up to|no (?:larger|bigger|more) than|not (?:larger|bigger) than)"
)
_COVERING = r"(?:covers?|covering|takes? up|taking up|occupies|occupy|occupying|fills?|filling|spans?|has|have)"
_OTHERS = (
    r"(?:(?:all|any|every|each)(?: of)?(?: the)? others?(?: [a-z ]{1,40})?|the (?:others|rest)|the other [a-z ]{1,40}"
    r"|all the rest|all(?: of)? its neighbou?rs)"
)
_BY_SIZE = r"(?:in size|by size|in area|by area|in terms of (?:size|area)|in extent)"
_HAVING = r"(?:(?:with|of|having|covering|measuring)(?: an? (?:area|size) of)? )?"
_IN_SIZE = r"(?: in (?:size|area)| large| big)?"
_AWAY = r"(?: away)?"
_NEAR_TO = r"(?:near|nearby|close to|close by|around|in the vicinity of|not far from)"
_NEXT_TO = r"(?:next to|beside|adjacent to|alongside|along|right by|bordering|at the side of)"
_FAR_FROM = r"(?:far from|far away from|away from|not near|not close to)"
_CLOSER_THAN = (
    r"(?:within|less than|closer than|nearer than|up to|at most|no (?:further|farther|more) than"
    r"|not (?:further|farther|more) than|in a radius of|inside)"
)
_FURTHER_THAN = r"(?:more than|further than|farther than|at least|over|beyond|outside|no closer than|not within)"
_OF_THING = r"(?:of|from|to|around)"
# "near the top", "near the top left corner", "around the middle": a part of the image, not a thing in it.
_NEAR_PLACE = (
    rf"the (?:(?:very )?{CENTRE}|{SIDES}(?: (?:corner|side|end|part))?|corner (?:at|in|on) the {SIDES}){OF_IMAGE}"
)

QUALIFIER_PHRASES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Picking]], ...] = (
    # Size, in words and in numbers.
    (
        _compile(
            rf"{_NUMBERED}(?:with|of|having|has|have) (?:the )?(?:{_BIG}|most) (?:area|extent|footprint|size"
            rf"|surface|outline)"
        ),
        _keep(lambda match: BySize(_ranks(match))),
    ),
    (
        _compile(
            rf"{_NUMBERED}{_COVERING} the (?:{_BIG}|most) (?:area|ground|space|surface|room|land|pixels)(?: of all)?"
        ),
        _keep(lambda match: BySize(_ranks(match))),
    ),
    (
        _compile(
            rf"{_NUMBERED}(?:with|of|having|has|have) (?:the )?(?:{_SMALL}|least) (?:area|extent|footprint|size"
            rf"|surface|outline)"
        ),
        _keep(lambda match: BySize(_ranks(match), smallest=True)),
    ),
    (
        _compile(
            rf"{_NUMBERED}{_COVERING} the (?:{_SMALL}|least|fewest) (?:area|ground|space|surface|room"
            rf"|land|pixels)(?: of all)?"
        ),
        _keep(lambda match: BySize(_ranks(match), smallest=True)),
    ),
    (
        _compile(
            rf"(?:larger|bigger|greater|{_COVERING} more (?:area|ground|space|surface|room|land|pixels))"
            rf" than {_OTHERS}"
        ),
        _keep(lambda _: BySize()),
    ),
    (
        _compile(rf"whose (?:area|size|extent|footprint) is (?:the )?{_BIG}(?: of all)?"),
        _keep(lambda _: BySize()),
    ),
    (
        _compile(rf"whose (?:area|size|extent|footprint) is (?:the )?{_SMALL}(?: of all)?"),
        _keep(lambda _: BySize(smallest=True)),
    ),
    (
        _compile(rf"smaller than {_OTHERS}"),
        _keep(lambda _: BySize(smallest=True)),
    ),
    (
        _compile(rf"{_NUMBERED}(?:(?:very|by far) )?{_BIG}(?: {_BY_SIZE})?"),
        _keep(lambda match: BySize(_ranks(match))),
    ),
    (
        _compile(rf"{_NUMBERED}(?:(?:very|by far) )?{_SMALL}(?: {_BY_SIZE})?"),
        _keep(lambda match: BySize(_ranks(match), smallest=True)),
    ),
    (
        _compile(rf"(?P<order>{ORDINAL}) {_BY_SIZE}"),
        _keep(lambda match: BySize(_ranks(match))),
    ),
    (
        _compile(rf"(?:(?:to|on|at) the )?(?:furthest )?(?P<side>{SIDES})(?: hand)?(?: side)? of {_OTHERS}"),
        _keep(lambda match: ByPlace(read_place(match["side"]))),
    ),
    (_compile(rf"(?:above|higher than) {_OTHERS}"), _keep(lambda _: ByPlace(read_place("top")))),
    (_compile(rf"(?:below|beneath|under|lower than) {_OTHERS}"), _keep(lambda _: ByPlace(read_place("bottom")))),
    (
        _compile(rf"(?:further|farther) (?:to the |towards the )?(?P<side>{SIDES}|up|down) than {_OTHERS}"),
        _keep(lambda match: ByPlace(read_place(match["side"]))),
    ),
    (
        _compile(rf"(?:ranks?|comes?|ranked|ranking|coming|is) (?P<order>{ORDINAL}) {_BY_SIZE}"),
        _keep(lambda match: BySize(_ranks(match))),
    ),
    (
        _compile(rf"{_HAVING}{_AT_LEAST} (?P<area>{AREA}){_IN_SIZE}"),
        _keep(lambda match: AreaBetween(at_least=read_area(match["area"]))),
    ),
    (
        _compile(rf"{_HAVING}{_AT_MOST} (?P<area>{AREA}){_IN_SIZE}"),
        _keep(lambda match: AreaBetween(at_most=read_area(match["area"]))),
    ),
    (
        _compile(
            rf"{_HAVING}between (?P<low>{QUANTITY})(?: ?{AREA_UNIT})? and (?P<high>{QUANTITY}) ?(?P<unit>{AREA_UNIT})"
            rf"{_IN_SIZE}"
        ),
        _keep(_between),
    ),
    # Order along the image, and distance to its sides, corners and centre.
    (
        _compile(rf"(?:the )?{_NUMBERED}{_NEAREST} (?:to |by )?(?P<place>{_PLACE})"),
        _keep(lambda match: ByPlace(read_place(match["place"]), _ranks(match))),
    ),
    (
        _compile(rf"(?:with|at|has|having) the (?:shortest|smallest|least) distance (?:to|from) (?P<place>{_PLACE})"),
        _keep(lambda match: ByPlace(read_place(match["place"]))),
    ),
    (
        _compile(rf"{_NUMBERED}{_FURTHEST}{_AWAY} from (?P<place>{_PLACE})"),
        _keep(lambda match: ByPlace(read_place(match["place"]), _ranks(match), furthest=True)),
    ),
    (
        _compile(rf"{_NUMBERED}{_FURTHEST} (?:to the |towards the |in the )?(?P<side>{SIDES}|up|down){OF_IMAGE}"),
        _keep(lambda match: ByPlace(read_place(match["side"]), _ranks(match))),
    ),
    (
        _compile(rf"(?:on|at|in|to|towards) the (?:far|extreme|very) (?P<side>{SIDES})(?: side| end)?{OF_IMAGE}"),
        _keep(lambda match: ByPlace(read_place(match["side"]))),
    ),
    (
        _compile(
            rf"(?:the )?(?P<order>{ORDINAL}) (?:one )?(?:from|counted from|counting from) the (?P<side>{SIDES})"
            rf"(?: (?:edge|side))?{OF_IMAGE}"
        ),
        _keep(lambda match: ByPlace(read_place(match["side"]), _ranks(match))),
    ),
    (
        _compile(
            rf"(?:{_IN_REGION} )?(?P<region>{REGION}){OF_IMAGE}"
            rf"|in the (?:far )?corner (?:at|in|on) the (?P<corner>{SIDES})"
        ),
        _keep(lambda match: InRegion(read_region(match["region"] if match["region"] else f"corner {match['corner']}"))),
    ),
    (
        _compile(
            rf"(?:in|at|with|having|has) the (?P<side>{SIDES}) ?most (?:position|spot|place)(?:,? closest to that "
            rf"corner)?"
        ),
        _keep(lambda match: ByPlace(read_place(match["side"]))),
    ),
    (
        _compile(
            rf"most centrally(?: located| placed| positioned)?|in the (?:very )?{CENTRE}most (?:position"
            rf"|place)"
        ),
        _keep(lambda _: ByPlace(read_place(""))),
    ),
    (
        _compile(rf"tucked (?:away )?(?:in|into) (?P<place>{_PLACE})|right (?:in|at|by) (?P<at>{_PLACE})"),
        _keep(lambda match: ByPlace(read_place(match["place"] or match["at"]))),
    ),
    # The image's edge.
    (
        _compile(
            rf"(?:touch|touches|touching|reach|reaches|reaching|at|on|cut(?: off)? by|cut(?: off)? at|cropped by)"
            rf" (?P<border>{_ANY_BORDER})"
        ),
        _keep(_border),
    ),
    (
        _compile(
            r"(?:completely|entirely|wholly|fully) (?:in|inside|within|in view)(?: the (?:image|picture"
            r"|frame))?"
        ),
        _drop(lambda _: TouchingBorder()),
    ),
    # Distance to the image's edge, its corners and its middle, before that to another thing: "the top edge" is none.
    (_compile(rf"(?:{_NEAR_TO}|by) (?P<border>{_ANY_BORDER})"), _keep(_near_border(NEAR))),
    (_compile(rf"{_NEXT_TO} (?P<border>{_ANY_BORDER})"), _keep(_near_border(BESIDE))),
    (_compile(rf"{_FAR_FROM} (?P<border>{_ANY_BORDER})"), _drop(_near_border(NEAR))),
    (
        _compile(rf"{_CLOSER_THAN} (?P<length>{LENGTH}){_AWAY} {_OF_THING} (?P<border>{_ANY_BORDER})"),
        _keep(_near_border()),
    ),
    (
        _compile(rf"{_FURTHER_THAN} (?P<length>{LENGTH}){_AWAY} (?:of|from|to) (?P<border>{_ANY_BORDER})"),
        _drop(_near_border()),
    ),
    (_compile(rf"{_NEAR_TO} (?P<place>{_NEAR_PLACE})"), _keep(lambda match: InRegion(_read_near(match["place"])))),
    (_compile(rf"{_FAR_FROM} (?P<place>{_NEAR_PLACE})"), _drop(lambda match: InRegion(_read_near(match["place"])))),
    # Distance to another thing.
    (
        _compile(rf"{_CLOSER_THAN} (?P<length>{LENGTH}){_AWAY} {_OF_THING} {_THING}"),
        _keep(_within_length),
    ),
    (
        _compile(rf"{_FURTHER_THAN} (?P<length>{LENGTH}){_AWAY} (?:of|from|to) {_THING}"),
        _drop(_within_length),
    ),
    (
        _compile(rf"(?:with|at|has|having) the (?:shortest|smallest|least) distance (?:to|from) {_THING}"),
        _keep(lambda match: ByDistance(match["thing"])),
    ),
    (
        _compile(rf"{_NUMBERED}{_NEAREST} (?:to )?{_THING}"),
        _keep(lambda match: ByDistance(match["thing"], _ranks(match))),
    ),
    (
        _compile(rf"{_NUMBERED}{_FURTHEST}{_AWAY} from {_THING}"),
        _keep(lambda match: ByDistance(match["thing"], _ranks(match), furthest=True)),
    ),
    (
        _compile(rf"(?:the )?(?:nearest|closest|next|immediate) neighbou?rs? (?:of|to) {_THING}"),
        _keep(lambda match: ByDistance(match["thing"])),
    ),
    (
        _compile(rf"{_NEAR_TO} {_THING}"),
        _keep(_within(NEAR)),
    ),
    (
        _compile(rf"{_NEXT_TO} {_THING}"),
        _keep(_within(BESIDE)),
    ),
    (_compile(rf"{_FAR_FROM} {_THING}"), _drop(_within(NEAR))),
    # To one side of another thing.
    (
        _compile(
            rf"(?:(?:to|on|at) the )?(?:immediate )?(?P<side>{SIDES})(?:ern)?(?: hand)?(?: side)? of {_THE_THING}"
        ),
        _beyond,
    ),
    (
        _compile(rf"(?:further|farther|more) (?:to the )?(?P<side>{SIDES}|up|down) than {_THE_THING}"),
        _beyond,
    ),
    (
        _compile(rf"(?:higher|further)(?: up)?{OF_IMAGE} than {_THE_THING}"),
        _keep(_beyond_side(Side.TOP)),
    ),
    (
        _compile(rf"lower(?: down)?{OF_IMAGE} than {_THE_THING}"),
        _keep(_beyond_side(Side.BOTTOM)),
    ),
    (_compile(rf"(?:above|higher than) {_THE_THING}"), _keep(_beyond_side(Side.TOP))),
    (_compile(rf"(?:below|beneath|underneath|under|lower than) {_THE_THING}"), _keep(_beyond_side(Side.BOTTOM))),
    # Contact and containment.
    (
        _compile(
            rf"(?:touch|touches|touching|cross|crosses|crossing|overlap|overlaps|overlapping|intersecting|meeting)"
            rf"(?: with)? (?!(?:near|by|at|in|on|beside) ){_THING}"
        ),
        _keep(lambda match: Touching(match["thing"])),
    ),
    (
        _compile(rf"(?:completely |entirely |fully )?(?:inside|within|in|on|on top of) {_THE_THING}"),
        _keep(lambda match: Inside(match["thing"])),
    ),
    (
        _compile(rf"(?:outside(?: of)?|not inside|not in|not on|not within|off) {_THE_THING}"),
        _drop(lambda match: Inside(match["thing"])),
    ),
)
