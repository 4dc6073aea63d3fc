"""What the parts of the model hand to each other."""

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor


class HierarchicalFeatures(NamedTuple):
    """Encoder outputs at strides 4, 8, 16 and 32, each (B, C, H/stride, W/stride)."""

    res2: Tensor
    res3: Tensor
    res4: Tensor
    res5: Tensor


class PixelFeatures(NamedTuple):
    """Pixel decoder outputs.

    Attributes:
        multi_scale: (B, D, H/32, W/32), (B, D, H/16, W/16), (B, D, H/8, W/8), coarse first.
        mask_features: (B, M, H/4, W/4).
    """

    multi_scale: tuple[Tensor, Tensor, Tensor]
    mask_features: Tensor


@dataclass(frozen=True)
class ImageFeatures:
    """All that depends on the image alone; computed once per image.

    Attributes:
        visual_tokens: (B, T, D_lm).
        res5: (B, C, H/32, W/32).
        pixel: outputs of the pixel decoder.
    """

    visual_tokens: Tensor
    res5: Tensor
    pixel: PixelFeatures

    @property
    def size_bytes(self) -> int:
        """Memory that the tensors hold."""
        tensors = (self.visual_tokens, self.res5, *self.pixel.multi_scale, self.pixel.mask_features)
        return sum(tensor.element_size() * tensor.nelement() for tensor in tensors)


class MaskPrediction(NamedTuple):
    """Mask decoder outputs for Q descriptions of each image.

    Attributes:
        mask_logits: (B, Q, H/4, W/4), after the last layer.
        auxiliary_mask_logits: the same before the first layer and after each but the last.
        presence_logits: (B, Q), or None where the model has no presence head.
    """

    mask_logits: Tensor
    auxiliary_mask_logits: tuple[Tensor, ...]
    presence_logits: Tensor | None
