"""Pictures as the encoders were trained on them: in a square, and in their range of values."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from serving.imagery.letterbox import Letterbox
from serving.model.config import SegEarthConfig


def fit_pictures(
    pictures: Sequence[NDArray[np.uint8]],
    config: SegEarthConfig,
    *,
    side: int | None = None,
    device: str | torch.device = "cpu",
) -> Tensor:
    """Return pictures of any size as one batch for the encoder, float32 (B, 3, S, S).

    Args:
        pictures: RGB, uint8 (H, W, 3), each of its own size.
        config: of the model.
        side: S; None for the model's own.
        device: where the batch is made.
    """
    side = config.input_size if side is None else side
    squares = [Letterbox(picture.shape[0], picture.shape[1], side).fit_image(picture) for picture in pictures]
    pixels = torch.from_numpy(np.stack(squares)).to(device)
    return normalise_images(pixels, config.pixel_mean, config.pixel_std)


def normalise_images(images: Tensor, mean: tuple[float, float, float], std: tuple[float, float, float]) -> Tensor:
    """Return float32 (B, 3, S, S), channels last in memory, from uint8 RGB (B, S, S, 3).

    Padding is normalised like any other pixel, so black borders do not become 0; the released weights expect that.
    """
    shift = torch.tensor(mean, device=images.device)
    scale = torch.tensor(std, device=images.device)
    return ((images.float() - shift) / scale).permute(0, 3, 1, 2)
