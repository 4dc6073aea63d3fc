"""Where a model's weights go and in which precision, chosen before any of them is read."""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from serving.errors import QuantisationUnavailableError
from serving.model_choice import Precision, Quantisation

# Images or questions that are computed together at most, by kind of device. On a CPU it brings nothing, as measured in
# docs/performance.md; the number for CUDA is not measured.
BATCH_SIZES = {"cpu": 1, "cuda": 8}
DTYPES: dict[Precision, torch.dtype] = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


class Quantiser(Protocol):
    """Makes the linear layers of a language backbone small."""

    def prepare(self, root: nn.Module, *, dtype: torch.dtype) -> None:
        """Put empty quantised layers in place of the linear layers below `root`."""
        ...

    def quantise(self, root: nn.Module, *, dtype: torch.dtype, device: torch.device) -> None:
        """Quantise the linear layers below `root`, which hold their values."""
        ...

    def place(self, module: nn.Module, name: str, values: Tensor) -> None:
        """Let `values` be the parameter `name` of `module`, quantised where that is the weight of such a layer."""
        ...


@dataclass(frozen=True)
class Placement:
    """Where and how weights are kept.

    Attributes:
        device: of every parameter.
        precision: of every parameter that is not quantised.
        quantiser: for the language backbone's linear layers, or None.
        batch_size: images that are encoded, or questions whose masks are decoded, together at most.
    """

    device: torch.device
    precision: Precision
    quantiser: Quantiser | None
    batch_size: int = 1

    @property
    def dtype(self) -> torch.dtype:
        """The precision as PyTorch calls it."""
        return DTYPES[self.precision]


def choose_quantiser(kind: Quantisation | None) -> Quantiser | None:
    """Return what quantises, or None.

    Raises:
        QuantisationUnavailableError: bitsandbytes is not installed.
    """
    if kind is None:
        return None
    try:
        from serving.language.quantisation import BitsAndBytes  # optional: the extra "gpu"
    except ModuleNotFoundError as error:
        raise QuantisationUnavailableError(reason="it is not installed") from error
    return BitsAndBytes(kind)
