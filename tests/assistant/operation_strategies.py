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
SIMPLE: st.SearchStrategy[Criterion] = st.one_of(
    st.builds(BySize, RANKS, st.booleans()),
    st.builds(ByPlace, PLACES, RANKS, st.booleans()),
    st.builds(ByDistance, NAMES, RANKS, st.booleans()),
    st.builds(AreaBetween, st.none() | AREAS, st.none() | AREAS),
    st.builds(SmallBeside, st.floats(0, 1, exclude_min=True)),
    st.builds(InRegion, REGIONS),
    st.builds(Beyond, SIDES, NAMES),
    st.builds(WithinDistance, NAMES, LENGTHS),
    st.builds(Inside, NAMES),
    st.builds(Touching, NAMES),
    st.builds(TouchingBorder, st.none() | SIDES),
    st.builds(AtPoint, st.tuples(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4))),
)
CRITERIA: st.SearchStrategy[Criterion] = st.recursive(
    SIMPLE, lambda inner: st.builds(AllOf, st.lists(inner, min_size=2, max_size=3).map(tuple)), max_leaves=4
)
OPERATIONS: st.SearchStrategy[Operation] = st.one_of(
    st.builds(Keep, CRITERIA),
    st.builds(Remove, CRITERIA),
    st.builds(Unite, NAMES),
    st.builds(Subtract, NAMES),
    st.builds(Intersect, NAMES),
    st.just(Invert()),
    st.builds(ClipToRegion, REGIONS),
    st.builds(Grow, LENGTHS),
    st.builds(Shrink, LENGTHS),
    st.builds(Smooth, LENGTHS),
    st.builds(FillHoles, st.none() | AREAS),
    st.builds(RemoveSpecks, st.none() | AREAS),
    st.builds(JoinParts, LENGTHS),
    st.builds(SplitTouching, LENGTHS),
    st.builds(Threshold, st.floats(0, 1)),
    st.builds(RepeatInImage, st.integers(1, 99) | st.sampled_from(ImageChoice)),
)
