"""What the engine needs of a language backbone."""

from typing import Protocol

from torch import Tensor


class LanguageBackend(Protocol):
    """Reads a question after an image's prefix. Safe to call from several threads at once."""

    def prefill_hidden(self, image_digest: str, visual_tokens: Tensor, question: str) -> Tensor:
        """Return last-layer hidden states of the question's span, SEG token included: float32, (n, D).

        Args:
            image_digest: names the prefix, so that its keys and values can be reused.
            visual_tokens: of that image, (T, D).
            question: plain text; nothing in it is taken for a special token.

        Raises:
            LanguageUnavailableError: the backbone cannot answer now.
        """
        ...

    def close(self) -> None:
        """Let go of memory and processes."""
        ...
