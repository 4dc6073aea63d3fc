"""What a person asks for in one turn: words, or a change by hand, a move or a choice in place of them."""

from dataclasses import dataclass, field

from assistant.changes import Change
from assistant.intents import Command
from serving.cancellation import Cancellation
from serving.image_ref import ImageRef


@dataclass(frozen=True)
class ChoiceTaken:
    """One of the choices that a question back offers.

    Attributes:
        message_id: the question back; what is chosen follows it.
        number: of the choice, from 1.
    """

    message_id: str
    number: int


@dataclass(frozen=True)
class TurnRequest:
    """What a person asks for in one turn.

    Attributes:
        owner: who asks.
        conversation_id: where; None starts a conversation, named after the question. One that is still called
            by its image's name gets the name of its first question too.
        text: the question as typed; not looked at in a retry.
        image: the image that the question is about; None means the latest image of the conversation.
        cancellation: set by whoever shows the turn, to stop it.
        retry_of: id of a message of this person's in this conversation, to answer it anew: its text and image
            are taken, and it is not stored a second time.
        point_xy_px: where the person clicked in the image, (column, row), for "remove that one".
        change: what the person did to a mask by hand, in place of `text`.
        move: where among the answers the person goes, in place of `text`; "undo that" as text does the same.
        branch_from: id of the message that the question follows; None means the pointer.
        edit_of: id of an earlier question in whose place this one stands, on a branch of its own; its image is taken
            where none is given.
        choice: what the person picks of what a question back offers, in place of `text`.
    """

    owner: str
    conversation_id: str | None
    text: str
    image: ImageRef | None
    cancellation: Cancellation = field(default_factory=Cancellation)
    retry_of: str | None = None
    point_xy_px: tuple[float, float] | None = None
    change: Change | None = None
    move: Command | None = None
    branch_from: str | None = None
    edit_of: str | None = None
    choice: ChoiceTaken | None = None
