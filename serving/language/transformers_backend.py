"""The language backbone in this process, through transformers; the same for every family."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from transformers import DynamicCache, PreTrainedModel

from serving.cancellation import Cancellation
from serving.compute_lock import ComputeLock
from serving.errors import LanguageUnavailableError
from serving.feature_cache import FeatureCache
from serving.language.admission import check_length, check_visual_tokens
from serving.language.prefix import PrefixState, embedding_of, encode_prefix, read_questions
from serving.language.question_tokenizer import QuestionTokenizer
from serving.language.reply_likelihood import encode_words, rate_by_likelihood

_PREFIX_CACHE_BYTES = 256 * 1024 * 1024
_UNFINISHED = "\N{REPLACEMENT CHARACTER}"  # a character of which not all bytes are there yet


class TransformersBackend:
    """Keeps the keys and values of each image's prefix, so that a question costs its own tokens only.

    One computation at a time; the others wait their turn.

    Args:
        decoder: the language model's layers without a vocabulary head; Phi's, SmolLM2's.
        tokenizer: of that model.
        learned_tokens: embeddings read after every question, (N, D), whose hidden states then stand for it; None
            where the question's own do.
        vocabulary_head: from hidden states to logits; None where the model is to write no text.
        prefix_cache_bytes: bound on what is kept.
    """

    def __init__(
        self,
        decoder: PreTrainedModel,
        tokenizer: QuestionTokenizer,
        *,
        learned_tokens: Tensor | None = None,
        vocabulary_head: nn.Module | None = None,
        prefix_cache_bytes: int = _PREFIX_CACHE_BYTES,
    ) -> None:
        self._decoder = decoder.eval().requires_grad_(False)
        self._tokenizer = tokenizer
        self._learned_tokens = learned_tokens
        self._vocabulary_head = vocabulary_head
        self._prefixes: FeatureCache[PrefixState] = FeatureCache(prefix_cache_bytes)
        self._busy = ComputeLock()

    @property
    def is_busy(self) -> bool:
        """Whether it computes for somebody."""
        return self._busy.is_held

    def prefill_hidden(
        self, image_digest: str, visual_tokens: Tensor, question: str, *, cancellation: Cancellation | None = None
    ) -> Tensor:
        """Return hidden states of the question's span (or of the learned tokens after it); see `LanguageBackend`."""
        ids = self._tokenizer.tokenize_question(question)
        learned_count = 0 if self._learned_tokens is None else len(self._learned_tokens)
        self._check(visual_tokens, len(ids) + learned_count)
        with self._turn(cancellation), torch.inference_mode():
            prefix = self._find_prefix(image_digest, visual_tokens)
            questions = torch.tensor([ids], device=visual_tokens.device)
            is_question = torch.ones_like(questions, dtype=torch.bool)
            hidden = read_questions(self._decoder, prefix, questions, is_question, self._learned_tokens)
            return hidden[0].float()

    def stream_text(
        self,
        image_digest: str,
        visual_tokens: Tensor,
        question: str,
        *,
        max_tokens: int,
        cancellation: Cancellation | None = None,
    ) -> Generator[str, None, None]:
        """Yield the reply in pieces; see `LanguageBackend`. Others may compute between two pieces."""
        head = self._require_head()
        ids = [*self._tokenizer.tokenize_question(question), *self._tokenizer.reply_start_ids]
        self._check(visual_tokens, len(ids) + max_tokens)
        return self._write(image_digest, visual_tokens, ids, head, max_tokens, cancellation)

    def rate_replies(
        self, lead: str, prompt: str, replies: Sequence[str], *, cancellation: Cancellation | None = None
    ) -> list[float]:
        """Return the log-likelihood of each reply; see `LanguageBackend`."""
        head = self._require_head()
        lead_ids, prompt_ids = self._tokenizer.tokenize_words(lead), self._tokenizer.tokenize_words(prompt)
        reply_ids = [self._tokenizer.tokenize_words(f" {reply}\n") for reply in replies]
        longest = len(lead_ids) + len(prompt_ids) + max(map(len, reply_ids))
        check_length(longest, self._decoder.config.max_position_embeddings)
        with self._turn(cancellation), torch.inference_mode():
            kept = self._prefixes.get(f"words {lead}")
            if kept is None:
                kept = encode_words(self._decoder, lead_ids)
                self._prefixes.put(f"words {lead}", kept)
            return rate_by_likelihood(self._decoder, head, kept, prompt_ids, reply_ids)

    def close(self) -> None:
        """Nothing outlives this object."""

    def _require_head(self) -> nn.Module:
        if self._vocabulary_head is None:
            raise LanguageUnavailableError.for_text()
        return self._vocabulary_head

    def _write(
        self,
        image_digest: str,
        visual_tokens: Tensor,
        ids: list[int],
        head: nn.Module,
        max_tokens: int,
        cancellation: Cancellation | None,
    ) -> Generator[str, None, None]:
        with self._turn(cancellation), torch.inference_mode():
            cache = self._find_prefix(image_digest, visual_tokens).to_cache()
        written: list[int] = []
        told = ""
        while len(written) < max_tokens:
            with self._turn(cancellation), torch.inference_mode():
                ids = [self._take_likeliest(ids, cache, head, visual_tokens.device)]
            if ids[0] == self._tokenizer.end_id:
                break
            written += ids
            text = self._tokenizer.decode_reply(written)
            if not text.endswith(_UNFINISHED) and text != told:
                yield text[len(told) :]
                told = text
        rest = self._tokenizer.decode_reply(written)[len(told) :]
        if rest:
            yield rest

    def _take_likeliest(self, ids: list[int], cache: DynamicCache, head: nn.Module, device: torch.device) -> int:
        embeds = embedding_of(self._decoder)(torch.tensor([ids], device=device))
        output = self._decoder(inputs_embeds=embeds, past_key_values=cache, use_cache=True)
        logits: Tensor = head(output.last_hidden_state[0, -1])  # (vocabulary,)
        return int(logits.argmax())

    def _find_prefix(self, image_digest: str, visual_tokens: Tensor) -> PrefixState:
        prefix = self._prefixes.get(image_digest)
        if prefix is None:
            prefix = encode_prefix(self._decoder, self._tokenizer, visual_tokens[None])
            self._prefixes.put(image_digest, prefix)
        return prefix

    def _check(self, visual_tokens: Tensor, words: int) -> None:
        config = self._decoder.config
        check_visual_tokens(visual_tokens, config.hidden_size)
        around = len(self._tokenizer.before_image_ids) + len(self._tokenizer.after_image_ids)
        check_length(around + len(visual_tokens) + words, config.max_position_embeddings)

    @contextmanager
    def _turn(self, cancellation: Cancellation | None) -> Iterator[None]:
        wanted = cancellation or Cancellation()
        wanted.raise_if_cancelled()
        with self._busy.hold(wanted):
            yield
