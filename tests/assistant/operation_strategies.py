"""Hypothesis strategies for operations of every kind."""

from hypothesis import strategies as st

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

NAMES = st.sampled_from(["the road", "die Straße", 'ships "A", <b>', ""])
LENGTHS = st.builds(Length, st.floats(0, 1e6), st.sampled_from(LengthUnit))
AREAS = st.builds(Area, st.floats(0, 1e9), st.sampled_from(AreaUnit))
SIDES = st.sampled_from(Side)
CORNERS = st.sampled_from([(), (Side.LEFT,), (Side.NORTH,), (Side.TOP, Side.RIGHT), (Side.SOUTH, Side.WEST)])
REGIONS = st.builds(Region, CORNERS, st.floats(0, 1, exclude_min=True))
PLACES = st.builds(Place, CORNERS)
RANKS = st.builds(Ranks, st.integers(1, 9), st.integers(1, 9))
SIMPLE_CRITERIA: dict[type, st.SearchStrategy[Criterion]] = {
    BySize: st.builds(BySize, RANKS, st.booleans()),
    ByPlace: st.builds(ByPlace, PLACES, RANKS, st.booleans()),
    ByDistance: st.builds(ByDistance, NAMES, RANKS, st.booleans()),
    AreaBetween: st.builds(AreaBetween, st.none() | AREAS, st.none() | AREAS),
    SmallBeside: st.builds(SmallBeside, st.floats(0, 1, exclude_min=True)),
    InRegion: st.builds(InRegion, REGIONS),
    Beyond: st.builds(Beyond, SIDES, NAMES),
    WithinDistance: st.builds(WithinDistance, NAMES, LENGTHS),
    Inside: st.builds(Inside, NAMES),
    Touching: st.builds(Touching, NAMES),
    TouchingBorder: st.builds(TouchingBorder, st.none() | SIDES),
    NearBorder: st.builds(NearBorder, LENGTHS, st.none() | SIDES),
    AtPoint: st.builds(AtPoint, st.tuples(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4))),
}


def _all_of(parts: st.SearchStrategy[Criterion]) -> st.SearchStrategy[Criterion]:
    return st.builds(AllOf, st.lists(parts, min_size=2, max_size=3).map(tuple))


SIMPLE = st.one_of(*SIMPLE_CRITERIA.values())
CRITERIA_BY_KIND = {**SIMPLE_CRITERIA, AllOf: _all_of(SIMPLE)}
CRITERIA: st.SearchStrategy[Criterion] = st.recursive(SIMPLE, _all_of, max_leaves=4)
OPERATIONS_BY_KIND: dict[type, st.SearchStrategy[Operation]] = {
    Keep: st.builds(Keep, CRITERIA),
    Remove: st.builds(Remove, CRITERIA),
    Unite: st.builds(Unite, NAMES),
    Subtract: st.builds(Subtract, NAMES),
    Intersect: st.builds(Intersect, NAMES),
    Invert: st.just(Invert()),
    ClipToRegion: st.builds(ClipToRegion, REGIONS),
    Grow: st.builds(Grow, LENGTHS),
    Shrink: st.builds(Shrink, LENGTHS),
    Smooth: st.builds(Smooth, LENGTHS),
    FillHoles: st.builds(FillHoles, st.none() | AREAS),
    RemoveSpecks: st.builds(RemoveSpecks, st.none() | AREAS),
    JoinParts: st.builds(JoinParts, LENGTHS),
    SplitTouching: st.builds(SplitTouching, LENGTHS),
    Threshold: st.builds(Threshold, st.floats(0, 1)),
    RepeatInImage: st.builds(RepeatInImage, st.integers(1, 99) | st.sampled_from(ImageChoice)),
}
OPERATIONS: st.SearchStrategy[Operation] = st.one_of(*OPERATIONS_BY_KIND.values())
