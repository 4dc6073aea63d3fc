"""The language backbone in this process, through transformers; the same for every family."""

import torch
from torch import Tensor
from transformers import PreTrainedModel

from serving.feature_cache import FeatureCache
from serving.language.prefix import PrefixState, encode_prefix, read_questions
from serving.language.question_tokenizer import QuestionTokenizer

_PREFIX_CACHE_BYTES = 256 * 1024 * 1024


class TransformersBackend:
    """Keeps the keys and values of each image's prefix, so that a question costs its own tokens only.

    Args:
        decoder: the language model's layers without a vocabulary head; Phi's, SmolLM2's.
        tokenizer: of that model.
        learned_tokens: embeddings read after every question, (N, D), whose hidden states then stand for it; None
            where the question's own do.
        prefix_cache_bytes: bound on what is kept.
    """

    def __init__(
        self,
        decoder: PreTrainedModel,
        tokenizer: QuestionTokenizer,
        *,
        learned_tokens: Tensor | None = None,
        prefix_cache_bytes: int = _PREFIX_CACHE_BYTES,
    ) -> None:
        self._decoder = decoder.eval().requires_grad_(False)
        self._tokenizer = tokenizer
        self._learned_tokens = learned_tokens
        self._prefixes: FeatureCache[PrefixState] = FeatureCache(prefix_cache_bytes)

    @torch.inference_mode()
    def prefill_hidden(self, image_digest: str, visual_tokens: Tensor, question: str) -> Tensor:
        """Return hidden states of the question's span (or of the learned tokens after it); see `LanguageBackend`."""
        prefix = self._prefixes.get(image_digest)
        if prefix is None:
            prefix = encode_prefix(self._decoder, self._tokenizer, visual_tokens[None])
            self._prefixes.put(image_digest, prefix)
        ids = torch.tensor([self._tokenizer.tokenize_question(question)], device=visual_tokens.device)
        is_question = torch.ones_like(ids, dtype=torch.bool)
        hidden = read_questions(self._decoder, prefix, ids, is_question, self._learned_tokens)
        return hidden[0].float()

    def close(self) -> None:
        """Nothing outlives this object."""
