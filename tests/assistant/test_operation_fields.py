import pytest
from hypothesis import given

from assistant.errors import OperationUnreadableError
from assistant.operation_fields import FieldKind, change_fields, list_fields
from assistant.operations import (
    AllOf,
    Area,
    AreaUnit,
    AtPoint,
    BySize,
    ClipToRegion,
    FillHoles,
    Grow,
    InRegion,
    Keep,
    Length,
    LengthUnit,
    Operation,
    Ranks,
    Region,
    Remove,
    RemoveSpecks,
    Side,
    Subtract,
    TouchingBorder,
)
from tests.assistant.operation_strategies import OPERATIONS


@given(operation=OPERATIONS)
def test_a_form_that_nobody_touched_changes_nothing(operation: Operation) -> None:
    assert change_fields(operation, {field.path: field.value for field in list_fields(operation)}) == operation


@given(operation=OPERATIONS)
def test_every_field_has_a_path_of_its_own_and_shows_one_of_its_choices(operation: Operation) -> None:
    listed = list_fields(operation)
    assert len({field.path for field in listed}) == len(listed)
    for field in listed:
        if field.kind is FieldKind.CHOICE:
            assert field.value in dict(field.choices)


CHANGES = [
    (Keep(BySize(Ranks(count=3))), {"criterion.ranks.count": "2"}, Keep(BySize(Ranks(count=2)))),
    (Keep(BySize()), {"criterion.smallest": "true"}, Keep(BySize(smallest=True))),
    (Grow(Length(5)), {"distance.value": "2,5"}, Grow(Length(2.5))),
    (Grow(Length(5)), {"distance.unit": "m"}, Grow(Length(5, LengthUnit.METRES))),
    (FillHoles(), {"up_to.value": "40", "up_to.unit": "m2"}, FillHoles(Area(40, AreaUnit.SQUARE_METRES))),
    (RemoveSpecks(Area(9)), {"below.value": ""}, RemoveSpecks()),
    (Subtract("ships"), {"other": "  the   piers "}, Subtract("the piers")),
    (ClipToRegion(Region()), {"region.sides": "top left"}, ClipToRegion(Region((Side.TOP, Side.LEFT)))),
    (Remove(TouchingBorder()), {"criterion.side": "left"}, Remove(TouchingBorder(Side.LEFT))),
    (
        Keep(AllOf((InRegion(Region((Side.LEFT,))), BySize()))),
        {"criterion.criteria.0.region.sides": "north"},
        Keep(AllOf((InRegion(Region((Side.NORTH,))), BySize()))),
    ),
]


@pytest.mark.parametrize(("before", "values", "after"), CHANGES)
def test_a_field_sets_what_it_is_called_after(before: Operation, values: dict[str, str], after: Operation) -> None:
    assert change_fields(before, values) == after


@pytest.mark.parametrize(
    ("operation", "values", "problem"),
    [
        (Grow(Length(5)), {"distance.value": "much"}, "“much” is no number"),
        (Grow(Length(5)), {"distance.value": "-1"}, "from 0 on"),
        (Grow(Length(5)), {"distance.unit": "miles"}, "no choice for “Unit”"),
        (Keep(BySize()), {"criterion.ranks.count": "1.5"}, "no whole number"),
        (Keep(BySize()), {"criterion.ranks.count": "0"}, "count from 1"),
        (Keep(BySize()), {"criterion.smallest": "maybe"}, "no choice for “Which”"),
        (Subtract("ships"), {"other": " "}, "needs a name"),
        (Subtract("ships"), {"distance.value": "3"}, "nothing that can be set"),
        (ClipToRegion(Region()), {"region.sides": "left right"}, "no choice for “Place”"),
        (Keep(AtPoint((1.0, 2.0))), {"criterion.xy_px": "3"}, "nothing that can be set"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_with_the_reason(
    operation: Operation, values: dict[str, str], problem: str
) -> None:
    with pytest.raises(OperationUnreadableError, match=problem):
        change_fields(operation, values)
