"""res2..res5 to three feature levels and the mask features."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from serving.model.config import PixelDecoderConfig
from serving.model.deformable_attention import DeformableAttention, token_centres
from serving.model.features import HierarchicalFeatures, PixelFeatures
from serving.model.position_encoding import encode_positions


class PixelEncoderLayer(nn.Module):
    """Deformable self-attention over all levels, then a feed-forward; post-norm."""

    def __init__(self, config: PixelDecoderConfig) -> None:
        super().__init__()
        self.self_attn = DeformableAttention(config.dim, levels=config.levels, heads=config.heads, points=config.points)
        self.norm1 = nn.LayerNorm(config.dim)
        self.linear1 = nn.Linear(config.dim, config.feed_forward_dim)
        self.linear2 = nn.Linear(config.feed_forward_dim, config.dim)
        self.norm2 = nn.LayerNorm(config.dim)

    def forward(self, tokens: Tensor, position: Tensor, reference_xy: Tensor, shapes: list[tuple[int, int]]) -> Tensor:
        """Refine (B, L, D); `position` is added to the queries, not to the values."""
        tokens = self.norm1(tokens + self.self_attn(tokens + position, reference_xy, tokens, shapes))
        feed_forward = self.linear2(functional.relu(self.linear1(tokens)))
        refined: Tensor = self.norm2(tokens + feed_forward)
        return refined


class PixelDecoder(nn.Module):
    """Multi-scale deformable encoder and one FPN step.

    Source: Mask2Former (arXiv 2112.01527), MSDeformAttn pixel decoder; in SegEarth-R1 the FPN convolutions have biases.
    """

    def __init__(self, config: PixelDecoderConfig) -> None:
        super().__init__()
        self.config = config
        dim = config.dim
        res2, res3, res4, res5 = config.in_channels
        self.input_proj = nn.ModuleList(
            nn.Sequential(nn.Conv2d(channels, dim, kernel_size=1), nn.GroupNorm(config.norm_groups, dim))
            for channels in (res5, res4, res3)
        )
        self.level_embed = nn.Parameter(torch.empty(config.levels, dim))
        self.layers = nn.ModuleList(PixelEncoderLayer(config) for _ in range(config.layers))
        self.adapter_1 = nn.Sequential(
            nn.Conv2d(res2, dim, kernel_size=1), nn.GroupNorm(config.norm_groups, dim), nn.ReLU()
        )
        self.layer_1 = nn.Sequential(
            nn.Conv2d(dim, dim, kernel_size=3, padding=1), nn.GroupNorm(config.norm_groups, dim), nn.ReLU()
        )
        self.mask_features = nn.Conv2d(dim, config.mask_dim, kernel_size=1)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Initialise as the paper's training does (specification, section 12)."""
        nn.init.normal_(self.level_embed)
        for projection in self.input_proj:
            assert isinstance(projection, nn.Sequential)
            _init_convolution(projection[0], nn.init.xavier_uniform_)
        for convolution in (self.adapter_1[0], self.layer_1[0], self.mask_features):
            _init_convolution(convolution, lambda weight: nn.init.kaiming_uniform_(weight, a=1))

    def forward(self, features: HierarchicalFeatures) -> PixelFeatures:
        """Return levels at strides 32, 16 and 8, (B, D, h, w), and mask features at stride 4, (B, M, H/4, W/4)."""
        tokens, positions, shapes = [], [], []
        for level, source in enumerate((features.res5, features.res4, features.res3)):
            projected = self.input_proj[level](source)
            height, width = projected.shape[-2:]
            shapes.append((height, width))
            tokens.append(projected.flatten(2).transpose(1, 2))
            position = encode_positions(height, width, self.config.dim, device=source.device)
            position = position.to(source.dtype).flatten(2).transpose(1, 2)
            positions.append(position + self.level_embed[level])
        x, position = torch.cat(tokens, 1), torch.cat(positions, 1)  # (B, L, D), (1, L, D)
        reference_xy = token_centres(shapes, device=x.device)
        for layer in self.layers:
            x = layer(x, position, reference_xy, shapes)

        levels = [
            level.transpose(1, 2).unflatten(2, shape)
            for level, shape in zip(torch.split(x, [h * w for h, w in shapes], 1), shapes, strict=True)
        ]
        fine = self.adapter_1(features.res2)
        upsampled = functional.interpolate(
            levels[2].float(), size=fine.shape[-2:], mode="bilinear", align_corners=False
        )
        fine = self.layer_1(fine + upsampled.to(fine.dtype))
        return PixelFeatures((levels[0], levels[1], levels[2]), self.mask_features(fine))


def _init_convolution(convolution: nn.Module, init: Callable[[Tensor], Tensor]) -> None:
    assert isinstance(convolution, nn.Conv2d)
    init(convolution.weight)
    assert convolution.bias is not None
    nn.init.zeros_(convolution.bias)
