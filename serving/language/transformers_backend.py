"""The language backbone in this process, through transformers."""

import warnings
from pathlib import Path

import torch
from peft import PeftModel
from torch import Tensor
from transformers.utils import logging as transformers_logging

from serving.feature_cache import FeatureCache
from serving.language.smollm2 import PrefixState, QuestionTokenizer, SmolLM2
from serving.model.config import InstructionConfig

_PREFIX_CACHE_BYTES = 256 * 1024 * 1024


class TransformersBackend:
    """Keeps the keys and values of each image's prefix, so that a question costs its own tokens only.

    Args:
        language: the backbone.
        learned_tokens: embeddings read after every question, (N, D), whose hidden states then stand for it; None
            where the question's own do.
        prefix_cache_bytes: bound on what is kept.
    """

    def __init__(
        self,
        language: SmolLM2,
        *,
        learned_tokens: Tensor | None = None,
        prefix_cache_bytes: int = _PREFIX_CACHE_BYTES,
    ) -> None:
        self._language = language.eval().requires_grad_(False)
        self._learned_tokens = learned_tokens
        self._prefixes: FeatureCache[PrefixState] = FeatureCache(prefix_cache_bytes)

    @classmethod
    def load(
        cls,
        folder: Path,
        instruction: InstructionConfig,
        *,
        adapter: Path | None,
        device: torch.device,
        dtype: torch.dtype = torch.float32,
        learned_tokens: Tensor | None = None,
    ) -> "TransformersBackend":
        """Load the backbone, with the adapter merged into its weights.

        Args:
            folder: weights and tokenizer in transformers' layout.
            instruction: the words around the visual tokens.
            adapter: folder of a peft adapter, or None.
            device: where it runs.
            dtype: of its weights.
            learned_tokens: see the class.
        """
        transformers_logging.disable_progress_bar()  # 270 small tensors are there before anyone could read a bar
        language = SmolLM2(folder, QuestionTokenizer(folder, instruction), dtype=dtype)
        if adapter is not None:
            with warnings.catch_warnings():
                # peft asks transformers by a name that it has renamed; nobody here can mend that.
                warnings.filterwarnings("ignore", message="`is_gradient_checkpointing`", category=FutureWarning)
                wrapped = PeftModel.from_pretrained(language.causal_model, str(adapter))
            language.causal_model = wrapped.merge_and_unload()
        return cls(language.to(device), learned_tokens=learned_tokens)

    @torch.inference_mode()
    def prefill_hidden(self, image_digest: str, visual_tokens: Tensor, question: str) -> Tensor:
        """Return hidden states of the question's span (or of the learned tokens after it); see `LanguageBackend`."""
        prefix = self._prefixes.get(image_digest)
        if prefix is None:
            prefix = self._language.encode_prefix(visual_tokens[None])
            self._prefixes.put(image_digest, prefix)
        ids = torch.tensor([self._language.tokenizer.tokenize_question(question)], device=visual_tokens.device)
        is_question = torch.ones_like(ids, dtype=torch.bool)
        hidden = self._language.question_hidden(prefix, ids, is_question, self._learned_tokens)
        return hidden[0].float()

    def close(self) -> None:
        """Nothing outlives this object."""
