"""How a mask was made as JSON and back, without loss: {"by": "pointed", "clicks": [[12.5, 7.0, true]], "box": null}."""

import dataclasses
from typing import Any

from assistant.errors import OperationUnreadableError
from assistant.making import Asked, Making, Pointed, Refined, Revised
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
        case Pointed(clicks=clicks, box=box):
            return {
                "by": "pointed",
                "clicks": [[click.x, click.y, click.is_positive] for click in clicks],
                "box": None if box is None else list(dataclasses.astuple(box)),
            }


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
            return Pointed(tuple(Click(*click) for click in clicks), None if box is None else Box(*box))
        case _:
            raise OperationUnreadableError(problem="how the mask was made is not known")
