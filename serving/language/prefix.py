"""A prefix per image, then many questions after it; the same for every causal decoder of transformers.

The prefix [instruction, visual tokens, instruction] depends on the image alone; its keys and values are computed once
and shared by every question about that image. All of it is differentiable, so that training runs the same code.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from transformers import DynamicCache, PreTrainedModel

from serving.language.question_tokenizer import QuestionTokenizer


@dataclass(frozen=True)
class PrefixState:
    """Keys and values of the prefix, per layer.

    Attributes:
        layers: (keys, values) of each layer, each (B, kv heads, L, head dim).
        length: L, positions of the prefix.
    """

    layers: tuple[tuple[Tensor, Tensor], ...]
    length: int

    @property
    def size_bytes(self) -> int:
        """Memory that the tensors hold."""
        return sum(part.element_size() * part.nelement() for layer in self.layers for part in layer)

    def to_cache(self) -> DynamicCache:
        """Return a cache that starts with these keys and values; what is read into it does not change them."""
        cache = DynamicCache()
        for index, (keys, values) in enumerate(self.layers):
            cache.update(keys, values, index)
        return cache

    def repeat(self, times: int) -> "PrefixState":
        """Return the state with every image's row repeated `times` times, for as many questions each."""
        layers = tuple(
            (keys.repeat_interleave(times, 0), values.repeat_interleave(times, 0)) for keys, values in self.layers
        )
        return PrefixState(layers, self.length)


def encode_prefix(decoder: PreTrainedModel, tokenizer: QuestionTokenizer, visual_tokens: Tensor) -> PrefixState:
    """Run the prefix of B images.

    Args:
        decoder: the language model's layers without a vocabulary head.
        tokenizer: holds the instruction.
        visual_tokens: (B, T, D).
    """
    table = embedding_of(decoder)
    batch = visual_tokens.shape[0]

    def embed(ids: Sequence[int]) -> Tensor:
        rows = cast(Tensor, table(torch.tensor(list(ids), dtype=torch.long, device=table.weight.device)))
        return rows.expand(batch, -1, -1)

    tokens = visual_tokens.to(table.weight.dtype)
    embeds = torch.cat((embed(tokenizer.before_image_ids), tokens, embed(tokenizer.after_image_ids)), 1)  # (B, L, D)
    output = decoder(inputs_embeds=embeds, past_key_values=DynamicCache(), use_cache=True)
    cache = output.past_key_values
    return PrefixState(tuple((layer.keys, layer.values) for layer in cache.layers), embeds.shape[1])


def read_questions(
    decoder: PreTrainedModel, prefix: PrefixState, ids: Tensor, is_question: Tensor, trailing: Tensor | None = None
) -> Tensor:
    """Return last-layer hidden states of questions that follow the prefix.

    Args:
        decoder: as it made the prefix.
        prefix: of B sequences.
        ids: token ids, (B, n), padded on the right.
        is_question: bool, (B, n), False at padding.
        trailing: embeddings that are read after every question, (N, D); the questions are then unpadded.

    Returns:
        (B, n, D), or (B, N, D) of the trailing positions.
    """
    cache = prefix.to_cache()
    embeds = cast(Tensor, embedding_of(decoder)(ids))
    if trailing is not None:
        embeds = torch.cat((embeds, trailing.to(embeds.dtype).expand(len(ids), -1, -1)), 1)
        is_question = torch.ones(embeds.shape[:2], dtype=torch.bool, device=ids.device)
    batch, length = embeds.shape[:2]
    seen = torch.ones(batch, prefix.length, dtype=torch.long, device=ids.device)
    output = decoder(
        inputs_embeds=embeds,
        attention_mask=torch.cat((seen, is_question.long()), 1),
        position_ids=torch.arange(prefix.length, prefix.length + length, device=ids.device)[None],
        past_key_values=cache,
        use_cache=True,
    )
    hidden = cast(Tensor, output.last_hidden_state)
    return hidden if trailing is None else hidden[:, -len(trailing) :]


def embedding_of(decoder: PreTrainedModel) -> nn.Embedding:
    """Return the embedding table, (vocabulary, D)."""
    return cast(nn.Embedding, decoder.get_input_embeddings())
