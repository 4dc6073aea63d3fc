"""The stored conversations and images, as commands use them."""

from collections.abc import Callable
from dataclasses import dataclass

from assistant.interfaces import History
from ui.interfaces import Images


@dataclass(frozen=True)
class Archive:
    """What is kept on this machine.

    Attributes:
        history: conversations and masks.
        images: takes images in.
        find_owner: conversation id -> who owns it; raises `ConversationNotFoundError`.
    """

    history: History
    images: Images
    find_owner: Callable[[str], str]
