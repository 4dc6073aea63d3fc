"""What can go wrong on the page itself; `str(error)` is the sentence a person reads.

UiError
├── TooManyTurnsError               this person already has as many turns waiting as one may have
├── TurnRunningError                the conversation is still busy with a question
├── MoveRefusedError                there is no answer to go back or forth to
└── QueueFullError                  everybody together has
"""


class UiError(Exception):
    """Root of every error that this package raises on purpose."""


class TooManyTurnsError(UiError):
    """One person has too many turns waiting."""

    def __init__(self, *, limit: int) -> None:
        super().__init__(
            f"You already have {limit} questions waiting, which is the limit. Please wait for one of them, or stop it."
        )


class TurnRunningError(UiError):
    """The conversation is busy."""

    def __init__(self) -> None:
        super().__init__("The question before this one is still being answered. Please wait for it, or press Stop.")


class MoveRefusedError(UiError):
    """There is no answer to go back or forth to; says what `assistant` said of it."""


class QueueFullError(UiError):
    """Too many turns are waiting."""

    def __init__(self, *, waiting: int) -> None:
        super().__init__(f"There are {waiting} questions waiting right now. Please try again in a minute.")
