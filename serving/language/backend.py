"""What the engine needs of a language backbone."""

from collections.abc import Generator, Sequence
from typing import Protocol

from torch import Tensor

from serving.cancellation import Cancellation


class LanguageBackend(Protocol):
    """Reads a question after an image's prefix. Safe to call from several threads at once."""

    def prefill_hidden(
        self, image_digest: str, visual_tokens: Tensor, question: str, *, cancellation: Cancellation | None = None
    ) -> Tensor:
        """Return last-layer hidden states of the question's span, SEG token included: float32, (n, D).

        Args:
            image_digest: names the prefix, so that its keys and values can be reused.
            visual_tokens: of that image, (T, D).
            question: plain text; nothing in it is taken for a special token.
            cancellation: frees the request where it waits or runs.

        Raises:
            LanguageInputError: the visual tokens are no finite (T, D), or image and question are too long.
            LanguageUnavailableError: the backbone cannot answer now.
            SegmentationCancelledError: somebody pressed Stop.
        """
        ...

    def stream_text(
        self,
        image_digest: str,
        visual_tokens: Tensor,
        question: str,
        *,
        max_tokens: int,
        cancellation: Cancellation | None = None,
    ) -> Generator[str, None, None]:
        """Yield the model's reply to the question in pieces, each time taking the likeliest token.

        Closing the iterator frees the request.

        Args:
            image_digest: as in `prefill_hidden`.
            visual_tokens: of that image, (T, D).
            question: plain text.
            cancellation: frees the request where it waits or runs.
            max_tokens: longest reply, at least 1.

        Raises:
            LanguageInputError: the visual tokens are no finite (T, D), or image, question and reply are too long.
            LanguageUnavailableError: the backbone cannot answer now.
            SegmentationCancelledError: somebody pressed Stop.
        """
        ...

    def rate_replies(
        self, lead: str, prompt: str, replies: Sequence[str], *, cancellation: Cancellation | None = None
    ) -> list[float]:
        """Return how well each reply goes on after `lead` and `prompt`, greater for better; no image is looked at.

        Args:
            lead: words that stand before many prompts, so that they are read once.
            prompt: what follows them.
            replies: each a line of text, at least one.
            cancellation: frees the request where it waits or runs.

        Raises:
            LanguageInputError: lead, prompt and reply are too long.
            LanguageUnavailableError: the backbone cannot answer now, or writes no text.
            SegmentationCancelledError: somebody pressed Stop.
        """
        ...

    def close(self) -> None:
        """Let go of memory and processes."""
        ...
