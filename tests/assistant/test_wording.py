import pytest
from hypothesis import given

from assistant.operations import (
    AllOf,
    Area,
    AreaUnit,
    Beyond,
    ByDistance,
    ByPlace,
    BySize,
    FillHoles,
    Grow,
    InRegion,
    Keep,
    Length,
    LengthUnit,
    Operation,
    Place,
    Ranks,
    Region,
    Remove,
    RepeatInImage,
    Side,
    Subtract,
    WithinDistance,
)
from assistant.wording import describe_compass, describe_operation, describe_operations
from serving.grid import Grid
from tests.assistant.masks.strategies import turned_grid
from tests.assistant.operation_strategies import OPERATIONS


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        (Keep(BySize(Ranks(1, 3))), "only the three largest"),
        (Keep(BySize(Ranks(2), smallest=True)), "only the second smallest"),
        (Remove(ByPlace(Place((Side.LEFT,)))), "without the one nearest the left edge of the image"),
        (Keep(ByDistance("the pier", Ranks(2))), "only the one second nearest the pier"),
        (Keep(ByDistance("the pier", Ranks(1, 2))), "only the two nearest the pier"),
        (Keep(InRegion(Region((Side.BOTTOM, Side.LEFT)))), "only those in the bottom left quarter of the image"),
        (Keep(Beyond(Side.LEFT, "the track")), "only those left of the track"),
        (Keep(Beyond(Side.NORTH, "the track")), "only those north of the track"),
        (Remove(WithinDistance("the road", Length(30, LengthUnit.METRES))), "without those within 30 m of the road"),
        (Keep(AllOf((InRegion(Region()), BySize()))), "only those in the middle of the image, of these the largest"),
        (Subtract("the ships"), "without the ships"),
        (Grow(Length(0.01, LengthUnit.SIDE)), "grown by 1% of the image's shorter side"),
        (FillHoles(Area(1500, AreaUnit.SQUARE_METRES)), "holes of up to 1,500 m² filled"),
        (RepeatInImage(2), "the same in the second image"),
    ],
)
def test_operations_are_said_in_plain_words(operation: Operation, words: str) -> None:
    assert describe_operation(operation) == words


@given(OPERATIONS)
def test_every_operation_has_words(operation: Operation) -> None:
    assert describe_operations((operation, operation)).count(", then ") >= 1


def test_what_north_means_is_said_only_where_it_matters() -> None:
    plain, turned = Grid(4, 4), turned_grid(4, 4, 30.0)
    assert describe_compass((Keep(Beyond(Side.LEFT, "x")),), plain) is None
    north = (Remove(AllOf((BySize(), Beyond(Side.NORTH, "the runway")))),)
    assert describe_compass(north, plain) == "North is taken to be up, because this image carries no georeference."
    assert describe_compass(north, turned) == "North is taken from the image's georeference."
