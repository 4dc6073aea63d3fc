"""The language backbone's linear layers in 8 or 4 bits, through bitsandbytes (the optional extra "gpu").

On CUDA and on the CPU. Only linear layers are quantised: embeddings, norms and everything outside of the backbone keep
the dtype that was asked for. A weight is quantised the moment it arrives, so that two of them never stand in full.
"""

from typing import Any

import torch
from bitsandbytes.nn.modules import Int8Params, Linear4bit, Linear8bitLt, Params4bit
from torch import Tensor, nn

from serving.model.released_checkpoint import place_parameter
from serving.model_choice import Quantisation

# LLM.int8(): activations beyond this magnitude are multiplied unquantised.
_OUTLIER_THRESHOLD = 6.0


class BitsAndBytes:
    """Quantises the linear layers below a module.

    Args:
        kind: "int8" or "nf4".
    """

    def __init__(self, kind: Quantisation) -> None:
        self._kind = kind

    def prepare(self, root: nn.Module, *, dtype: torch.dtype) -> None:
        """Put an empty quantised layer in place of every linear layer below `root`; `place` fills it.

        Args:
            root: a module whose parameters may be on the device "meta".
            dtype: of what goes in and comes out of the layers.
        """
        for parent, name, linear in _find_linears(root):
            setattr(parent, name, _build_layer(linear, self._kind, dtype))

    def quantise(self, root: nn.Module, *, dtype: torch.dtype, device: torch.device) -> None:
        """Quantise every linear layer below `root`, which holds its values already."""
        for parent, name, linear in _find_linears(root):
            layer = _build_layer(linear, self._kind, dtype)
            setattr(parent, name, layer)
            for own, values in linear.named_parameters():
                self.place(layer, own, values.detach().to(device, dtype))

    def place(self, module: nn.Module, name: str, values: Tensor) -> None:
        """Let `values` be the parameter `name`; the weight of a layer of this class is quantised where it lies."""
        if name == "weight" and isinstance(module, Linear4bit):
            # Typed for tensors in general; moving to a device is what quantises it.
            weight: Any = Params4bit(
                values, requires_grad=False, quant_type="nf4", compress_statistics=True, module=module
            )
            module.weight = weight.to(values.device)
        elif name == "weight" and isinstance(module, Linear8bitLt):
            int8: Any = Int8Params(values, requires_grad=False, has_fp16_weights=False)
            module.weight = int8.to(values.device)
        else:
            place_parameter(module, name, values)


def _find_linears(root: nn.Module) -> list[tuple[nn.Module, str, nn.Linear]]:
    """Return every plain linear layer below `root` with its parent and its name there."""
    return [
        (parent, name, child)
        for parent in root.modules()
        for name, child in parent.named_children()
        if type(child) is nn.Linear
    ]


def _build_layer(linear: nn.Linear, kind: Quantisation, compute_dtype: torch.dtype) -> nn.Module:
    has_bias = linear.bias is not None
    with torch.device("meta"):
        if kind == "nf4":
            layer: nn.Module = Linear4bit(  # type: ignore[no-untyped-call]
                linear.in_features,
                linear.out_features,
                bias=has_bias,
                compute_dtype=compute_dtype,
                compress_statistics=True,
                quant_type="nf4",
            )
        else:
            layer = Linear8bitLt(
                linear.in_features,
                linear.out_features,
                bias=has_bias,
                has_fp16_weights=False,
                threshold=_OUTLIER_THRESHOLD,
            )
    return layer.eval()
