"""A history in memory that keeps the Protocol; it can be told to fail."""

import hashlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from assistant.conversation import ConversationSummary, Message, NewMessage
from assistant.conversation_tree import ConversationTree
from assistant.errors import (
    ComparisonMissingError,
    ConfidenceMissingError,
    ConversationNotFoundError,
    MaskNotFoundError,
    MessageNotFoundError,
)
from assistant.masks.comparison import Comparison
from serving.mask import Mask
from storage.titles import trim_title


@dataclass
class _Conversation:
    owner: str
    summary: ConversationSummary
    messages: list[Message]
    pointer_id: str | None = None
    tip_id: str | None = None

    @property
    def tree(self) -> ConversationTree:
        return ConversationTree(tuple(self.messages), self.pointer_id, self.tip_id)


class InMemoryHistory:
    """Conversations in dictionaries.

    Attributes:
        failure: raised by every later call while it is set; to try what a broken disk does to a turn.
    """

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.failure: Exception | None = None
        self._clock = clock
        self._lock = threading.RLock()
        self._conversations: dict[str, _Conversation] = {}
        self._masks: dict[str, NDArray[np.bool_]] = {}
        self._confidences: dict[str, NDArray[np.uint8]] = {}
        self._comparisons: dict[str, Comparison] = {}

    def create_conversation(self, owner: str, title: str) -> ConversationSummary:
        """Start an empty conversation."""
        self._raise_failure()
        now = self._clock()
        summary = ConversationSummary(uuid4().hex, trim_title(title), now, now, message_count=0)
        with self._lock:
            self._conversations[summary.id] = _Conversation(owner, summary, [])
        return summary

    def list_conversations(self, owner: str, *, search: str = "", limit: int = 200) -> Sequence[ConversationSummary]:
        """Newest first; `search` looks in titles and message texts, case-insensitively."""
        self._raise_failure()
        wanted = search.strip().casefold()
        with self._lock:
            found = [
                conversation.summary
                for conversation in self._conversations.values()
                if conversation.owner == owner and _mentions(conversation, wanted)
            ]
        return sorted(found, key=lambda summary: summary.updated_at, reverse=True)[:limit]

    def get_conversation(self, owner: str, conversation_id: str) -> ConversationSummary:
        """Return one conversation, or raise `ConversationNotFoundError`."""
        self._raise_failure()
        with self._lock:
            return self._find(owner, conversation_id).summary

    def rename_conversation(self, owner: str, conversation_id: str, title: str) -> None:
        """Set the title."""
        self._raise_failure()
        with self._lock:
            conversation = self._find(owner, conversation_id)
            conversation.summary = replace(conversation.summary, title=trim_title(title))

    def delete_conversation(self, owner: str, conversation_id: str) -> None:
        """Delete the conversation, and the masks that no other conversation uses."""
        self._raise_failure()
        with self._lock:
            self._find(owner, conversation_id)
            gone = self._conversations.pop(conversation_id)
            kept = {
                digest
                for conversation in self._conversations.values()
                for message in conversation.messages
                for digest in (message.mask_digest, message.confidence_digest, message.comparison_digest)
            }
            for message in gone.messages:
                made = {message.mask_digest, message.confidence_digest, message.comparison_digest}
                for digest in made - kept - {None}:
                    self._masks.pop(str(digest), None)
                    self._confidences.pop(str(digest), None)
                    self._comparisons.pop(str(digest), None)

    def list_messages(self, owner: str, conversation_id: str) -> Sequence[Message]:
        """The messages from the first to the pointer, in order."""
        self._raise_failure()
        with self._lock:
            tree = self._find(owner, conversation_id).tree
        return tree.path_to(tree.pointer_id)

    def load_tree(self, owner: str, conversation_id: str) -> ConversationTree:
        """Return the messages of every branch, and where the pointer stands."""
        self._raise_failure()
        with self._lock:
            return self._find(owner, conversation_id).tree

    def move_pointer(self, owner: str, conversation_id: str, message_id: str | None) -> None:
        """Let the next message follow this one; None begins anew."""
        self._raise_failure()
        now = self._clock()
        with self._lock:
            conversation = self._find(owner, conversation_id)
            conversation.tip_id = conversation.tree.find_tip(message_id)
            conversation.pointer_id = message_id
            conversation.summary = replace(conversation.summary, updated_at=now)

    def get_message(self, owner: str, message_id: str) -> Message:
        """Return one message, or raise `MessageNotFoundError`."""
        self._raise_failure()
        with self._lock:
            for conversation in self._conversations.values():
                for message in conversation.messages:
                    if conversation.owner == owner and message.id == message_id:
                        return message
        raise MessageNotFoundError

    def append_message(self, owner: str, conversation_id: str, message: NewMessage) -> Message:
        """Store a message after the pointer and advance the pointer."""
        self._raise_failure()
        now = self._clock()
        with self._lock:
            conversation = self._find(owner, conversation_id)
            given = {field.name: getattr(message, field.name) for field in fields(message)}
            stored = Message(
                id=uuid4().hex,
                conversation_id=conversation_id,
                parent_id=conversation.pointer_id,
                created_at=now,
                **(given | {"seconds": dict(message.seconds)}),
            )
            conversation.messages.append(stored)
            conversation.pointer_id = conversation.tip_id = stored.id
            conversation.summary = replace(
                conversation.summary, updated_at=now, message_count=len(conversation.messages)
            )
        return stored

    def store_mask(self, mask: Mask) -> str:
        """Keep the mask's pixels and return their digest."""
        self._raise_failure()
        digest = _digest_of(mask.pixels)
        with self._lock:
            self._masks[digest] = mask.pixels
        return digest

    def load_mask(self, owner: str, message_id: str) -> Mask:
        """Return the mask that the message made, on its image's grid."""
        message = self.get_message(owner, message_id)
        if message.mask_digest is None or message.image is None:
            raise MaskNotFoundError
        with self._lock:
            return Mask(self._masks[message.mask_digest], message.image.grid)

    def store_confidence(self, confidence: NDArray[np.uint8]) -> str:
        """Keep an 8-bit confidence map, (H, W), and return its digest."""
        self._raise_failure()
        digest = _digest_of(confidence)
        with self._lock:
            self._confidences[digest] = confidence.copy()
        return digest

    def load_confidence(self, owner: str, message_id: str) -> NDArray[np.uint8]:
        """Return the message's confidence map."""
        message = self.get_message(owner, message_id)
        if message.confidence_digest is None:
            raise ConfidenceMissingError
        with self._lock:
            return self._confidences[message.confidence_digest].copy()

    def store_comparison(self, comparison: Comparison) -> str:
        """Keep what became of each pixel and return its digest."""
        self._raise_failure()
        digest = _digest_of(comparison.codes)
        with self._lock:
            self._comparisons[digest] = comparison
        return digest

    def load_comparison(self, owner: str, message_id: str) -> Comparison:
        """Return the message's comparison."""
        message = self.get_message(owner, message_id)
        if message.comparison_digest is None or message.image is None:
            raise ComparisonMissingError
        with self._lock:
            return Comparison(self._comparisons[message.comparison_digest].codes, message.image.grid)

    def _find(self, owner: str, conversation_id: str) -> _Conversation:
        conversation = self._conversations.get(conversation_id)
        if conversation is None or conversation.owner != owner:
            raise ConversationNotFoundError
        return conversation

    def _raise_failure(self) -> None:
        if self.failure is not None:
            raise self.failure


def _mentions(conversation: _Conversation, wanted: str) -> bool:
    texts = [conversation.summary.title, *(message.text for message in conversation.messages)]
    return any(wanted in text.casefold() for text in texts)


def _digest_of(pixels: NDArray[np.bool_] | NDArray[np.uint8]) -> str:
    shape_and_type = f"{pixels.shape} {pixels.dtype}".encode()
    return hashlib.sha256(shape_and_type + np.ascontiguousarray(pixels).tobytes()).hexdigest()
