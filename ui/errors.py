"""What can go wrong on the page itself; `str(error)` is the sentence a person reads.

UiError
├── TurnRunningError                the conversation is still busy with a question
└── MoveRefusedError                there is no answer to go back or forth to
"""


class UiError(Exception):
    """Root of every error that this package raises on purpose."""


class TurnRunningError(UiError):
    """The conversation is busy."""

    def __init__(self) -> None:
        super().__init__("The question before this one is still being answered. Please wait for it, or press Stop.")


class MoveRefusedError(UiError):
    """There is no answer to go back or forth to; says what `assistant` said of it."""
