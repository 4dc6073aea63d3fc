"""How likely a language model is to write each of some replies after the same words."""

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from transformers import DynamicCache, PreTrainedModel

from serving.language.prefix import PrefixState, embedding_of


def encode_words(decoder: PreTrainedModel, ids: Sequence[int]) -> PrefixState:
    """Return keys and values of token ids that stand before everything else."""
    hidden = _embed(decoder, [list(ids)])
    output = decoder(inputs_embeds=hidden, past_key_values=DynamicCache(), use_cache=True)
    return PrefixState(tuple((layer.keys, layer.values) for layer in output.past_key_values.layers), len(ids))


def rate_by_likelihood(
    decoder: PreTrainedModel,
    head: nn.Module,
    lead: PrefixState,
    prompt_ids: Sequence[int],
    replies: Sequence[Sequence[int]],
) -> list[float]:
    """Return the natural logarithm of the probability of each reply.

    Args:
        decoder: the language model's layers without a vocabulary head.
        head: from hidden states to logits.
        lead: of one sequence, as the decoder made it.
        prompt_ids: what follows the lead, at least one.
        replies: ids of each reply, at least one; read at once, padded on the right.
    """
    cache = lead.to_cache()
    prompt = decoder(inputs_embeds=_embed(decoder, [list(prompt_ids)]), past_key_values=cache, use_cache=True)
    cache.batch_repeat_interleave(len(replies))
    longest = max(map(len, replies))
    padded = [[*ids, *[0] * (longest - len(ids))] for ids in replies]
    read = decoder(inputs_embeds=_embed(decoder, padded), past_key_values=cache, use_cache=True)
    first = prompt.last_hidden_state[:, -1:].expand(len(replies), -1, -1)
    hidden = torch.cat((first, read.last_hidden_state[:, :-1]), 1)  # (R, longest, D): each before the id it foretells
    logarithms = cast(Tensor, head(hidden)).float().log_softmax(-1)
    foretold = logarithms.gather(2, torch.tensor(padded, device=hidden.device)[:, :, None])[:, :, 0]  # (R, longest)
    lengths = torch.tensor([len(ids) for ids in replies], device=hidden.device)
    is_reply = torch.arange(longest, device=hidden.device)[None] < lengths[:, None]
    return cast(list[float], torch.where(is_reply, foretold, 0.0).sum(1).tolist())


def _embed(decoder: PreTrainedModel, ids: list[list[int]]) -> Tensor:
    table = embedding_of(decoder)
    return cast(Tensor, table(torch.tensor(ids, device=table.weight.device)))
