"""The mask of a stored answer, the empty one included."""

import numpy as np

from assistant.conversation import Message
from assistant.errors import MaskNotFoundError
from assistant.interfaces import History
from serving.grid import Grid
from serving.mask import Mask


def load_marked(history: History, owner: str, answer_id: str) -> Mask:
    """Return the mask of an answer; the empty one where nothing was found.

    Raises:
        MaskNotFoundError: the message answers no question to an image.
    """
    answer = history.get_message(owner, answer_id)
    if answer.facts is None:
        raise MaskNotFoundError
    return load_mask_of(history, owner, answer)


def load_mask_of(history: History, owner: str, answer: Message) -> Mask:
    """Do as `load_marked`, for a message that is at hand; the empty mask where it only has an image."""
    if answer.image is None:
        raise MaskNotFoundError
    if answer.mask_digest is None:
        return mark_nothing(answer.image.grid)
    return history.load_mask(owner, answer.id)


def mark_nothing(grid: Grid) -> Mask:
    """Return the empty mask."""
    return Mask(np.zeros((grid.height, grid.width), dtype=np.bool_), grid)
