"""Pixels 0..255 to the range that the encoders were trained on."""

import torch
from torch import Tensor


def normalise_images(images: Tensor, mean: tuple[float, float, float], std: tuple[float, float, float]) -> Tensor:
    """Return float32 (B, 3, S, S), channels last in memory, from uint8 RGB (B, S, S, 3).

    Padding is normalised like any other pixel, so black borders do not become 0; the released weights expect that.
    """
    shift = torch.tensor(mean, device=images.device)
    scale = torch.tensor(std, device=images.device)
    return ((images.float() - shift) / scale).permute(0, 3, 1, 2)
