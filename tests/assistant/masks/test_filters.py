import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import ScaleUnknownError
from assistant.masks.filters import keep_parts, remove_parts
from assistant.masks.instances import split_instances
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
    Criterion,
    InRegion,
    Inside,
    Length,
    LengthUnit,
    NearBorder,
    Place,
    Ranks,
    Region,
    Side,
    SmallBeside,
    Touching,
    TouchingBorder,
    WithinDistance,
)
from serving.grid import Grid
from serving.mask import Mask
from tests.assistant.masks.strategies import draw_mask, masks_on, masks_on_one_grid, turned_grid

ROAD = "the road"
RANKS = st.builds(Ranks, st.integers(1, 4), st.integers(1, 4))
PLACES = st.sampled_from([Place(), *(Place((side,)) for side in Side), Place((Side.TOP, Side.LEFT))])
SIMPLE: st.SearchStrategy[Criterion] = st.one_of(
    st.builds(BySize, RANKS, st.booleans()),
    st.builds(ByPlace, PLACES, RANKS, st.booleans()),
    st.builds(ByDistance, st.just(ROAD), RANKS, st.booleans()),
    st.builds(AreaBetween, st.none() | st.integers(0, 40).map(Area), st.none() | st.integers(0, 40).map(Area)),
    st.builds(SmallBeside, st.floats(0.01, 1.0)),
    st.builds(InRegion, st.sampled_from([Region(), Region((Side.LEFT,)), Region((Side.NORTH, Side.EAST), 1 / 3)])),
    st.builds(Beyond, st.sampled_from(Side), st.just(ROAD)),
    st.builds(WithinDistance, st.just(ROAD), st.floats(0, 10).map(Length)),
    st.builds(Inside, st.just(ROAD)),
    st.builds(Touching, st.just(ROAD)),
    st.builds(TouchingBorder, st.none() | st.sampled_from(Side)),
    st.builds(NearBorder, st.floats(0, 10).map(Length), st.none() | st.sampled_from(Side)),
    st.builds(AtPoint, st.tuples(st.floats(-5, 30), st.floats(-5, 30))),
)
CRITERIA = SIMPLE | st.builds(AllOf, st.lists(SIMPLE, min_size=2, max_size=3).map(tuple))


@given(masks_on_one_grid(count=2), CRITERIA)
def test_what_is_kept_and_what_is_removed_are_whole_parts_and_make_up_the_mask(
    pair: tuple[Mask, Mask], criterion: Criterion
) -> None:
    mask, road = pair
    kept, rest = (change(mask, criterion, {ROAD: road}).pixels for change in (keep_parts, remove_parts))
    np.testing.assert_array_equal(kept | rest, mask.pixels)
    assert not (kept & rest).any()
    assert len(split_instances(Mask(kept, mask.grid))) + len(split_instances(Mask(rest, mask.grid))) == len(
        split_instances(mask)
    )


@given(st.data(), st.floats(-180, 180), CRITERIA)
def test_the_same_holds_on_turned_grids(data: st.DataObject, degrees: float, criterion: Criterion) -> None:
    grid = turned_grid(data.draw(st.integers(1, 12)), data.draw(st.integers(1, 12)), degrees)
    mask, road = data.draw(masks_on(grid)), data.draw(masks_on(grid))
    kept = keep_parts(mask, criterion, {ROAD: road})
    assert not (kept.pixels & ~mask.pixels).any()


THREE = draw_mask(
    """
    ##........
    ##......##
    ##......##
    ..........
    ...####...
    ...####...
    ...####...
    """
)


def kept(criterion: Criterion, mask: Mask = THREE, road: Mask | None = None) -> str:
    """Name the parts of THREE that are kept: a(t the left), b(ig), c (right)."""
    others = {} if road is None else {ROAD: road}
    pixels = keep_parts(mask, criterion, others).pixels
    return "".join(
        name for name, (row, column) in {"a": (0, 0), "b": (4, 4), "c": (1, 8)}.items() if pixels[row, column]
    )


@pytest.mark.parametrize(
    ("criterion", "expected"),
    [
        (BySize(), "b"),
        (BySize(Ranks(2)), "a"),
        (BySize(Ranks(1, 2)), "ab"),
        (BySize(smallest=True), "c"),
        (BySize(Ranks(4)), ""),
        (ByPlace(Place((Side.LEFT,))), "a"),
        (ByPlace(Place((Side.RIGHT,))), "c"),
        (ByPlace(Place((Side.LEFT,)), Ranks(2)), "b"),
        (ByPlace(Place((Side.BOTTOM, Side.LEFT))), "b"),
        (ByPlace(Place((Side.TOP, Side.RIGHT))), "c"),
        (ByPlace(Place(), furthest=True), "a"),
        (AreaBetween(Area(5), Area(6)), "a"),
        (AreaBetween(at_most=Area(6)), "ac"),
        (SmallBeside(0.4), "c"),
        (InRegion(Region((Side.TOP,))), "ac"),
        (InRegion(Region((Side.TOP, Side.LEFT))), "a"),
        (InRegion(Region((Side.NORTH,))), "ac"),
        (TouchingBorder(), "abc"),
        (TouchingBorder(Side.TOP), "a"),
        (NearBorder(Length(0), Side.TOP), "a"),
        (NearBorder(Length(1), Side.TOP), "ac"),
        (NearBorder(Length(2), Side.RIGHT), "c"),
        (NearBorder(Length(3), Side.EAST), "bc"),
        (AtPoint((8.0, 1.0)), "c"),
        (AtPoint((5.0, 3.0)), "b"),
        (AllOf((InRegion(Region((Side.TOP,))), BySize())), "a"),
    ],
)
def test_each_criterion_picks_the_parts_that_it_says(criterion: Criterion, expected: str) -> None:
    assert kept(criterion) == expected


WALL = draw_mask("\n".join(["......#..."] * 7))


@pytest.mark.parametrize(
    ("criterion", "expected"),
    [
        (Beyond(Side.LEFT, ROAD), "ab"),
        (Beyond(Side.EAST, ROAD), "c"),
        (WithinDistance(ROAD, Length(2)), "bc"),
        (WithinDistance(ROAD, Length(5)), "abc"),
        (ByDistance(ROAD, furthest=True), "a"),
        (ByDistance(ROAD), "b"),
        (Touching(ROAD), "b"),
        (Inside(ROAD), ""),
    ],
)
def test_each_criterion_that_names_another_mask_measures_to_it(criterion: Criterion, expected: str) -> None:
    assert kept(criterion, road=WALL) == expected


@pytest.mark.parametrize("criterion", [Beyond(Side.TOP, ROAD), WithinDistance(ROAD, Length(99)), ByDistance(ROAD)])
def test_nothing_is_near_or_beyond_what_is_not_there(criterion: Criterion) -> None:
    assert kept(criterion, road=Mask(np.zeros_like(THREE.pixels), THREE.grid)) == ""


def test_half_of_a_part_is_inside_enough() -> None:
    left = draw_mask("\n".join(["#####....."] * 7))
    assert kept(Inside(ROAD), road=left) == "ab"


def test_north_of_a_diagonal_road_is_north_of_it_all_along() -> None:
    road = Mask(np.fliplr(np.eye(12, dtype=np.bool_)), Grid(12, 12))
    pixels = np.zeros((12, 12), dtype=np.bool_)
    pixels[6:8, 1:3] = True  # above the road's low left end, although below its middle
    pixels[4:6, 9:11] = True  # below the road's high right end, although above its middle
    mask = Mask(pixels, road.grid)
    found = keep_parts(mask, Beyond(Side.NORTH, ROAD), {ROAD: road}).pixels
    assert found[6, 1]
    assert not found[4, 9]


def test_north_of_turns_with_the_grid() -> None:
    grid = turned_grid(7, 10, 180.0)
    turned = Mask(THREE.pixels, grid)
    road = draw_mask("\n".join(["." * 10] * 3 + ["#" * 10] + ["." * 10] * 3), grid)
    assert kept(Beyond(Side.NORTH, ROAD), turned, road) == "b"
    assert kept(Beyond(Side.TOP, ROAD), turned, road) == "ac"


def test_ranks_pass_over_specks_beside_something_larger() -> None:
    pixels = np.zeros((40, 40), dtype=np.bool_)
    pixels[0, 0] = True
    pixels[10:20, 10:20] = True
    mask = Mask(pixels, Grid(40, 40))
    assert keep_parts(mask, ByPlace(Place((Side.LEFT,))), {}).pixel_count == 100
    assert keep_parts(mask, BySize(smallest=True), {}).pixel_count == 100


def test_areas_in_square_metres_need_a_scale() -> None:
    criterion = AreaBetween(at_least=Area(1, AreaUnit.SQUARE_METRES))
    with pytest.raises(ScaleUnknownError):
        keep_parts(THREE, criterion, {})
    scaled = Mask(THREE.pixels, Grid(7, 10, gsd_m=(2.0, 0.5)))
    assert keep_parts(scaled, AreaBetween(at_least=Area(6.5, AreaUnit.SQUARE_METRES)), {}).pixel_count == 12


def test_a_mask_of_another_grid_is_refused() -> None:
    with pytest.raises(ValueError, match="different grids"):
        keep_parts(THREE, Touching(ROAD), {ROAD: draw_mask("#")})


def test_a_distance_in_metres_needs_a_scale() -> None:
    with pytest.raises(ScaleUnknownError):
        kept(WithinDistance(ROAD, Length(3, LengthUnit.METRES)), road=WALL)
