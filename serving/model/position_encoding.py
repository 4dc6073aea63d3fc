"""Sine position encoding of a 2-D grid, without parameters."""

import math

import torch
from torch import Tensor

_TEMPERATURE = 10_000.0
_EPS = 1e-6


def encode_positions(height: int, width: int, channels: int, *, device: torch.device | None = None) -> Tensor:
    """Return float32 (1, channels, height, width): y features, then x features, sine and cosine interleaved.

    Source: Mask2Former's normalised sine encoding; rows and columns count from 1 and are scaled to 2π.
    """
    half = channels // 2
    exponent = 2 * (torch.arange(half, device=device) // 2).float() / half
    frequency = _TEMPERATURE**exponent

    def encode(length: int) -> Tensor:
        position = torch.arange(1, length + 1, dtype=torch.float32, device=device)
        position = position / (length + _EPS) * (2 * math.pi)
        angle = position[:, None] / frequency  # (length, half)
        return torch.stack((angle[:, 0::2].sin(), angle[:, 1::2].cos()), dim=2).flatten(1)

    y = encode(height).T[:, :, None].expand(half, height, width)
    x = encode(width).T[:, None, :].expand(half, height, width)
    return torch.cat((y, x)).unsqueeze(0)
