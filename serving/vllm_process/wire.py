"""What goes over the socket: a prompt of token ids and embeddings in, hidden states out. NumPy at most, no pickle.

    POST /hidden?start=&stop=    a packed prompt -> the hidden states of positions start..stop, after the final norm
    POST /text?max_tokens=       a packed prompt -> lines of JSON {"text", "finish"}; the last one has a finish
    GET  /health                 -> JSON {"in_flight"}

Every request carries `Authorization: Bearer <key>`. 400 and 413: refused; 401: wrong key; 503: the engine has died.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from serving.errors import LanguageInputError

MAX_BODY_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class Bounds:
    """What a prompt must keep to.

    Attributes:
        hidden_size: D, width of an embedding.
        vocabulary_size: rows of the embedding table.
        max_positions: longest prompt, with what is written after it.
    """

    hidden_size: int
    vocabulary_size: int
    max_positions: int


@dataclass(frozen=True, eq=False)
class EnginePrompt:
    """Tokens with embeddings in between.

    Attributes:
        token_ids: int64, (L,); 0 where an embedding stands.
        is_token: bool, (L,).
        embeds: float32, (number of False in `is_token`, D), in reading order.
    """

    token_ids: NDArray[np.int64]
    is_token: NDArray[np.bool_]
    embeds: NDArray[np.float32]

    @classmethod
    def join(cls, *pieces: Sequence[int] | NDArray[np.float32]) -> "EnginePrompt":
        """Return the prompt of token ids and (n, D) embeddings in reading order."""
        ids: list[int] = []
        is_token: list[bool] = []
        embeds: list[NDArray[np.float32]] = []
        for piece in pieces:
            is_embeds = isinstance(piece, np.ndarray)
            ids.extend([0] * len(piece) if is_embeds else piece)
            is_token.extend([not is_embeds] * len(piece))
            if isinstance(piece, np.ndarray):
                embeds.append(piece)
        joined = np.concatenate(embeds) if embeds else np.zeros((0, 0), np.float32)
        return cls(np.array(ids, np.int64), np.array(is_token, np.bool_), joined)

    def __len__(self) -> int:
        return len(self.token_ids)

    def pack(self) -> bytes:
        """Return the bytes that `unpack` reads."""
        embeds = np.ascontiguousarray(self.embeds, dtype=np.float32)
        return save({"token_ids": self.token_ids, "is_token": self.is_token, "embeds": embeds})

    @classmethod
    def unpack(cls, body: bytes) -> "EnginePrompt":
        """Return the prompt in `body`.

        Raises:
            LanguageInputError: it is no packed prompt.
        """
        try:
            tensors = load(body)
            return cls(tensors["token_ids"], tensors["is_token"], tensors["embeds"])
        except (SafetensorError, KeyError, ValueError) as error:
            raise LanguageInputError.for_form("the request is no packed prompt") from error

    def check(self, bounds: Bounds, *, room: int = 0) -> None:
        """Do nothing if the prompt can do no harm to an engine that everybody shares.

        Args:
            bounds: of that engine.
            room: tokens that are to be written after it.

        Raises:
            LanguageInputError: it can.
        """
        ids, is_token, embeds = self.token_ids, self.is_token, self.embeds
        if ids.dtype != np.int64 or ids.ndim != 1 or is_token.dtype != np.bool_ or is_token.shape != ids.shape:
            raise LanguageInputError.for_form("ids must be int64 (L,), and their kinds bool (L,)")
        if not is_token.any():
            raise LanguageInputError.for_form("a prompt needs a token")
        if len(ids) + room > bounds.max_positions:
            raise LanguageInputError.for_length(len(ids) + room, bounds.max_positions)
        if ids.min() < 0 or ids.max() >= bounds.vocabulary_size:
            raise LanguageInputError.for_form("an id lies outside the vocabulary")
        count = int((~is_token).sum())
        if embeds.dtype != np.float32 or (count and embeds.shape != (count, bounds.hidden_size)):
            raise LanguageInputError.for_shape(embeds.shape, bounds.hidden_size)
        if not np.isfinite(embeds).all():
            raise LanguageInputError.for_values()


def pack_hidden(hidden: NDArray[np.float32]) -> bytes:
    """Return the bytes that `unpack_hidden` reads."""
    return save({"hidden": np.ascontiguousarray(hidden, dtype=np.float32)})


def unpack_hidden(body: bytes) -> NDArray[np.float32]:
    """Return the hidden states, (n, D)."""
    hidden: NDArray[np.float32] = load(body)["hidden"]
    return hidden
