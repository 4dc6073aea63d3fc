"""How a mask was made as JSON and back, without loss: {"by": "pointed", "clicks": [[12.5, 7.0, true]], "box": null}."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from assistant.errors import OperationUnreadableError
from assistant.making import Asked, Compared, Making, Painted, Picked, Pointed, Refined, Revised
from assistant.masks.comparison import Fate
from assistant.masks.strokes import Stroke
from assistant.operation_json import from_rows, to_rows
from serving.clicks import Box, Click

Tree = dict[str, Any]


def to_tree(making: Making) -> Tree:
    """Return an object ready for `json.dumps`."""
    match making:
        case Asked(question=question, operations=operations):
            return {"by": "asked", "question": question, "operations": to_rows(operations)}
        case Refined(operations=operations):
            return {"by": "refined", "operations": to_rows(operations)}
        case Revised(operations=operations):
            return {"by": "revised", "operations": to_rows(operations)}
        case Pointed(clicks=clicks, box=box, earlier=earlier):
            return {
                "by": "pointed",
                "clicks": _to_clicks(clicks),
                "box": None if box is None else list(dataclasses.astuple(box)),
                "earlier": _to_clicks(earlier),
            }
        case Painted(strokes=strokes):
            return {"by": "painted", "strokes": [_to_stroke(stroke) for stroke in strokes]}
        case Compared():
            return {
                "by": "compared",
                "thing": making.thing,
                "question": making.question,
                "operations": to_rows(making.operations),
                "earlier_digest": making.earlier_digest,
                "fates": list(map(str, making.fates)),
            }
        case Picked(fates=fates):
            return {"by": "picked", "fates": list(map(str, fates))}


def from_tree(tree: Tree) -> Making:
    """Return what `to_tree` wrote.

    Raises:
        OperationUnreadableError: it was not written by `to_tree`.
    """
    match tree:
        case {"by": "asked", "question": str(question), "operations": rows}:
            return Asked(question, from_rows(rows))
        case {"by": "refined", "operations": rows}:
            return Refined(from_rows(rows))
        case {"by": "revised", "operations": rows}:
            return Revised(from_rows(rows))
        case {"by": "pointed", "clicks": list(clicks), "box": box}:
            # Before clicks were told again, a making had none of the earlier ones.
            earlier = _from_clicks(tree.get("earlier", []))
            return Pointed(_from_clicks(clicks), None if box is None else Box(*box), earlier)
        case {"by": "painted", "strokes": list(strokes)}:
            return Painted(tuple(_from_stroke(stroke) for stroke in strokes))
        case {
            "by": "compared",
            "thing": str(thing),
            "question": str(question),
            "operations": rows,
            "earlier_digest": str(digest),
            "fates": list(fates),
        }:
            return Compared(thing, question, from_rows(rows), digest, _read_fates(fates))
        case {"by": "picked", "fates": list(fates)}:
            return Picked(_read_fates(fates))
        case _:
            raise OperationUnreadableError(problem="how the mask was made is not known")


def _to_clicks(clicks: Sequence[Click]) -> list[list[float | bool]]:
    return [[click.x, click.y, click.is_positive] for click in clicks]


def _from_clicks(rows: Sequence[Sequence[Any]]) -> tuple[Click, ...]:
    return tuple(Click(*row) for row in rows)


def _to_stroke(stroke: Stroke) -> Tree:
    return {
        "path": [list(point) for point in stroke.path_xy_px],
        "radius_px": stroke.radius_px,
        "is_adding": stroke.is_adding,
    }


def _from_stroke(tree: Tree) -> Stroke:
    return Stroke(tuple((x, y) for x, y in tree["path"]), tree["radius_px"], tree["is_adding"])


def _read_fates(names: list[Any]) -> tuple[Fate, ...]:
    try:
        return tuple(map(Fate, names))
    except ValueError as error:
        raise OperationUnreadableError(problem=str(error)) from error
