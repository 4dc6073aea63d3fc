"""Operations as JSON and back, without loss: {"op": "keep", "criterion": {"is": "by_size", ...}}."""

import dataclasses
import json
import re
import types
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Union, get_args, get_origin, get_type_hints

from assistant.errors import OperationUnreadableError
from assistant.operations import Criterion, Operation

Tree = dict[str, Any]

_OPERATION_KEY = "op"
_CRITERION_KEY = "is"


def to_rows(operations: Sequence[Operation]) -> list[Tree]:
    """Return one object per operation, ready for `json.dumps`; fields at their default are left out."""
    return [_encode(operation) for operation in operations]


def from_rows(rows: object) -> tuple[Operation, ...]:
    """Return the operations that `to_rows` wrote.

    Raises:
        OperationUnreadableError: an unknown operation, a missing or unknown field, or a value out of range.
    """
    if not isinstance(rows, list):
        raise OperationUnreadableError(problem="a list of operations is expected")
    return tuple(_decode_tagged(row, _OPERATION_KEY, _OPERATIONS) for row in rows)


def dump_operations(operations: Sequence[Operation]) -> str:
    """Return operations as one line of JSON."""
    return json.dumps(to_rows(operations), ensure_ascii=False, allow_nan=False)


def load_operations(text: str) -> tuple[Operation, ...]:
    """Return the operations that `dump_operations` wrote.

    Raises:
        OperationUnreadableError: no JSON, or not what `from_rows` takes.
    """
    try:
        rows = json.loads(text)
    except ValueError as error:
        raise OperationUnreadableError(problem="it is not JSON") from error
    return from_rows(rows)


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


_OPERATIONS: Mapping[str, type] = {_snake(kind.__name__): kind for kind in get_args(Operation)}
_CRITERIA: Mapping[str, type] = {_snake(kind.__name__): kind for kind in get_args(Criterion)}


def _encode(value: Any) -> Any:
    if isinstance(value, StrEnum):
        return str(value)
    if isinstance(value, tuple):
        return [_encode(item) for item in value]
    if not dataclasses.is_dataclass(value):
        return value
    tree: Tree = {}
    name = _snake(type(value).__name__)
    if name in _OPERATIONS:
        tree[_OPERATION_KEY] = name
    elif name in _CRITERIA:
        tree[_CRITERION_KEY] = name
    for field in dataclasses.fields(value):
        content = getattr(value, field.name)
        if content != field.default:
            tree[field.name] = _encode(content)
    return tree


def _decode_tagged(row: object, key: str, kinds: Mapping[str, type]) -> Any:
    if not isinstance(row, dict) or not isinstance(row.get(key), str):
        raise OperationUnreadableError(problem=f"an object with the key “{key}” is expected")
    kind = kinds.get(row[key])
    if kind is None:
        raise OperationUnreadableError(problem=f"“{row[key]}” is not known")
    return _decode_fields({name: content for name, content in row.items() if name != key}, kind)


def _decode_fields(row: Tree, kind: type) -> Any:
    hints = get_type_hints(kind)
    unknown = row.keys() - hints.keys()
    if unknown:
        raise OperationUnreadableError(problem=f"“{sorted(unknown)[0]}” is no field of {_snake(kind.__name__)}")
    try:
        return kind(**{name: _decode(content, hints[name]) for name, content in row.items()})
    except (TypeError, ValueError) as error:
        raise OperationUnreadableError(problem=f"{_snake(kind.__name__)}: {error}") from error


def _decode(content: object, hint: Any) -> Any:
    """Return `content` as a value of the type `hint`; ValueError or TypeError where it is none."""
    if hint == Criterion:
        return _decode_tagged(content, _CRITERION_KEY, _CRITERIA)
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return _decode_union(content, get_args(hint))
    if origin is tuple:
        return _decode_tuple(content, get_args(hint))
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint(str(content))
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        if not isinstance(content, dict):
            raise TypeError(f"an object is expected, got {content!r}")
        return _decode_fields(content, hint)
    if hint is float and isinstance(content, int) and not isinstance(content, bool):
        return float(content)
    if type(content) is not hint:
        raise TypeError(f"{hint.__name__} is expected, got {content!r}")
    return content


def _decode_union(content: object, options: tuple[Any, ...]) -> Any:
    if content is None and type(None) in options:
        return None
    for option in options:
        if option is int and type(content) is int:
            return content
        if option not in (int, type(None)):
            return _decode(content, option)
    raise TypeError(f"unexpected {content!r}")


def _decode_tuple(content: object, items: tuple[Any, ...]) -> tuple[Any, ...]:
    if not isinstance(content, list):
        raise TypeError(f"a list is expected, got {content!r}")
    if len(items) == 2 and items[1] is Ellipsis:
        return tuple(_decode(item, items[0]) for item in content)
    if len(content) != len(items):
        raise ValueError(f"{len(items)} values are expected, got {len(content)}")
    return tuple(_decode(item, hint) for item, hint in zip(content, items, strict=True))
