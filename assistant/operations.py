"""What can be done to a mask, as values: each operation says what, how much, and in relation to what.

An operation carries no pixels. Where it needs a second mask it names it in `other`: the question that finds it
("the ships"); `Threshold` alone needs the confidence map. `assistant.applying` does the work,
`assistant.operation_json` writes operations down without loss.

A mask is seen as its connected parts; a `Criterion` is a claim about one part, and `Keep` and `Remove` go by it.
"""

import math
from dataclasses import dataclass
from enum import StrEnum


class LengthUnit(StrEnum):
    """What a length is counted in."""

    PIXELS = "px"
    METRES = "m"
    # Of the image's shorter side: what "a bit" means on images of any size.
    SIDE = "side"


@dataclass(frozen=True)
class Length:
    """A distance; never negative."""

    value: float
    unit: LengthUnit = LengthUnit.PIXELS

    def __post_init__(self) -> None:
        if not (math.isfinite(self.value) and self.value >= 0):
            raise ValueError(f"a length is a number from 0 on, got {self.value}")


class AreaUnit(StrEnum):
    """What an area is counted in."""

    PIXELS = "px"
    SQUARE_METRES = "m2"


@dataclass(frozen=True)
class Area:
    """The size of a surface; never negative."""

    value: float
    unit: AreaUnit = AreaUnit.PIXELS

    def __post_init__(self) -> None:
        if not (math.isfinite(self.value) and self.value >= 0):
            raise ValueError(f"an area is a number from 0 on, got {self.value}")


class Side(StrEnum):
    """A direction: of the picture as it is shown, or of the compass."""

    TOP = "top"
    BOTTOM = "bottom"
    LEFT = "left"
    RIGHT = "right"
    NORTH = "north"
    SOUTH = "south"
    EAST = "east"
    WEST = "west"

    @property
    def is_compass(self) -> bool:
        """Whether the georeference, where there is one, says which way this is."""
        return self in (Side.NORTH, Side.SOUTH, Side.EAST, Side.WEST)

    @property
    def opposite(self) -> "Side":
        """The other way."""
        return _OPPOSITES[self]


_OPPOSITES = {
    Side.TOP: Side.BOTTOM,
    Side.BOTTOM: Side.TOP,
    Side.LEFT: Side.RIGHT,
    Side.RIGHT: Side.LEFT,
    Side.NORTH: Side.SOUTH,
    Side.SOUTH: Side.NORTH,
    Side.EAST: Side.WEST,
    Side.WEST: Side.EAST,
}


@dataclass(frozen=True)
class Region:
    """A half, a quarter, a corner, or the centre of the image.

    Attributes:
        sides: none is the centre; one is a band along that side; two that meet are a corner.
        fraction: of the image's extent, counted from each side (0.5 makes halves and quarters); of the centre,
            how much of the extent it takes in each direction. 0 < fraction <= 1.
    """

    sides: tuple[Side, ...] = ()
    fraction: float = 0.5

    def __post_init__(self) -> None:
        if not 0 < self.fraction <= 1:
            raise ValueError(f"a region takes a fraction between 0 and 1, got {self.fraction}")
        _check_sides(self.sides)


@dataclass(frozen=True)
class Place:
    """What distances are measured to: a side of the image, a corner of it, or its centre.

    Attributes:
        sides: none is the centre, one the side, two the corner where they meet.
    """

    sides: tuple[Side, ...] = ()

    def __post_init__(self) -> None:
        _check_sides(self.sides)


def _check_sides(sides: tuple[Side, ...]) -> None:
    if len(sides) > 2 or (len(sides) == 2 and sides[1] in (sides[0], sides[0].opposite)):
        raise ValueError(f"no, one or two sides that meet, got {sides}")


@dataclass(frozen=True)
class Ranks:
    """Which of the parts in an order: from `first` (1 is the foremost), `count` of them."""

    first: int = 1
    count: int = 1

    def __post_init__(self) -> None:
        if self.first < 1 or self.count < 1:
            raise ValueError(f"ranks count from 1, got {self.first} and {self.count}")


@dataclass(frozen=True)
class BySize:
    """The largest parts, or the smallest."""

    ranks: Ranks = Ranks()
    smallest: bool = False


@dataclass(frozen=True)
class ByPlace:
    """The parts nearest to a place of the image, or the furthest from it."""

    place: Place
    ranks: Ranks = Ranks()
    furthest: bool = False


@dataclass(frozen=True)
class ByDistance:
    """The parts nearest to another mask, or the furthest from it."""

    other: str
    ranks: Ranks = Ranks()
    furthest: bool = False


@dataclass(frozen=True)
class AreaBetween:
    """Parts of at least `at_least` and at most `at_most`; None leaves that end open."""

    at_least: Area | None = None
    at_most: Area | None = None


@dataclass(frozen=True)
class SmallBeside:
    """Parts with less than `share` of the largest part's pixels: the small ones beside large ones.

    Attributes:
        share: of the largest part's pixels, 0 < share <= 1.
    """

    share: float = 0.25

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise ValueError(f"a share lies between 0 and 1, got {self.share}")


@dataclass(frozen=True)
class InRegion:
    """Parts whose centroid lies in a region of the image."""

    region: Region


@dataclass(frozen=True)
class Beyond:
    """Parts that lie to one side of another mask ("north of the runway")."""

    side: Side
    other: str


@dataclass(frozen=True)
class WithinDistance:
    """Parts that come at least as near to another mask as `distance`."""

    other: str
    distance: Length


@dataclass(frozen=True)
class Inside:
    """Parts of which at least half the pixels lie in another mask."""

    other: str


@dataclass(frozen=True)
class Touching:
    """Parts that overlap another mask, or share an edge or a corner of a pixel with it."""

    other: str


@dataclass(frozen=True)
class TouchingBorder:
    """Parts that reach the edge of the image; with a side, that edge."""

    side: Side | None = None


@dataclass(frozen=True)
class NearBorder:
    """Parts that come at least as near to the edge of the image as `distance`; with a side, to that edge."""

    distance: Length
    side: Side | None = None


@dataclass(frozen=True)
class AtPoint:
    """The part under a point, or else the one nearest to it.

    Attributes:
        xy_px: (column, row) in pixels of the image.
    """

    xy_px: tuple[float, float]


@dataclass(frozen=True)
class AllOf:
    """Parts that pass one criterion after the other; a rank counts among those that passed so far.

    Attributes:
        criteria: at least two, in order ("the largest one north of the road": north of it, then the largest).
    """

    criteria: tuple["Criterion", ...]

    def __post_init__(self) -> None:
        if len(self.criteria) < 2:
            raise ValueError(f"at least two criteria are combined, got {len(self.criteria)}")


Criterion = (
    BySize
    | ByPlace
    | ByDistance
    | AreaBetween
    | SmallBeside
    | InRegion
    | Beyond
    | WithinDistance
    | Inside
    | Touching
    | TouchingBorder
    | NearBorder
    | AtPoint
    | AllOf
)


@dataclass(frozen=True)
class Keep:
    """Keep the parts that meet the criterion."""

    criterion: Criterion


@dataclass(frozen=True)
class Remove:
    """Remove the parts that meet the criterion."""

    criterion: Criterion


@dataclass(frozen=True)
class Unite:
    """Add another mask."""

    other: str


@dataclass(frozen=True)
class Subtract:
    """Take another mask away."""

    other: str


@dataclass(frozen=True)
class Intersect:
    """Keep the pixels that are in another mask too."""

    other: str


@dataclass(frozen=True)
class Invert:
    """Mark what is not marked, and the other way round."""


@dataclass(frozen=True)
class ClipToRegion:
    """Keep the pixels in a region of the image, parts cut where they cross its border."""

    region: Region


@dataclass(frozen=True)
class Grow:
    """Widen the mask on all sides."""

    distance: Length


@dataclass(frozen=True)
class Shrink:
    """Narrow the mask on all sides; the image's edge is no edge of the mask."""

    distance: Length


@dataclass(frozen=True)
class Smooth:
    """Round off notches and spikes up to about twice `radius` wide."""

    radius: Length


@dataclass(frozen=True)
class FillHoles:
    """Fill what is enclosed; with `up_to`, only holes of at most that area."""

    up_to: Area | None = None


@dataclass(frozen=True)
class RemoveSpecks:
    """Remove parts smaller than `below`; without it, parts too small to be an object on this image."""

    below: Area | None = None


@dataclass(frozen=True)
class JoinParts:
    """Join parts that lie at most `gap` apart."""

    gap: Length


@dataclass(frozen=True)
class SplitTouching:
    """Cut parts at necks at most `neck` wide, so that things that touch count one by one."""

    neck: Length


OWN_LEVEL = 0.5
"""The model's own mask is what it thinks likelier than not."""


@dataclass(frozen=True)
class Threshold:
    """Mark what the model holds likelier than `level`, in place of what was marked; needs the confidence map.

    Attributes:
        level: 0..1; `OWN_LEVEL` gives the model's own mask.
    """

    level: float

    def __post_init__(self) -> None:
        if not 0 <= self.level <= 1:
            raise ValueError(f"a threshold lies between 0 and 1, got {self.level}")


class ImageChoice(StrEnum):
    """Which of the conversation's images, when not by number."""

    THIS = "this"
    LAST = "last"
    PREVIOUS = "previous"
    NEXT = "next"
    OTHER = "other"


@dataclass(frozen=True)
class RepeatInImage:
    """Do in another image of the conversation what was done in this one.

    Attributes:
        which: number of the image in the conversation, from 1, or a choice relative to the present one.
    """

    which: int | ImageChoice


Operation = (
    Keep
    | Remove
    | Unite
    | Subtract
    | Intersect
    | Invert
    | ClipToRegion
    | Grow
    | Shrink
    | Smooth
    | FillHoles
    | RemoveSpecks
    | JoinParts
    | SplitTouching
    | Threshold
    | RepeatInImage
)


def name_others(operations: tuple[Operation, ...]) -> tuple[str, ...]:
    """Return the questions whose masks `operations` need, each once, in order of first need."""
    names: dict[str, None] = {}
    waiting: list[Operation | Criterion] = list(operations)
    while waiting:
        subject = waiting.pop(0)
        if isinstance(subject, Keep | Remove):
            waiting.insert(0, subject.criterion)
        elif isinstance(subject, AllOf):
            waiting[:0] = subject.criteria
        other = getattr(subject, "other", None)
        if other is not None:
            names[other] = None
    return tuple(names)
