"""What can go wrong in a conversation; `str(error)` is the sentence a person reads.

AssistantError
├── ImageNeededError                a question came before any image
├── ConversationNotFoundError       deleted, or somebody else's
├── MessageNotFoundError            likewise
├── MaskNotFoundError               the message made no mask
├── MasksNotComparableError         two masks of different images
├── ConfidenceMissingError          no confidence map was kept
├── ComparisonMissingError          the message compares no images
├── OneImageTwiceError              an image was to be compared with itself
├── ImageNotInConversationError     the image that was meant was never added
├── NothingToUndoError              no answer to go back from
├── NothingToRedoError              nothing was undone
├── AnswerNotInConversationError    an answer by a number that no answer has
├── ScaleUnknownError               metres on an image that does not say how large a pixel is
├── StrokeOutsideImageError         a brush that touched no pixel
├── OperationUnreadableError        written operations that are none
├── TooManyTurnsError               this person already has as many turns waiting as one may have
└── LineFullError                   everybody together has
"""


class AssistantError(Exception):
    """Root of every error that this package raises on purpose."""


class ImageNeededError(AssistantError):
    """A question came before any image."""

    def __init__(self) -> None:
        super().__init__("Please add an image first: drop one into the chat, or pick an example.")


class ConversationNotFoundError(AssistantError):
    """The conversation does not exist for this person."""

    def __init__(self) -> None:
        super().__init__("This conversation is not here any more. Please start a new one or pick another.")


class MessageNotFoundError(AssistantError):
    """The message does not exist for this person."""

    def __init__(self) -> None:
        super().__init__("This message is not here any more. Please reload the page.")


class MaskNotFoundError(AssistantError):
    """The message made no mask."""

    def __init__(self) -> None:
        super().__init__("This message has no mask. Please ask about the image first.")


class MasksNotComparableError(AssistantError):
    """Two masks of different images."""

    def __init__(self) -> None:
        super().__init__(
            "These two masks are of different images, so they cannot be compared. Please pick another one."
        )


class ConfidenceMissingError(AssistantError):
    """No confidence map was kept with the mask, so that it has no threshold to move."""

    def __init__(self) -> None:
        super().__init__(
            "How sure the model was of each pixel was not kept with this mask, so its threshold cannot be moved. "
            "Please ask the question again."
        )


class ComparisonMissingError(AssistantError):
    """The message compares no images."""

    def __init__(self) -> None:
        super().__init__(
            "This answer compares no images. Please ask what has changed between two images of one place first."
        )


class OneImageTwiceError(AssistantError):
    """An image was to be compared with itself."""

    def __init__(self) -> None:
        super().__init__(
            "That would compare an image with itself. Please name two images of this conversation, for example: "
            "what changed between image 1 and image 2?"
        )


class ImageNotInConversationError(AssistantError):
    """The image that was meant was never added to the conversation."""

    def __init__(self, *, count: int) -> None:
        images = "one image" if count == 1 else f"{count} images"
        super().__init__(f"This conversation has {images}, and not the one you mean. Please add it, then say it again.")


class ChoiceNotOfferedError(AssistantError):
    """A choice that a question back does not have."""

    def __init__(self, *, count: int) -> None:
        offered = f"Please give a number from 1 to {count}" if count else "That message offers no choices. Please ask"
        super().__init__(f"{offered}, or say in words what you want.")


class NothingToUndoError(AssistantError):
    """There is no answer to go back from."""

    def __init__(self) -> None:
        super().__init__("There is nothing to undo here. Please ask about the image first.")


class NothingToRedoError(AssistantError):
    """Nothing was undone on this branch."""

    def __init__(self) -> None:
        super().__init__("There is nothing to redo: this is the last answer already.")


class AnswerNotInConversationError(AssistantError):
    """The branch has fewer answers than the one that was meant."""

    def __init__(self, *, count: int) -> None:
        answers = "is one answer" if count == 1 else f"are {count} answers"
        super().__init__(f"There {answers} here, and not the one you mean. Please give another number.")


class ScaleUnknownError(AssistantError):
    """Metres were given for an image that does not say how large a pixel is on the ground."""

    def __init__(self) -> None:
        super().__init__(
            "This image does not say how large a pixel is on the ground, so metres cannot be measured in it. "
            "Please give pixels instead (for example: 10 pixels), or use a georeferenced image (GeoTIFF)."
        )


class StrokeOutsideImageError(AssistantError):
    """The brush touched no pixel of the image."""

    def __init__(self, *, width: int, height: int) -> None:
        super().__init__(
            f"The brush did not touch the image, which is {width:,} × {height:,} pixels. Please paint inside it."
        )


class OperationUnreadableError(AssistantError):
    """Written operations that are none."""

    def __init__(self, *, problem: str) -> None:
        super().__init__(f"The list of operations cannot be read: {problem}. Please correct it, or leave it out.")


class TooManyTurnsError(AssistantError):
    """One person has too many turns waiting."""

    def __init__(self, *, limit: int) -> None:
        questions = "1 question" if limit == 1 else f"{limit} questions"
        super().__init__(
            f"You already have {questions} waiting, which is the limit. "
            "Please try again when one of them is answered, or stop it."
        )


class LineFullError(AssistantError):
    """Too many turns are waiting."""

    def __init__(self, *, waiting: int) -> None:
        super().__init__(f"There are {waiting} questions waiting right now. Please try again in a minute.")
