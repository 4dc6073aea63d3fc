"""Visual tokens that are refused before a language backbone reads them, whichever one it is."""

import torch
from torch import Tensor

from serving.errors import LanguageInputError


def check_visual_tokens(visual_tokens: Tensor, hidden_size: int) -> None:
    """Do nothing if the tokens can be read.

    Args:
        visual_tokens: to be (T, hidden_size), T at least 1, without NaN or infinity.
        hidden_size: D of the language model.

    Raises:
        LanguageInputError: they cannot.
    """
    if visual_tokens.ndim != 2 or visual_tokens.shape[1] != hidden_size or not len(visual_tokens):
        raise LanguageInputError.for_shape(tuple(visual_tokens.shape), hidden_size)
    if not bool(torch.isfinite(visual_tokens).all()):
        raise LanguageInputError.for_values()


def check_length(length: int, limit: int) -> None:
    """Raise `LanguageInputError` if a prompt with its reply has more positions than the model reads."""
    if length > limit:
        raise LanguageInputError.for_length(length, limit)
