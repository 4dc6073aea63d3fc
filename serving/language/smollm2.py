"""SmolLM2 as the language backbone of the mini model: a prefix per image, then many questions after it.

The prefix [instruction, visual tokens, instruction] depends on the image alone; its keys and values are computed once
and shared by every question about that image. All of it is differentiable, so that training runs the same code.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn
from transformers import AutoModelForCausalLM, AutoTokenizer, DynamicCache

from serving.language.sequence import PromptSequence, build_sequence
from serving.model.config import InstructionConfig
from serving.model.description_projector import mean_over_span


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

    def repeat(self, times: int) -> "PrefixState":
        """Return the state with every image's row repeated `times` times, for as many questions each."""
        layers = tuple(
            (keys.repeat_interleave(times, 0), values.repeat_interleave(times, 0)) for keys, values in self.layers
        )
        return PrefixState(layers, self.length)


class QuestionTokenizer:
    """Question text to the ids that stand in the sequence; the last one is the SEG token."""

    def __init__(self, folder: Path, instruction: InstructionConfig) -> None:
        self._tokenizer = AutoTokenizer.from_pretrained(folder)
        self._instruction = instruction
        self.before_image_ids = self._ids(instruction.before_image)
        self.after_image_ids = self._ids(instruction.after_image)
        seg_ids = self._ids(instruction.seg_token)
        if len(seg_ids) != 1:
            raise ValueError(f"{instruction.seg_token!r} is {len(seg_ids)} tokens; the SEG token must be one")
        self._seg_id = seg_ids[0]

    def tokenize_question(self, question: str) -> list[int]:
        """Return the ids of `question` and the SEG token; special tokens written in the text stay plain text."""
        text = self._instruction.question_prefix + question
        encoded = self._tokenizer(text, add_special_tokens=False, split_special_tokens=True)
        return [*cast(list[int], encoded.input_ids), self._seg_id]

    def build_sequence(self, question: str, visual_token_count: int) -> PromptSequence:
        """Return the whole prompt of one question."""
        return build_sequence(
            self.before_image_ids,
            self.after_image_ids,
            self.tokenize_question(question),
            visual_token_count=visual_token_count,
        )

    def _ids(self, text: str) -> list[int]:
        return cast(list[int], self._tokenizer(text, add_special_tokens=False).input_ids)


class SmolLM2(nn.Module):
    """The backbone's layers and its embedding table; hidden states are taken after the final norm."""

    def __init__(self, folder: Path, tokenizer: QuestionTokenizer, *, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.tokenizer = tokenizer
        self.causal_model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype)

    @property
    def embedding(self) -> nn.Embedding:
        """The embedding table, (vocabulary, D)."""
        return cast(nn.Embedding, self.causal_model.get_input_embeddings())

    def encode_prefix(self, visual_tokens: Tensor) -> PrefixState:
        """Run the prefix of B images.

        Args:
            visual_tokens: (B, T, D).
        """
        device = self.embedding.weight.device
        batch = visual_tokens.shape[0]

        def embed(ids: Sequence[int]) -> Tensor:
            rows = cast(Tensor, self.embedding(torch.tensor(list(ids), device=device)))
            return rows.expand(batch, -1, -1)

        tokens = visual_tokens.to(self.embedding.weight.dtype)
        embeds = torch.cat(
            (embed(self.tokenizer.before_image_ids), tokens, embed(self.tokenizer.after_image_ids)), 1
        )  # (B, L, D)
        output = self._body(inputs_embeds=embeds, past_key_values=DynamicCache(), use_cache=True)
        cache = output.past_key_values
        return PrefixState(tuple((layer.keys, layer.values) for layer in cache.layers), embeds.shape[1])

    def question_hidden(self, prefix: PrefixState, ids: Tensor, is_question: Tensor) -> Tensor:
        """Return last-layer hidden states of questions that follow the prefix.

        Args:
            prefix: of B sequences.
            ids: token ids, (B, n), padded on the right.
            is_question: bool, (B, n), False at padding.

        Returns:
            (B, n, D).
        """
        cache = DynamicCache()
        for index, (keys, values) in enumerate(prefix.layers):
            cache.update(keys, values, index)
        batch, length = ids.shape
        seen = torch.ones(batch, prefix.length, dtype=torch.long, device=ids.device)
        output = self._body(
            inputs_embeds=self.embedding(ids),
            attention_mask=torch.cat((seen, is_question.long()), 1),
            position_ids=torch.arange(prefix.length, prefix.length + length, device=ids.device)[None],
            past_key_values=cache,
            use_cache=True,
        )
        return cast(Tensor, output.last_hidden_state)

    def describe(self, prefix: PrefixState, questions: Sequence[Sequence[str]]) -> Tensor:
        """Return each question's description: the mean hidden state over its span, (B, Q, D).

        Args:
            prefix: of B images.
            questions: Q questions for each of the B images.
        """
        per_image = len(questions[0])
        flat = [self.tokenizer.tokenize_question(text) for texts in questions for text in texts]
        longest = max(len(ids) for ids in flat)
        device = self.embedding.weight.device
        ids = torch.tensor([row + [0] * (longest - len(row)) for row in flat], device=device)
        lengths = torch.tensor([len(row) for row in flat], device=device)
        is_question = torch.arange(longest, device=device)[None] < lengths[:, None]
        hidden = self.question_hidden(prefix.repeat(per_image), ids, is_question)
        return mean_over_span(hidden.float(), is_question).view(len(questions), per_image, -1)

    @property
    def _body(self) -> nn.Module:
        """The decoder layers without the vocabulary head."""
        return cast(nn.Module, self.causal_model.get_decoder())
