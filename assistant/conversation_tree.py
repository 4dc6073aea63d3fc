"""All branches of a conversation: every message, where the pointer stands, and which branch one came from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from assistant.conversation import Message
from assistant.errors import MessageNotFoundError


@dataclass(frozen=True)
class ConversationTree:
    """Every message of a conversation; each follows its parent, so that two with one parent are two branches.

    Attributes:
        messages: of all branches, the oldest first.
        pointer_id: the message that the next one will follow; None where the next one begins anew.
        tip_id: the end of the branch that the pointer is on; further than the pointer after an undo, so that a redo
            knows its way. None in an empty conversation.
    """

    messages: tuple[Message, ...]
    pointer_id: str | None
    tip_id: str | None

    @cached_property
    def _by_id(self) -> Mapping[str, Message]:
        return {message.id: message for message in self.messages}

    def get_message(self, message_id: str) -> Message:
        """Return one message, or raise `MessageNotFoundError`."""
        if message_id not in self._by_id:
            raise MessageNotFoundError
        return self._by_id[message_id]

    def path_to(self, message_id: str | None) -> Sequence[Message]:
        """Return the messages from the first to this one, in order; none for None.

        Raises:
            MessageNotFoundError: the message is not of this conversation.
        """
        path: list[Message] = []
        while message_id is not None:
            message = self.get_message(message_id)
            path.append(message)
            message_id = message.parent_id
        return path[::-1]

    def children_of(self, message_id: str | None) -> Sequence[Message]:
        """Return what follows a message, the oldest first; more than one where the conversation branches."""
        return [message for message in self.messages if message.parent_id == message_id]

    def siblings_of(self, message_id: str) -> Sequence[Message]:
        """Return the message and the others with its parent, the oldest first: the branches that begin here."""
        return self.children_of(self.get_message(message_id).parent_id)

    @property
    def leaves(self) -> Sequence[Message]:
        """The last message of each branch, the oldest first."""
        parents = {message.parent_id for message in self.messages}
        return [message for message in self.messages if message.id not in parents]

    def find_tip(self, pointer_id: str | None) -> str | None:
        """Return the tip once the pointer is moved: as it was where the branch is the same, else the newest end.

        Raises:
            MessageNotFoundError: the message is not of this conversation.
        """
        if pointer_id is None or pointer_id in {message.id for message in self.path_to(self.tip_id)}:
            return self.tip_id
        tip = self.get_message(pointer_id)
        for leaf in self.leaves:  # the newest comes last
            if tip.id in {message.id for message in self.path_to(leaf.id)}:
                newest = leaf
        return newest.id
