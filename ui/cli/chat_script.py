"""A conversation written down as JSON: a list of turns, checked before anything is loaded."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import OperationUnreadableError
from assistant.intents import Command, CommandKind
from assistant.masks.strokes import Stroke
from assistant.operation_json import from_rows
from assistant.operations import Operation
from serving.clicks import Box, Click
from serving.errors import PromptError
from ui.cli.errors import ScriptUnreadableError

EXPORT_FORMATS = ("png", "overlay", "coco", "geotiff", "geojson", "geopackage", "bundle")
KEYS = frozenset(
    ("text choose image positive negative box brush operations undo redo reset branch_from edit export replay").split()  # noqa: SIM905
)

# A message: the answer of an earlier turn of the script, by its number from 1, or a message id.
Reference = int | str


@dataclass(frozen=True)
class ScriptTurn:
    """One turn. It does one thing: words, a choice, pointing, painting, operations, a command, exports or a replay.

    It may do none of them where it adds an image or goes to another branch.

    Attributes:
        text: what is said.
        choose: the number, from 1, of the choice that the last message offers.
        image: a file that is added first.
        clicks: in native pixels; with words they say which "that one" is.
        box: around a thing to be marked.
        strokes: of a brush, in native pixels.
        operations: the steps from the model's mask on, in place of those that there are.
        command: a move among the answers.
        branch_from: the message that the turn follows.
        edit: the turn, or the question by its id, in whose place the words stand.
        exports: formats in which the present mask is written.
        is_replay: make every mask again and compare.
    """

    text: str = ""
    choose: int | None = None
    image: Path | None = None
    clicks: tuple[Click, ...] = ()
    box: Box | None = None
    strokes: tuple[Stroke, ...] = ()
    operations: tuple[Operation, ...] | None = None
    command: Command | None = None
    branch_from: Reference | None = None
    edit: Reference | None = None
    exports: tuple[str, ...] = ()
    is_replay: bool = False

    @property
    def is_pointing(self) -> bool:
        """Whether clicks and box change the mask, rather than say what words mean."""
        return not self.text and (bool(self.clicks) or self.box is not None)


def read_script(content: str, folder: Path) -> tuple[ScriptTurn, ...]:
    """Return the turns of a script.

    Args:
        content: JSON.
        folder: where relative names of images begin.

    Raises:
        ScriptUnreadableError: no JSON, an unknown key, a value of the wrong kind, an image that is not there.
    """
    try:
        rows = json.loads(content)
    except ValueError as error:
        raise ScriptUnreadableError(problem="it is not JSON") from error
    if not isinstance(rows, list) or not rows:
        raise ScriptUnreadableError(problem="a list of turns is expected")
    turns = []
    for number, row in enumerate(rows, start=1):
        try:
            turns.append(_read_turn(row, folder))
        except (TypeError, ValueError, OperationUnreadableError, PromptError) as error:
            raise ScriptUnreadableError(problem=f"turn {number}: {error}") from error
    return tuple(turns)


def _read_turn(row: Any, folder: Path) -> ScriptTurn:
    if not isinstance(row, dict) or not row:
        raise TypeError("an object is expected")
    unknown = sorted(row.keys() - KEYS)
    if unknown:
        raise ValueError(f"“{unknown[0]}” is not known; the keys are {', '.join(sorted(KEYS))}")
    turn = ScriptTurn(
        text=_read(row, "text", str) or "",
        choose=_read(row, "choose", int),
        image=_read_image(row, folder),
        clicks=(*_read_clicks(row, "positive"), *_read_clicks(row, "negative")),
        box=_read_box(row),
        strokes=_read_strokes(row),
        operations=from_rows(row["operations"]) if "operations" in row else None,
        command=_read_command(row),
        branch_from=_read(row, "branch_from", int, str),
        edit=_read(row, "edit", int, str),
        exports=_read_exports(row),
        is_replay=bool(_read(row, "replay", bool)),
    )
    actions = (
        turn.text,
        turn.choose is not None,
        turn.is_pointing,
        turn.strokes,
        turn.operations is not None,
        turn.command,
        turn.exports,
        turn.is_replay,
    )
    count = sum(map(bool, actions))
    if count > 1:
        raise ValueError(
            "a turn does one thing: words, a choice, clicks and box, brush, operations, undo, redo, reset, export, "
            "replay"
        )
    if count == 0 and turn.image is None and turn.branch_from is None:
        raise ValueError("nothing is to be done")
    if turn.edit is not None and not turn.text:
        raise ValueError("“edit” needs the new words as “text”")
    return turn


def _read(row: Mapping[str, Any], key: str, *kinds: type) -> Any:
    value = row.get(key)
    if value is not None and type(value) not in kinds:
        raise TypeError(f"“{key}” is a {' or a '.join(kind.__name__ for kind in kinds)}, got {value!r}")
    return value


def _read_image(row: Mapping[str, Any], folder: Path) -> Path | None:
    name = _read(row, "image", str)
    if name is None:
        return None
    path = folder / str(name)
    if not path.is_file():
        raise ValueError(f"there is no image {path}")
    return path


def _read_clicks(row: Mapping[str, Any], key: str) -> Sequence[Click]:
    places = [_read_numbers(place, 2) for place in _read(row, key, list) or ()]
    return [Click(x, y, is_positive=key == "positive") for x, y in places]


def _read_box(row: Mapping[str, Any]) -> Box | None:
    edges = _read(row, "box", list)
    return None if edges is None else Box(*_read_numbers(edges, 4))


def _read_strokes(row: Mapping[str, Any]) -> tuple[Stroke, ...]:
    strokes = []
    for one in _read(row, "brush", list) or ():
        if not isinstance(one, dict) or not {"path", "radius"} <= one.keys() <= {"path", "radius", "erase"}:
            raise TypeError(f"a stroke has “path”, “radius” and, where it erases, “erase”, got {one!r}")
        points = [_read_numbers(place, 2) for place in _read(one, "path", list) or ()]
        (radius,) = _read_numbers([one["radius"]], 1)
        strokes.append(Stroke(tuple((x, y) for x, y in points), radius, is_adding=not _read(one, "erase", bool)))
    return tuple(strokes)


def _read_numbers(value: Any, count: int) -> Sequence[float]:
    is_numbers = isinstance(value, list) and all(type(number) in (int, float) for number in value)
    if not is_numbers or len(value) != count:
        raise TypeError(f"{count} numbers are expected, got {value!r}")
    return [float(number) for number in value]


def _read_command(row: Mapping[str, Any]) -> Command | None:
    for key, kind in (("undo", CommandKind.UNDO), ("redo", CommandKind.REDO), ("reset", CommandKind.RESET)):
        steps = _read(row, key, bool, int)
        if steps:
            return Command(kind, steps=int(steps))
    return None


def _read_exports(row: Mapping[str, Any]) -> tuple[str, ...]:
    value = _read(row, "export", str, list)
    formats = [value] if isinstance(value, str) else value or []
    for name in formats:
        if name not in EXPORT_FORMATS:
            raise ValueError(f"“{name}” is no format; the formats are {', '.join(EXPORT_FORMATS)}")
    return tuple(formats)
