"""A small head that turns cached features, the mask before and clicks into a better mask."""

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from serving.model.features import PixelFeatures

PROMPT_CHANNELS = 4  # prior, positive clicks, negative clicks, box: see serving.refinement.prompt_maps
_RGB_MEAN, _RGB_STD = 110.0, 55.0


@dataclass(frozen=True)
class RefinerConfig:
    """Sizes of the head.

    Attributes:
        mask_dim: channels of the mask features.
        level_dim: channels of the finest of the multi-scale features.
        feature_dim: channels that each of the two is brought down to.
        fine_dim: channels at stride 2.
        dims: channels at strides 4, 8 and 16.
        suggestion_channels: maps of what Segment Anything would mark, see `serving.refinement.suggestions`; 0 for a
            head that is not told.
    """

    mask_dim: int
    level_dim: int
    feature_dim: int = 32
    fine_dim: int = 16
    dims: tuple[int, int, int] = (48, 64, 96)
    suggestion_channels: int = 0

    @property
    def map_channels(self) -> int:
        """Channels of the maps that the head reads beside the picture."""
        return PROMPT_CHANNELS + self.suggestion_channels


class _ChannelNorm(nn.Module):
    """Layer normalisation over the channels of each pixel: it does not care how large the picture is."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim)

    def forward(self, x: Tensor) -> Tensor:
        return cast(Tensor, self.norm(x.permute(0, 2, 3, 1))).permute(0, 3, 1, 2)


class _Block(nn.Module):
    """Depthwise convolution, then two pointwise maps, around a shortcut.

    Source: ConvNeXt (arXiv 2201.03545), with a kernel of 5 and ReLU, which costs a tenth of GELU here.
    """

    def __init__(self, dim: int, dilation: int = 1) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(dim, dim, 5, padding=2 * dilation, dilation=dilation, groups=dim)
        self.norm = _ChannelNorm(dim)
        self.expand = nn.Conv2d(dim, 2 * dim, 1)
        self.reduce = nn.Conv2d(2 * dim, dim, 1)

    def forward(self, x: Tensor) -> Tensor:
        inner = functional.relu(self.expand(self.norm(self.depthwise(x))))
        return x + cast(Tensor, self.reduce(inner))


class ClickRefiner(nn.Module):
    """A U-shaped head from stride 2 to 16 and back; its answer is a correction of the prior.

    Beside the maps of the clicks it sees how alike each pixel is to what was clicked: the cosine between its
    embedding and the mean embedding under the positive clicks, under the negative ones, and in the prior.
    """

    def __init__(self, config: RefinerConfig) -> None:
        super().__init__()
        self.config = config
        fine, features = config.fine_dim, config.feature_dim
        dim4, dim8, dim16 = config.dims
        self.reduce_mask_features = nn.Conv2d(config.mask_dim, features, 1)
        self.reduce_level = nn.Conv2d(config.level_dim, features, 1)
        self.embed = nn.Conv2d(config.mask_dim, features, 1)
        self.fine = nn.Sequential(nn.Conv2d(3 + config.map_channels, fine, 3, padding=1), nn.ReLU())
        self.down4 = nn.Conv2d(fine, dim4, 3, stride=2, padding=1)
        self.fuse = nn.Conv2d(2 * features + 3 + dim4, dim4, 3, padding=1)
        self.down8 = nn.Conv2d(dim4, dim8, 3, stride=2, padding=1)
        self.block8 = _Block(dim8)
        self.down16 = nn.Conv2d(dim8, dim16, 3, stride=2, padding=1)
        self.blocks16 = nn.Sequential(_Block(dim16), _Block(dim16, dilation=3), _Block(dim16))
        self.up8 = nn.Conv2d(dim16, dim8, 1)
        self.merge8 = _Block(dim8)
        self.up4 = nn.Conv2d(dim8, dim4, 1)
        self.merge4 = _Block(dim4)
        self.up2 = nn.Conv2d(dim4, fine, 1)
        self.merge2 = nn.Sequential(nn.Conv2d(2 * fine, fine, 3, padding=1), nn.ReLU())
        self.correction = nn.Conv2d(fine, 1, 3, padding=1)
        self.prior_weight = nn.Parameter(torch.tensor(2.0))

    def forward(self, features: PixelFeatures, rgb: Tensor, prompts: Tensor) -> Tensor:
        """Return mask logits, (B, 1, H/2, W/2).

        Args:
            features: of the pixel decoder, for B images of (H, W).
            rgb: 0..255, float, (B, 3, H/2, W/2).
            prompts: maps, those of suggestions last, (B, 4 + S, H/2, W/2).
        """
        if rgb.shape[-2:] != prompts.shape[-2:] or prompts.shape[-1] != 2 * features.mask_features.shape[-1]:
            raise ValueError(f"maps {tuple(prompts.shape)} do not fit {tuple(features.mask_features.shape)} features")
        fine = self.fine(torch.cat([(rgb - _RGB_MEAN) / _RGB_STD, prompts], 1))  # (B, fine, H/2, W/2)
        level = _enlarge(self.reduce_level(features.multi_scale[2]), features.mask_features)
        alike = _measure_likeness(self.embed(features.mask_features), prompts)
        x4 = torch.cat([self.reduce_mask_features(features.mask_features), level, alike, self.down4(fine)], 1)
        x4 = functional.relu(self.fuse(x4))  # (B, dim4, H/4, W/4)
        x8 = self.block8(self.down8(x4))
        x16 = self.blocks16(self.down16(x8))
        x8 = self.merge8(x8 + _enlarge(self.up8(x16), x8))
        x4 = self.merge4(x4 + _enlarge(self.up4(x8), x4))
        x2 = self.merge2(torch.cat([_enlarge(self.up2(x4), fine), fine], 1))
        logits: Tensor = self.correction(x2) + self.prior_weight * prompts[:, :1]
        return logits


def _enlarge(x: Tensor, like: Tensor) -> Tensor:
    return functional.interpolate(x, size=like.shape[-2:], mode="bilinear", align_corners=False)


def _measure_likeness(embedding: Tensor, prompts: Tensor) -> Tensor:
    """Return cosines to what is under the positive clicks, the negative ones and the prior, (B, 3, h, w).

    Zero where there is no such click, or no prior.
    """
    weights = functional.avg_pool2d(prompts[:, :3].float(), 2).clamp(min=0)  # (B, 3, h, w)
    unit = functional.normalize(embedding.float(), dim=1)
    sums = torch.einsum("bkhw,bchw->bkc", weights, unit)
    means = functional.normalize(sums, dim=2)  # zero stays zero
    return torch.einsum("bkc,bchw->bkhw", means, unit).to(embedding.dtype)
