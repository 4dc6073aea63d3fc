"""What a turn may yield; each event is something that the person sees."""

from dataclasses import dataclass

from assistant.conversation import Message
from assistant.intents import Choice


@dataclass(frozen=True)
class Accepted:
    """The question is stored; from here on nothing is lost. First event of a turn that got past validation.

    Attributes:
        message: the person's message; names the conversation (a new one included) and is what a retry refers to.
    """

    message: Message


@dataclass(frozen=True)
class Waiting:
    """The turn waits for the engine; told again each time its place changes, until a stage begins.

    Attributes:
        ahead: turns that are with the engine, or come before this one as things stand; at least 1.
    """

    ahead: int

    @property
    def sentence(self) -> str:
        """The same in words, for people."""
        before = "1 question" if self.ahead == 1 else f"{self.ahead} questions"
        return f"Waiting: {before} before yours"


@dataclass(frozen=True)
class Stage:
    """Work has reached a stage.

    Attributes:
        name: "read", "encode", "language", "decode", "closer", "measure"; stable, for programs.
        sentence: the same in words, for people ("Looking at the image").
        part: which part of it, from 1 on, and of how many; None for a stage in one piece.
    """

    name: str
    sentence: str
    part: tuple[int, int] | None = None


@dataclass(frozen=True)
class MaskReady:
    """A mask was made and stored.

    Attributes:
        mask_digest: blob of the mask.
        question: what it answers.
    """

    mask_digest: str
    question: str


@dataclass(frozen=True)
class TextDelta:
    """More of the answer's text."""

    text: str


@dataclass(frozen=True)
class ChoicesOffered:
    """It is not clear what was meant, or nothing was found, and these are the choices.

    Attributes:
        choices: in order, to be picked by number from 1.
    """

    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class Done:
    """The turn is complete and stored."""

    message: Message


@dataclass(frozen=True)
class Failed:
    """The turn ended without an answer; what was there before is untouched.

    Attributes:
        sentence: what happened and what to do next, plain text.
        reference: short code that is also in the log; None when the error is one of ours.
        message: the stored failed or stopped message; None when nothing was stored, because the question was
            refused before the turn began or because storing failed too.
    """

    sentence: str
    reference: str | None
    message: Message | None


@dataclass(frozen=True)
class Moved:
    """The conversation is seen at another of its messages, and goes on from there; nothing was stored.

    Attributes:
        sentence: what was done, for the person.
        message: the last message that is seen now; None where none is.
    """

    sentence: str
    message: Message | None


Event = Accepted | Waiting | Stage | MaskReady | TextDelta | ChoicesOffered | Done | Moved | Failed
