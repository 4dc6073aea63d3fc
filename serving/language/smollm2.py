"""SmolLM2 as the language backbone of the mini model; see `serving.language.prefix` for how a question is read."""

from collections.abc import Sequence
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn
from transformers import AutoModelForCausalLM, PreTrainedModel

from serving.language.prefix import PrefixState, encode_prefix, read_questions
from serving.language.question_tokenizer import QuestionTokenizer as QuestionTokenizer
from serving.model.description_projector import mean_over_span


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

    @property
    def vocabulary_head(self) -> nn.Module:
        """From hidden states after the final norm to logits over the vocabulary."""
        return cast(nn.Module, self.causal_model.get_output_embeddings())

    def encode_prefix(self, visual_tokens: Tensor) -> PrefixState:
        """Run the prefix of B images.

        Args:
            visual_tokens: (B, T, D).
        """
        return encode_prefix(self.decoder, self.tokenizer, visual_tokens)

    def question_hidden(
        self, prefix: PrefixState, ids: Tensor, is_question: Tensor, trailing: Tensor | None = None
    ) -> Tensor:
        """Return last-layer hidden states of questions that follow the prefix; see `read_questions`."""
        return read_questions(self.decoder, prefix, ids, is_question, trailing)

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
    def decoder(self) -> PreTrainedModel:
        """The layers without the vocabulary head; another object once an adapter is put around the model."""
        return cast(PreTrainedModel, self.causal_model.get_decoder())
