"""What the page's tools report, as changes to a mask: a step set, moved or removed, a threshold, a place, a stroke."""

from collections.abc import Mapping, Sequence
from typing import Any

from assistant.changes import Painting, Pointing, Revision
from assistant.conversation import Message
from assistant.errors import OperationUnreadableError
from assistant.masks.strokes import Stroke
from assistant.operation_fields import change_fields
from assistant.operations import Operation, Threshold
from serving.clicks import Box, Click
from ui.mask_tools_html import OWN_THRESHOLD_PERCENT
from ui.steps_html import can_move

# More clicks or strokes at once than anybody makes while one answer is under way.
MOST_CLICKS = 100
MOST_STROKES = 100
# More points than a hand draws in a minute: screens report about a hundred a second.
MOST_STROKE_POINTS = 10_000


def change_step(answer: Message, index: int, change: str, *, to: int = -1, values: Mapping[str, str]) -> Revision:
    """Return the revision in which one step is changed.

    Args:
        answer: whose steps they are.
        index: of the step.
        change: "remove", "move" or "set".
        to: where a step is moved.
        values: what a step is set to, as `change_fields` takes it.

    Raises:
        OperationUnreadableError: there is no such step or place, or a value makes no sense.
    """
    steps = list(answer.operations)
    if not 0 <= index < len(steps):
        raise OperationUnreadableError(problem="there is no such step any more")
    step = steps.pop(index)
    if change == "set":
        steps.insert(index, change_fields(step, values))
    elif change == "move" and can_move(answer.operations, index, to):
        steps.insert(to, step)
    elif change != "remove":
        raise OperationUnreadableError(problem="the step cannot be moved there")
    return Revision(answer.id, tuple(steps))


def set_threshold(operations: Sequence[Operation], percent: int) -> tuple[Operation, ...]:
    """Return the steps with the threshold at `percent`, 0..100; at the model's own there is no such step."""
    others = tuple(operation for operation in operations if not isinstance(operation, Threshold))
    try:
        threshold = Threshold(percent / 100)
    except ValueError as error:
        raise OperationUnreadableError(problem=str(error)) from error
    return others if percent == OWN_THRESHOLD_PERCENT else (threshold, *others)


def read_pointing(answer_id: str, clicks: Sequence[Mapping[str, Any]], box: Sequence[float] | None) -> Pointing:
    """Return where somebody pointed.

    Args:
        answer_id: message id of the answer whose picture it was.
        clicks: objects with "x" and "y" in pixels of the image, and "is_positive".
        box: left, top, right and bottom in pixels of the image, or None.

    Raises:
        OperationUnreadableError: a place is no number, or there are too many.
        PromptError: a box without an area.
    """
    try:
        points = tuple(Click(float(one["x"]), float(one["y"]), bool(one["is_positive"])) for one in clicks)
        edges = None if box is None else tuple(float(edge) for edge in box)
    except (KeyError, TypeError, ValueError) as error:
        raise OperationUnreadableError(problem="a click needs x, y and is_positive, a box four numbers") from error
    if len(points) > MOST_CLICKS or (edges is not None and len(edges) != 4):
        raise OperationUnreadableError(problem=f"at most {MOST_CLICKS} clicks, and four edges of a box")
    return Pointing(answer_id, points, None if edges is None else Box(*edges))


def read_painting(answer_id: str, strokes: Sequence[Mapping[str, Any]]) -> Painting:
    """Return what somebody painted.

    Args:
        answer_id: message id of the answer whose picture it was.
        strokes: objects with "path", a list of [x, y], "radius" and "is_adding", in pixels of the image.

    Raises:
        OperationUnreadableError: there is no stroke, or it is none, or there are too many.
    """
    try:
        painted = tuple(
            Stroke(
                tuple((float(x), float(y)) for x, y in one["path"]),
                radius_px=float(one["radius"]),
                is_adding=bool(one["is_adding"]),
            )
            for one in strokes
        )
    except (KeyError, TypeError, ValueError) as error:
        raise OperationUnreadableError(
            problem="a stroke needs a path of [x, y], a radius above 0 and is_adding"
        ) from error
    points = sum(len(stroke.path_xy_px) for stroke in painted)
    if not 1 <= len(painted) <= MOST_STROKES or points > MOST_STROKE_POINTS:
        raise OperationUnreadableError(
            problem=f"one to {MOST_STROKES} strokes, with at most {MOST_STROKE_POINTS:,} points together"
        )
    return Painting(answer_id, painted)
