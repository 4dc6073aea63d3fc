"""Operations in words: what an answer says was done ("then only the three largest"), and chips for people."""

from collections.abc import Sequence

from assistant.masks.directions import is_compass_known, uses_compass
from assistant.operations import (
    AllOf,
    Area,
    AreaBetween,
    AreaUnit,
    AtPoint,
    Beyond,
    ByDistance,
    ByPlace,
    BySize,
    ClipToRegion,
    Criterion,
    FillHoles,
    Grow,
    ImageChoice,
    InRegion,
    Inside,
    Intersect,
    Invert,
    JoinParts,
    Keep,
    Length,
    LengthUnit,
    NearBorder,
    Operation,
    Place,
    Ranks,
    Region,
    Remove,
    RemoveSpecks,
    RepeatInImage,
    Shrink,
    Side,
    SmallBeside,
    Smooth,
    SplitTouching,
    Subtract,
    Threshold,
    Touching,
    TouchingBorder,
    Unite,
    WithinDistance,
)
from serving.grid import Grid

_NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_BEYOND = {Side.TOP: "above", Side.BOTTOM: "below", Side.LEFT: "left of", Side.RIGHT: "right of"}


def describe_operation(operation: Operation) -> str:
    """Return an operation as a short phrase in lower case, plain text; it may repeat words that a person typed."""
    match operation:
        case Keep(criterion=criterion):
            return f"only {describe_criterion(criterion)}"
        case Remove(criterion=criterion):
            return f"without {describe_criterion(criterion)}"
        case Unite(other=other):
            return f"together with {other}"
        case Subtract(other=other):
            return f"without {other}"
        case Intersect(other=other):
            return f"only where it is also {other}"
        case Invert():
            return "everything that was not marked instead"
        case ClipToRegion(region=region):
            return f"cut to {_region(region)}"
        case Grow(distance=distance):
            return f"grown by {_length(distance)}"
        case Shrink(distance=distance):
            return f"shrunk by {_length(distance)}"
        case Smooth(radius=radius):
            return f"smoothed by {_length(radius)}"
        case FillHoles(up_to=None):
            return "holes filled"
        case FillHoles(up_to=Area() as up_to):
            return f"holes of up to {_area(up_to)} filled"
        case RemoveSpecks(below=None):
            return "without specks"
        case RemoveSpecks(below=Area() as below):
            return f"without specks below {_area(below)}"
        case JoinParts(gap=gap):
            return f"parts up to {_length(gap)} apart joined"
        case SplitTouching(neck=neck):
            return f"cut apart at necks of up to {_length(neck)}"
        case Threshold(level=level):
            return f"marked from {level:.0%} confidence on"
        case RepeatInImage(which=which):
            return f"the same in {_image(which)}"
    raise ValueError(f"no words for {operation}")


def describe_criterion(criterion: Criterion) -> str:
    """Return which parts a criterion means, as words that follow "only" or "without"."""
    match criterion:
        case BySize(ranks=ranks, smallest=smallest):
            return _ranked("smallest" if smallest else "largest", ranks)
        case ByPlace(place=place, ranks=ranks, furthest=furthest):
            return f"{_ranked_by_distance(ranks, furthest=furthest)} {_place(place)}"
        case ByDistance(other=other, ranks=ranks, furthest=furthest):
            return f"{_ranked_by_distance(ranks, furthest=furthest)} {other}"
        case AreaBetween(at_least=at_least, at_most=at_most):
            ends = [f"at least {_area(at_least)}" if at_least else "", f"at most {_area(at_most)}" if at_most else ""]
            return f"those of {' and '.join(end for end in ends if end) or 'any size'}"
        case SmallBeside():
            return "those much smaller than the largest"
        case InRegion(region=region):
            return f"those in {_region(region)}"
        case Beyond(side=side, other=other):
            return f"those {_BEYOND.get(side, f'{side} of')} {other}"
        case WithinDistance(other=other, distance=distance):
            return f"those within {_length(distance)} of {other}"
        case Inside(other=other):
            return f"those inside {other}"
        case Touching(other=other):
            return f"those touching {other}"
        case TouchingBorder(side=side):
            return f"those at {_border(side)}"
        case NearBorder(distance=distance, side=side):
            return f"those within {_length(distance)} of {_border(side)}"
        case AtPoint():
            return "the one pointed at"
        case AllOf(criteria=criteria):
            return ", of these ".join(describe_criterion(one) for one in criteria)
    raise ValueError(f"no words for {criterion}")


def describe_operations(operations: Sequence[Operation]) -> str:
    """Return operations as one phrase: "only those left of the road, then only the largest"."""
    return ", then ".join(describe_operation(operation) for operation in operations)


def spell_number(number: int) -> str:
    """Return a number from 1 on as a word, or in digits above twelve."""
    return _NUMBERS[number - 1] if number <= len(_NUMBERS) else f"{number:,}"


def describe_compass(operations: Sequence[Operation], grid: Grid) -> str | None:
    """Return the sentence that says what north is in this image; None where no operation depends on it."""
    if not uses_compass(side for operation in operations for side in _sides_of(operation)):
        return None
    if is_compass_known(grid):
        return "North is taken from the image's georeference."
    return "North is taken to be up, because this image carries no georeference."


def _sides_of(operation: Operation) -> tuple[Side, ...]:
    match operation:
        case Keep(criterion=criterion) | Remove(criterion=criterion):
            return _sides_of_criterion(criterion)
        case ClipToRegion(region=region):
            return region.sides
        case _:
            return ()


def _sides_of_criterion(criterion: Criterion) -> tuple[Side, ...]:
    match criterion:
        case InRegion(region=region):
            return region.sides
        case ByPlace(place=place):
            return place.sides
        case Beyond(side=side) | TouchingBorder(side=Side() as side) | NearBorder(side=Side() as side):
            return (side,)
        case AllOf(criteria=criteria):
            return tuple(side for one in criteria for side in _sides_of_criterion(one))
        case _:
            return ()


def _ranked(word: str, ranks: Ranks) -> str:
    count = spell_number(ranks.count)
    if ranks.first == 1:
        return f"the {word}" if ranks.count == 1 else f"the {count} {word}"
    order = _ORDINALS[ranks.first - 1] if ranks.first <= len(_ORDINALS) else f"number {ranks.first}"
    return f"the {order} {word}" if ranks.count == 1 else f"the {count} {word} from the {order} on"


def _ranked_by_distance(ranks: Ranks, *, furthest: bool) -> str:
    """Return "the one nearest", to be followed by what it is near to."""
    words = _ranked("furthest from" if furthest else "nearest", ranks)
    return words.replace("the ", "the one ", 1) if ranks.count == 1 else words


def _region(region: Region) -> str:
    if not region.sides:
        return "the middle of the image"
    sides = " ".join(region.sides)
    named = {0.5: "half" if len(region.sides) == 1 else "quarter", 1 / 3: "third", 0.25: "quarter"}
    if region.fraction == 1 / 3 and len(region.sides) == 2:
        return f"the {sides} corner of the image"
    return f"the {sides} {named.get(region.fraction, f'{region.fraction:.0%}')} of the image"


def _place(place: Place) -> str:
    if not place.sides:
        return "the centre of the image"
    return f"the {' '.join(place.sides)} {'edge' if len(place.sides) == 1 else 'corner'} of the image"


def _border(side: Side | None) -> str:
    return "the image's edge" if side is None else f"the image's {side} edge"


def _length(length: Length) -> str:
    match length.unit:
        case LengthUnit.PIXELS:
            return f"{length.value:g} pixel{'' if length.value == 1 else 's'}"
        case LengthUnit.METRES:
            return f"{length.value:g} m"
        case LengthUnit.SIDE:
            return f"{length.value:.3g} of the image's shorter side" if length.value > 1 else _percent(length.value)


def _percent(share: float) -> str:
    return f"{share * 100:g}% of the image's shorter side"


def _area(area: Area) -> str:
    if area.unit is AreaUnit.PIXELS:
        return f"{area.value:g} pixel{'' if area.value == 1 else 's'}"
    return f"{area.value:,.10g} m²"


def _image(which: int | ImageChoice) -> str:
    if isinstance(which, ImageChoice):
        return "this image" if which is ImageChoice.THIS else f"the {which} image"
    return f"the {_ORDINALS[which - 1]} image" if which <= len(_ORDINALS) else f"image {which}"
