from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import OperationUnreadableError
from assistant.operation_json import dump_operations, load_operations
from assistant.operations import Criterion, Keep, Operation
from tests.assistant.operation_strategies import CRITERIA_BY_KIND, OPERATIONS, OPERATIONS_BY_KIND


@given(st.lists(OPERATIONS, max_size=4).map(tuple))
def test_operations_come_back_from_json_as_they_were(operations: tuple[Operation, ...]) -> None:
    assert load_operations(dump_operations(operations)) == operations


@pytest.mark.parametrize("kind", get_args(Operation))
@given(data=st.data())
def test_every_kind_of_operation_comes_back(kind: type, data: st.DataObject) -> None:
    operation = data.draw(OPERATIONS_BY_KIND[kind])
    assert load_operations(dump_operations((operation,))) == (operation,)


@pytest.mark.parametrize("kind", get_args(Criterion))
@given(data=st.data())
def test_every_kind_of_criterion_comes_back(kind: type, data: st.DataObject) -> None:
    operation = Keep(data.draw(CRITERIA_BY_KIND[kind]))
    assert load_operations(dump_operations((operation,))) == (operation,)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "not JSON"),
        ('{"op": "invert"}', "list of operations"),
        ('["invert"]', "key “op”"),
        ('[{"op": "explode"}]', "“explode” is not known"),
        ('[{"op": "invert", "twice": true}]', "“twice” is no field"),
        ('[{"op": "grow"}]', "grow"),
        ('[{"op": "grow", "distance": {"value": -1}}]', "from 0 on"),
        ('[{"op": "grow", "distance": {"value": "3"}}]', "float is expected"),
        ('[{"op": "grow", "distance": 3}]', "object is expected"),
        ('[{"op": "keep", "criterion": {"is": "by_size", "ranks": {"first": true}}}]', "int is expected"),
        (
            '[{"op": "keep", "criterion": {"is": "in_region", "region": {"sides": ["left", "right"]}}}]',
            "sides that meet",
        ),
        ('[{"op": "keep", "criterion": {"is": "at_point", "xy_px": [1.0]}}]', "2 values"),
        ('[{"op": "repeat_in_image", "which": "tenth"}]', "tenth"),
    ],
)
def test_what_is_no_list_of_operations_is_refused_with_the_reason(text: str, problem: str) -> None:
    with pytest.raises(OperationUnreadableError, match=problem):
        load_operations(text)
