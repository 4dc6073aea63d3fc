"""What a person may do to a mask by hand, without words: set its steps anew, point at the picture, or paint on it."""

from dataclasses import dataclass

from assistant.masks.strokes import Stroke
from assistant.operations import Operation
from assistant.wording import describe_operations
from serving.clicks import Box, Click


@dataclass(frozen=True)
class Revision:
    """Make the mask of an answer anew: the model's own mask, and then these steps.

    Attributes:
        answer_id: message id of the answer.
        operations: every step from the model's mask on; none gives that mask itself.
    """

    answer_id: str
    operations: tuple[Operation, ...]


@dataclass(frozen=True)
class Pointing:
    """Change the mask of an answer where a person points, or make one where an image has none.

    Attributes:
        answer_id: message id of the answer, or of a message with an image that was asked nothing yet.
        clicks: in native pixels, in the order in which they were made.
        box: around a thing to be marked, or None.
    """

    answer_id: str
    clicks: tuple[Click, ...]
    box: Box | None = None


@dataclass(frozen=True)
class Painting:
    """Draw on the mask of an answer with a brush, or make one where an image has none.

    Attributes:
        answer_id: as in `Pointing`.
        strokes: in the order in which they were drawn; at least one.
    """

    answer_id: str
    strokes: tuple[Stroke, ...]


Change = Revision | Pointing | Painting


def describe_change(change: Change) -> str:
    """Return what a person did, as the words that stand in the conversation; plain text."""
    match change:
        case Revision(operations=()):
            return "Without any steps"
        case Revision(operations=operations):
            words = describe_operations(operations)
            return f"{words[0].upper()}{words[1:]}"
        case Pointing(clicks=clicks, box=box):
            parts = [_list_clicks("Add", clicks, is_positive=True), _list_clicks("Remove", clicks, is_positive=False)]
            if box is not None:
                parts.append(
                    f"Mark what is in the box {box.left:.0f}, {box.top:.0f} – {box.right:.0f}, {box.bottom:.0f}"
                )
            return "; ".join(part for part in parts if part)
        case Painting(strokes=strokes):
            return "; ".join(
                f"{verb} what the brush went over"
                for verb, is_adding in (("Add", True), ("Remove", False))
                if any(stroke.is_adding is is_adding for stroke in strokes)
            )


def _list_clicks(verb: str, clicks: tuple[Click, ...], *, is_positive: bool) -> str:
    places = [f"{click.x:.0f}, {click.y:.0f}" for click in clicks if click.is_positive is is_positive]
    return f"{verb} what is at {' and '.join(places)}" if places else ""
