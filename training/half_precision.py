"""Whether this CPU computes in bfloat16; where it only imitates it, training in it takes some ten times as long."""

import torch


def has_bfloat16() -> bool:
    """Whether oneDNN has products of bfloat16 for this CPU (AVX-512 or newer)."""
    # The one place where torch tells; its own compiler asks here too.
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def fastest_dtype() -> torch.dtype:
    """Return bfloat16 where the CPU has it, else float32."""
    return torch.bfloat16 if has_bfloat16() else torch.float32


def autocast_on_cpu() -> torch.autocast:
    """Return a context in which products are computed in bfloat16 where the CPU has it; elsewhere it does nothing."""
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=has_bfloat16())
