"""What a turn may mean."""

from dataclasses import dataclass
from enum import StrEnum

from assistant.masks.comparison import Fate
from assistant.operations import Operation


@dataclass(frozen=True)
class Segment:
    """Mark in the image what the question asks for."""

    question: str


@dataclass(frozen=True)
class ShowClosest:
    """Mark the outline that the model held back, since it doubts that what the question asks for is there at all."""

    question: str


class Topic(StrEnum):
    """What an `Ask` wants to know about the mask that is already there."""

    SUMMARY = "summary"
    COUNT = "count"
    AREA = "area"
    SHARE = "share"
    POSITION = "position"
    CONFIDENCE = "confidence"
    PARTS = "parts"
    SIZES = "sizes"
    SPACING = "spacing"
    BOUNDS = "bounds"
    HALVES = "halves"


@dataclass(frozen=True)
class Ask:
    """Say something measured about the mask that is already there."""

    topic: Topic
    question: str


@dataclass(frozen=True)
class Refine:
    """Change the mask that is there, by operations in order.

    Attributes:
        operations: at least one; they may name further things to be segmented first.
        text: the words that they come from.
    """

    operations: tuple[Operation, ...]
    text: str


class CommandKind(StrEnum):
    """What to do with the steps of the conversation, not with the mask."""

    UNDO = "undo"
    REDO = "redo"
    RESET = "reset"
    GO_BACK = "go_back"


@dataclass(frozen=True)
class Command:
    """Move among the answers that were given.

    Attributes:
        kind: which way.
        steps: how many, for undo and redo.
        answer: for going back, the number of the answer from 1, or from the end as -1, -2; None otherwise.
    """

    kind: CommandKind
    steps: int = 1
    answer: int | None = None


@dataclass(frozen=True)
class Choice:
    """One thing that words may have meant.

    Attributes:
        text: what is said in their place when it is chosen.
        intent: what that means.
    """

    text: str
    intent: Segment | ShowClosest | Ask | Refine | Command


@dataclass(frozen=True)
class Compare:
    """Find the same in two images of the conversation, and say what became of it.

    Attributes:
        thing: what to find, in its own words; None for what was asked for last.
        fates: which pixels are wanted as the mask; what changed is those that were added and those that were removed.
        earlier: number of the image to compare with, from 1, or from the end as -1; None for the one before.
        later: likewise, of the image that is shown; None for the present one.
    """

    thing: str | None
    fates: tuple[Fate, ...]
    earlier: int | None = None
    later: int | None = None


@dataclass(frozen=True)
class Pick:
    """Go on with the pixels of some fates of the comparison that is there.

    Attributes:
        fates: which.
    """

    fates: tuple[Fate, ...]


@dataclass(frozen=True)
class Clarify:
    """Ask the person back: the words could be understood, but something is missing.

    Attributes:
        sentence: what is missing and how to give it.
        choices: what may have been meant, each to be picked with a click; none where it has to be said.
        cued: so many of the first choices have a word that speaks for them.
    """

    sentence: str
    choices: tuple[Choice, ...] = ()
    cued: int = 0


Intent = Segment | ShowClosest | Ask | Refine | Compare | Pick | Command | Clarify
