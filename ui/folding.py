"""What of a conversation is seen: changes by hand do not stand one below the other, but change their answer in place.

Nothing of this is stored: every state stays a message of its own in the tree, for undo, branches and replay.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.conversation import Message, Role, Status
from assistant.making import Painted, Pointed, Revised


@dataclass(frozen=True)
class ByHand:
    """One change by hand.

    Attributes:
        wish: the message that says what was done.
        answer: what it came to.
    """

    wish: Message
    answer: Message


@dataclass(frozen=True)
class Shown:
    """A message as it is seen.

    Attributes:
        message: what is shown; of an answer that was changed by hand, its newest state.
        root_id: the message in whose place it stands: itself, or the answer before it was changed by hand.
        changes: what was done by hand to come to it, the oldest first.
    """

    message: Message
    root_id: str
    changes: tuple[ByHand, ...] = ()


def fold_messages(messages: Sequence[Message]) -> Sequence[Shown]:
    """Return what is seen of the messages of a conversation, in order.

    A change by hand takes the place of the answer that it changed, unless something was said in between; what was
    tried by hand in between and failed goes.
    """
    shown: list[Shown] = []
    for message in messages:
        wish = shown[-1].message if shown and is_wish(shown[-1].message) else None
        place = None if wish is None or message.facts is None else _find_base(shown, wish)
        if wish is None or place is None:
            shown.append(Shown(message, message.id))
            continue
        base = shown[place]
        change = ByHand(wish, message)
        if base.message.facts is not None:
            shown[place:] = [Shown(message, base.root_id, (*base.changes, change))]
        else:
            # A bare image stays where it is, with what was said of it.
            said = [one for one in shown[place + 1 :] if not is_wish(one.message) and _is_complete(one.message)]
            shown[place + 1 :] = [*said, Shown(message, message.id, (change,))]
    return shown


def is_wish(message: Message) -> bool:
    """Return whether a message says what was done by hand."""
    return message.role is Role.USER and message.text != "" and bool(message.mask_parents)


def describe_changes(changes: Sequence[ByHand]) -> str:
    """Return what was done by hand, counted, plain text: "3 clicks, 1 box"."""
    clicks = boxes = strokes = steps = 0
    for change in changes:
        match change.answer.making:
            case Pointed(clicks=made, box=box):
                clicks += len(made)
                boxes += box is not None
            case Painted(strokes=made_strokes):
                strokes += len(made_strokes)
            case Revised():
                steps += 1
            case _:
                pass  # nothing else is done by hand
    counted = (
        (clicks, "click", "clicks"),
        (boxes, "box", "boxes"),
        (strokes, "brush stroke", "brush strokes"),
        (steps, "change of its steps", "changes of its steps"),
    )
    return ", ".join(f"{count} {one if count == 1 else many}" for count, one, many in counted if count)


def _find_base(shown: Sequence[Shown], wish: Message) -> int | None:
    """Return the place of what a wish is about, where nothing but other wishes stands in between."""
    for place in range(len(shown) - 1, -1, -1):
        message = shown[place].message
        if message.id in wish.mask_parents:
            return place
        is_said = message.role is Role.USER and message.text != "" and not message.mask_parents
        if is_said or message.facts is not None:
            return None
    return None


def _is_complete(message: Message) -> bool:
    return message.status is Status.COMPLETE
