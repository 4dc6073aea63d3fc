"""A language backbone that reads every question as the same one."""

from typing import Any

import torch
from torch import Tensor

from tests.fakes.silent_backend import SilentBackend
from tests.fakes.tiny_released import TINY_RELEASED


class SameWordsBackend(SilentBackend):
    """Belongs to `TINY_RELEASED`; writes no text."""

    def prefill_hidden(self, *args: Any, **options: Any) -> Tensor:
        """Return the same hidden states always, (5, D)."""
        return torch.randn(5, TINY_RELEASED.language.hidden_size, generator=torch.Generator().manual_seed(0))
