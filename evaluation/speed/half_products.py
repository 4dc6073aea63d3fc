"""fp16 on a CPU as a GPU computes it: products of half-precision operands, summed in fp32, rounded to half precision.

On a CPU without fp16 instructions, PyTorch's own fp16 products take some hundred times as long as those in fp32: too
long for an image of 1024 pixels. A GPU's tensor cores sum in fp32 as well, so that masks agree as they would there.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only

_PRODUCTS = {
    torch.ops.aten.mm.default,
    torch.ops.aten.addmm.default,
    torch.ops.aten.bmm.default,
    torch.ops.aten.baddbmm.default,
    torch.ops.aten.convolution.default,
}


class HalfProducts(TorchDispatchMode):
    """A context of the current thread in which fp16 matrix products and convolutions are summed in fp32."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Compute one operation."""
        named = dict(kwargs or {})
        if func not in _PRODUCTS or args[0].dtype != torch.float16:
            return func(*args, **named)
        product = func(*tree_map_only(torch.Tensor, torch.Tensor.float, args), **named)
        return product.half()
