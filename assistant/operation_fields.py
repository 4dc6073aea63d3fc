"""What of an operation a person may change: its numbers, units, directions and things, each as a field of a form."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import StrEnum
from typing import Any

from assistant.errors import OperationUnreadableError
from assistant.operations import (
    Area,
    AreaBetween,
    AreaUnit,
    AtPoint,
    FillHoles,
    Length,
    LengthUnit,
    NearBorder,
    Operation,
    Place,
    Ranks,
    Region,
    RemoveSpecks,
    RepeatInImage,
    Side,
    TouchingBorder,
)

# Longer names of things are not asked for, as a question of that length is not.
LONGEST_THING = 200


class FieldKind(StrEnum):
    """How a field is filled in."""

    NUMBER = "number"
    WHOLE = "whole"
    CHOICE = "choice"
    WORDS = "words"


@dataclass(frozen=True)
class OperationField:
    """One field of a form.

    Attributes:
        path: where the value lies in the operation, names joined by dots; unique in it.
        label: what it is, for people.
        kind: how it is filled in.
        value: what stands there now; "" where a limit is left open.
        choices: of a CHOICE, (value, words for it).
        may_be_empty: whether "" is a value too.
    """

    path: str
    label: str
    kind: FieldKind
    value: str
    choices: tuple[tuple[str, str], ...] = ()
    may_be_empty: bool = False


_LENGTH_UNITS = (
    (LengthUnit.PIXELS.value, "pixels"),
    (LengthUnit.METRES.value, "metres"),
    (LengthUnit.SIDE.value, "× the image's shorter side"),
)
_AREA_UNITS = ((AreaUnit.PIXELS.value, "pixels"), (AreaUnit.SQUARE_METRES.value, "m²"))
_SIDES = tuple((side.value, side.value) for side in Side)
_CORNERS = tuple(
    (f"{first} {second}", f"{first} {second}")
    for first, second in (
        ("top", "left"),
        ("top", "right"),
        ("bottom", "left"),
        ("bottom", "right"),
        ("north", "west"),
        ("north", "east"),
        ("south", "west"),
        ("south", "east"),
    )
)
_PLACES = (("", "centre"), *_SIDES, *_CORNERS)

_LABELS = {
    "at_least": "At least",
    "at_most": "At most",
    "below": "Smaller than",
    "count": "How many",
    "distance": "Distance",
    "first": "Counted from number",
    "fraction": "Share of the image",
    "furthest": "Which",
    "gap": "Gap",
    "level": "Confidence",
    "neck": "Neck",
    "other": "Thing",
    "radius": "Radius",
    "share": "Share of the largest",
    "side": "Side",
    "sides": "Place",
    "smallest": "Which",
    "up_to": "Up to",
}
_FLAGS = {
    "furthest": (("false", "nearest"), ("true", "furthest")),
    "smallest": (("false", "largest"), ("true", "smallest")),
}
_OPEN_AREAS = (FillHoles, RemoveSpecks, AreaBetween)


def list_fields(operation: Operation) -> tuple[OperationField, ...]:
    """Return the fields of an operation, in reading order; none where there is nothing to set."""
    return tuple(_list_fields(operation, ""))


def change_fields(operation: Operation, values: Mapping[str, str]) -> Operation:
    """Return the operation with some fields changed.

    Args:
        operation: stays as it is.
        values: path -> what stands there now; what is left out keeps its value.

    Raises:
        OperationUnreadableError: an unknown field, or a value that makes no sense there.
    """
    known = {field.path: field for field in list_fields(operation)}
    for path, text in values.items():
        if path not in known:
            raise OperationUnreadableError(problem=f"“{path}” is nothing that can be set here")
        if known[path].kind is FieldKind.CHOICE and text not in dict(known[path].choices):
            raise OperationUnreadableError(problem=f"“{text}” is no choice for “{known[path].label}”")
    # A field shows rounded numbers; what was left as it stood keeps its exact value.
    new = {path: text for path, text in values.items() if text != known[path].value}
    try:
        changed: Operation = _change(operation, "", new)
    except ValueError as error:
        raise OperationUnreadableError(problem=str(error)) from error
    return changed


def _list_fields(value: Any, path: str) -> list[OperationField]:
    listed: list[OperationField] = []
    if isinstance(value, RepeatInImage | AtPoint):
        return listed
    # "How many" is what people come for; where to count from is seldom changed.
    for field in reversed(fields(value)) if isinstance(value, Ranks) else fields(value):
        content = getattr(value, field.name)
        here = f"{path}.{field.name}" if path else field.name
        label = _LABELS.get(field.name, field.name)
        if isinstance(content, Area) or (content is None and isinstance(value, _OPEN_AREAS)):
            is_open = isinstance(value, _OPEN_AREAS)
            number = "" if content is None else f"{content.value:g}"
            unit = AreaUnit.PIXELS if content is None else content.unit
            listed += [
                OperationField(f"{here}.value", label, FieldKind.NUMBER, number, may_be_empty=is_open),
                OperationField(f"{here}.unit", "Unit", FieldKind.CHOICE, unit.value, _AREA_UNITS),
            ]
        elif isinstance(content, Length):
            listed += [
                OperationField(f"{here}.value", label, FieldKind.NUMBER, f"{content.value:g}"),
                OperationField(f"{here}.unit", "Unit", FieldKind.CHOICE, content.unit.value, _LENGTH_UNITS),
            ]
        elif isinstance(value, Region | Place) and field.name == "sides":
            listed.append(OperationField(here, label, FieldKind.CHOICE, " ".join(content), _place_choices(content)))
        elif isinstance(value, TouchingBorder | NearBorder):
            choices = (("", "any"), *_SIDES)
            listed.append(OperationField(here, label, FieldKind.CHOICE, content or "", choices))
        elif isinstance(content, tuple):
            for index, item in enumerate(content):
                listed += _list_fields(item, f"{here}.{index}")
        elif is_dataclass(content):
            listed += _list_fields(content, here)
        else:
            listed.append(_list_leaf(here, label, field.name, content))
    return listed


def _list_leaf(path: str, label: str, name: str, content: object) -> OperationField:
    match content:
        case bool():
            return OperationField(path, label, FieldKind.CHOICE, str(content).lower(), _FLAGS[name])
        case Side():
            return OperationField(path, label, FieldKind.CHOICE, content.value, _SIDES)
        case int():
            return OperationField(path, label, FieldKind.WHOLE, str(content))
        case float():
            return OperationField(path, label, FieldKind.NUMBER, f"{content:g}")
        case _:
            return OperationField(path, label, FieldKind.WORDS, str(content))


def _place_choices(sides: tuple[Side, ...]) -> tuple[tuple[str, str], ...]:
    """Return every place, a combination that is written in another order ("left top") included."""
    present = " ".join(sides)
    return _PLACES if present in dict(_PLACES) else (*_PLACES, (present, present))


def _change(value: Any, path: str, values: Mapping[str, str]) -> Any:
    changes: dict[str, Any] = {}
    if isinstance(value, RepeatInImage | AtPoint):
        return value
    for field in fields(value):
        content = getattr(value, field.name)
        here = f"{path}.{field.name}" if path else field.name
        if isinstance(content, Area | Length) or (content is None and isinstance(value, _OPEN_AREAS)):
            changes[field.name] = _change_measure(content, here, values)
        elif isinstance(value, Region | Place) and field.name == "sides" and here in values:
            changes[field.name] = tuple(Side(word) for word in values[here].split())
        elif isinstance(value, TouchingBorder | NearBorder) and here in values:
            changes[field.name] = Side(values[here]) if values[here] else None
        elif isinstance(content, tuple) and content and is_dataclass(content[0]):
            changes[field.name] = tuple(_change(item, f"{here}.{index}", values) for index, item in enumerate(content))
        elif is_dataclass(content):
            changes[field.name] = _change(content, here, values)
        elif here in values:
            changes[field.name] = _read_leaf(content, values[here])
    return replace(value, **changes)


def _change_measure(content: Area | Length | None, path: str, values: Mapping[str, str]) -> Area | Length | None:
    """Return an area or a length with number and unit as given; None where a limit is opened."""
    number = values.get(f"{path}.value", "" if content is None else repr(content.value)).strip()
    if isinstance(content, Length):
        return Length(_read_number(number), LengthUnit(values.get(f"{path}.unit", content.unit)))
    if number == "":
        return None
    unit = AreaUnit.PIXELS if content is None else content.unit
    return Area(_read_number(number), AreaUnit(values.get(f"{path}.unit", unit)))


def _read_leaf(content: object, text: str) -> object:
    match content:
        case bool():
            return text == "true"
        case Side():
            return Side(text)
        case int():
            return _read_whole(text)
        case float():
            return _read_number(text)
        case _:
            words = " ".join(text.split())
            if not words or len(words) > LONGEST_THING:
                raise ValueError(f"a thing needs a name of at most {LONGEST_THING} characters")
            return words


def _read_number(text: str) -> float:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        raise ValueError(f"“{text}” is no number") from None


def _read_whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"“{text}” is no whole number") from None
