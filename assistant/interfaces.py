"""What the conversation needs from the parts around it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.conversation import ConversationSummary, Message, NewMessage
from assistant.conversation_tree import ConversationTree
from assistant.masks.comparison import Comparison
from serving.cancellation import Cancellation
from serving.clicks import Box, Click
from serving.image_ref import ImageRef
from serving.mask import Mask
from serving.prediction import Prediction


class Proposer(Protocol):
    """Guesses what words mean that no rule understands. Its guesses order choices; nothing is done by them alone."""

    def rate_meanings(self, said: str, phrases: Sequence[str], *, cancellation: Cancellation) -> Sequence[float]:
        """Return how well each phrase says what somebody meant, greater for better; no image is looked at.

        Args:
            said: any text.
            phrases: what it may mean, in plain words; may be empty.
            cancellation: `SegmentationCancelledError` when set.

        Raises:
            LanguageUnavailableError: the language model cannot answer now.
        """
        ...


class Engine(Proposer, Protocol):
    """Pixels and words in, masks out. Safe to call from several threads at once."""

    @property
    def model_digest(self) -> str:
        """SHA-256 of the weights that answer."""
        ...

    def segment(
        self,
        image: ImageRef,
        question: str,
        *,
        cancellation: Cancellation,
        report_stage: Callable[[str], None],
    ) -> Prediction:
        """Return the mask that answers `question`.

        Args:
            image: an admitted image.
            question: any text; empty or over-long text raises `QuestionError`.
            cancellation: looked at between stages; `SegmentationCancelledError` when set.
            report_stage: called with "read", "encode", "language", "decode" as each begins, and with "closer 1/n" to
                "closer n/n" where a large image is looked at in n tiles.
        """
        ...

    def refine(
        self,
        image: ImageRef,
        prior: Mask | None,
        *,
        clicks: Sequence[Click],
        box: Box | None,
        cancellation: Cancellation,
        report_stage: Callable[[str], None],
    ) -> Prediction:
        """Return `prior`, changed where clicks and a box point; each positive click inside, each negative one outside.

        Args:
            image: an admitted image.
            prior: the mask before, on the image's grid; None for an empty one.
            clicks: in native pixels; all that were made on this mask so far and still hold, the newest last.
            box: around a thing to be marked, in native pixels, drawn now, or None.
            cancellation: looked at between stages; `SegmentationCancelledError` when set.
            report_stage: called with "read", "encode", "refine" as each begins.

        Raises:
            PromptError: there is neither click nor box, or one lies outside the image.
        """
        ...


class History(Protocol):
    """Conversations and what was made in them. Every call names the owner; another owner's rows do not exist."""

    def create_conversation(self, owner: str, title: str) -> ConversationSummary:
        """Start an empty conversation."""
        ...

    def list_conversations(self, owner: str, *, search: str = "", limit: int = 200) -> Sequence[ConversationSummary]:
        """Newest first; `search` looks in titles and message texts, case-insensitively."""
        ...

    def get_conversation(self, owner: str, conversation_id: str) -> ConversationSummary:
        """Return one conversation, or raise `ConversationNotFoundError`."""
        ...

    def rename_conversation(self, owner: str, conversation_id: str, title: str) -> None:
        """Set the title."""
        ...

    def delete_conversation(self, owner: str, conversation_id: str) -> None:
        """Delete its rows, and the blobs that no other conversation uses."""
        ...

    def list_messages(self, owner: str, conversation_id: str) -> Sequence[Message]:
        """The messages from the first to the pointer, in order."""
        ...

    def load_tree(self, owner: str, conversation_id: str) -> ConversationTree:
        """Return the messages of every branch, and where the pointer stands."""
        ...

    def move_pointer(self, owner: str, conversation_id: str, message_id: str | None) -> None:
        """Let the next message follow this one; None begins anew. Nothing is lost: see `load_tree`.

        Raises:
            ConversationNotFoundError: deleted, or somebody else's.
            MessageNotFoundError: the message is not of this conversation.
        """
        ...

    def get_message(self, owner: str, message_id: str) -> Message:
        """Return one message, or raise `MessageNotFoundError`."""
        ...

    def append_message(self, owner: str, conversation_id: str, message: NewMessage) -> Message:
        """Store a message after the pointer and advance the pointer, in one transaction."""
        ...

    def store_mask(self, mask: Mask) -> str:
        """Store the mask as a 1-bit PNG blob and return its digest."""
        ...

    def load_mask(self, owner: str, message_id: str) -> Mask:
        """Return the mask that the message made, on its image's grid."""
        ...

    def store_confidence(self, confidence: NDArray[np.uint8]) -> str:
        """Store an 8-bit confidence map, (H, W), as a PNG blob and return its digest."""
        ...

    def load_confidence(self, owner: str, message_id: str) -> NDArray[np.uint8]:
        """Return the message's confidence map, uint8 (H, W), or raise `ConfidenceMissingError`."""
        ...

    def store_comparison(self, comparison: Comparison) -> str:
        """Store what became of each pixel as an 8-bit PNG blob and return its digest."""
        ...

    def load_comparison(self, owner: str, message_id: str) -> Comparison:
        """Return the message's comparison, on its image's grid, or raise `ComparisonMissingError`."""
        ...


class Clock(Protocol):
    """The time of day."""

    def __call__(self) -> datetime:
        """Now, in UTC, timezone-aware."""
        ...
