"""A language backbone for what asks no question: any use of it is a failure."""

from collections.abc import Generator
from typing import Any

from torch import Tensor


class SilentBackend:
    """Implements `serving.language.backend.LanguageBackend` for an engine that only refines."""

    def prefill_hidden(self, *args: Any, **options: Any) -> Tensor:
        """Fail."""
        raise AssertionError(f"the language backbone was asked: {args[2]!r}")

    def stream_text(self, *args: Any, **options: Any) -> Generator[str, None, None]:
        """Fail."""
        raise AssertionError(f"the language backbone was asked: {args[2]!r}")

    def rate_replies(self, *args: Any, **options: Any) -> list[float]:
        """Fail."""
        raise AssertionError(f"the language backbone was asked: {args[1]!r}")

    def close(self) -> None:
        """Do nothing."""
