"""Swin Transformer encoder: an image to the feature levels res2..res5.

Source: Liu et al. 2021 (Swin Transformer), in the form that the released SegEarth-R1 weights expect: window 12,
padding after the normalisation, one extra LayerNorm per output level. Parameter names are the reference's.
"""

from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from serving.model.config import SwinConfig
from serving.model.features import HierarchicalFeatures

# Added to the scores of pairs that a shift brought together from different regions; the reference uses -100, not -inf.
SHIFT_PENALTY = -100.0


class SwinEncoder(nn.Module):
    """Four stages of windowed attention, each half the side and twice the channels of the one before."""

    def __init__(self, config: SwinConfig) -> None:
        super().__init__()
        self.config = config
        self.patch_embed = PatchEmbedding(config.patch_size, config.embed_dim)
        # Stochastic depth grows linearly over all blocks, as in the reference; it acts in training only.
        rates = torch.linspace(0, config.drop_path_rate, sum(config.depths), device="cpu").tolist()
        self.layers = nn.ModuleList()
        first_block = 0
        for stage, (depth, channels) in enumerate(zip(config.depths, config.channels, strict=True)):
            self.layers.append(
                SwinStage(
                    channels=channels,
                    heads=config.num_heads[stage],
                    window=config.window_size,
                    mlp_ratio=config.mlp_ratio,
                    drop_path_rates=rates[first_block : first_block + depth],
                    has_downsample=stage + 1 < len(config.depths),
                )
            )
            first_block += depth
            # Flat names norm0..norm3 keep the map to the released checkpoint an identity.
            self.add_module(f"norm{stage}", nn.LayerNorm(channels))

    def forward(self, pixels: Tensor) -> HierarchicalFeatures:
        """Encode normalised images.

        Args:
            pixels: (B, 3, H, W), any H and W; sides that the strides do not divide are padded at right and bottom.

        Returns:
            res2, res3, res4, res5 at strides 4, 8, 16, 32: (B, C, ceil(H / stride), ceil(W / stride)).
        """
        tokens, height, width = self.patch_embed(pixels)
        levels = []
        for stage, module in enumerate(self.layers):
            layer = cast(SwinStage, module)
            tokens = layer.run_blocks(tokens, height, width)
            normalised = self.get_submodule(f"norm{stage}")(tokens)
            levels.append(normalised.transpose(1, 2).unflatten(2, (height, width)).contiguous())  # (B, C, H, W)
            if layer.downsample is not None:
                tokens = layer.downsample(tokens, height, width)
                height, width = (height + 1) // 2, (width + 1) // 2
        return HierarchicalFeatures(*levels)


class PatchEmbedding(nn.Module):
    """Non-overlapping patches, each projected to one token."""

    def __init__(self, patch_size: int, channels: int) -> None:
        super().__init__()
        self.patch_size = patch_size
        self.proj = nn.Conv2d(3, channels, kernel_size=patch_size, stride=patch_size)
        self.norm = nn.LayerNorm(channels)

    def forward(self, pixels: Tensor) -> tuple[Tensor, int, int]:
        """Return tokens (B, H·W, C) in row-major order, with H and W in patches."""
        height, width = pixels.shape[-2:]
        pixels = F.pad(pixels, (0, -width % self.patch_size, 0, -height % self.patch_size))
        patches = self.proj(pixels)  # (B, C, H, W)
        return self.norm(patches.flatten(2).transpose(1, 2)), patches.shape[2], patches.shape[3]


class SwinStage(nn.Module):
    """Blocks of one resolution, plain and shifted windows in turn, then the merging to the next."""

    def __init__(
        self,
        *,
        channels: int,
        heads: int,
        window: int,
        mlp_ratio: int,
        drop_path_rates: list[float],
        has_downsample: bool,
    ) -> None:
        super().__init__()
        self.window = window
        self.shift = window // 2
        self.blocks = nn.ModuleList(
            SwinBlock(
                channels=channels,
                heads=heads,
                window=window,
                shift=self.shift if block % 2 else 0,
                mlp_ratio=mlp_ratio,
                drop_path_rate=rate,
            )
            for block, rate in enumerate(drop_path_rates)
        )
        self.downsample = PatchMerging(channels) if has_downsample else None

    def run_blocks(self, tokens: Tensor, height: int, width: int) -> Tensor:
        """Return tokens (B, H·W, C) after every block, before the merging."""
        penalty = build_shift_penalty(height, width, window=self.window, shift=self.shift).to(tokens)
        for block in self.blocks:
            tokens = block(tokens, height, width, penalty)
        return tokens


class SwinBlock(nn.Module):
    """Attention inside windows, then an MLP; both pre-norm with a residual."""

    def __init__(
        self,
        *,
        channels: int,
        heads: int,
        window: int,
        shift: int,
        mlp_ratio: int,
        drop_path_rate: float = 0.0,
    ) -> None:
        super().__init__()
        self.window = window
        self.shift = shift
        self.norm1 = nn.LayerNorm(channels)
        self.attn = WindowAttention(channels, heads, window)
        self.drop_path = StochasticDepth(drop_path_rate)
        self.norm2 = nn.LayerNorm(channels)
        self.mlp = Mlp(channels, channels * mlp_ratio)

    def forward(self, tokens: Tensor, height: int, width: int, shift_penalty: Tensor | None) -> Tensor:
        """Return tokens of the same shape.

        Args:
            tokens: (B, H·W, C), row-major.
            height: H.
            width: W.
            shift_penalty: see `build_shift_penalty`; used only where this block shifts its windows.
        """
        attended = self._attend(_to_grid(self.norm1(tokens), height, width), shift_penalty)
        tokens = tokens + self.drop_path(attended.flatten(1, 2))
        return cast(Tensor, tokens + self.drop_path(self.mlp(self.norm2(tokens))))

    def _attend(self, grid: Tensor, shift_penalty: Tensor | None) -> Tensor:
        batch, height, width, channels = grid.shape
        # After the LayerNorm: padded cells are exact zeros, and in unshifted blocks nothing masks them.
        padded = F.pad(grid, (0, 0, 0, -width % self.window, 0, -height % self.window))
        rows, columns = padded.shape[1] // self.window, padded.shape[2] // self.window
        if self.shift:
            padded = padded.roll((-self.shift, -self.shift), dims=(1, 2))
        windows = padded.view(batch, rows, self.window, columns, self.window, channels)
        windows = windows.transpose(2, 3).reshape(batch * rows * columns, self.window**2, channels)
        windows = self.attn(windows, shift_penalty if self.shift else None)
        windows = windows.view(batch, rows, columns, self.window, self.window, channels).transpose(2, 3)
        padded = windows.reshape(batch, rows * self.window, columns * self.window, channels)
        if self.shift:
            padded = padded.roll((self.shift, self.shift), dims=(1, 2))
        return cast(Tensor, padded[:, :height, :width])


class WindowAttention(nn.Module):
    """Multi-head attention among the cells of one window, with a learned bias per relative position."""

    relative_position_index: Tensor

    def __init__(self, channels: int, heads: int, window: int) -> None:
        super().__init__()
        self.heads = heads
        self.relative_position_bias_table = nn.Parameter(torch.zeros((2 * window - 1) ** 2, heads))
        self.register_buffer("relative_position_index", build_relative_position_index(window), persistent=False)
        self.qkv = nn.Linear(channels, 3 * channels)
        self.proj = nn.Linear(channels, channels)
        nn.init.trunc_normal_(self.relative_position_bias_table, std=0.02)

    def forward(self, windows: Tensor, shift_penalty: Tensor | None) -> Tensor:
        """Return windows of the same shape.

        Args:
            windows: (B·N, L, C) with the N windows of an image next to each other and L cells in each.
            shift_penalty: (N, L, L), added to the scores; None where no window was shifted.
        """
        count, length, channels = windows.shape
        qkv = self.qkv(windows).view(count, length, 3, self.heads, channels // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)  # each (B·N, heads, L, C / heads)
        bias = self.relative_position_bias_table[self.relative_position_index.flatten()]
        bias = bias.view(length, length, self.heads).permute(2, 0, 1).unsqueeze(0)  # (1, heads, L, L)
        if shift_penalty is not None:
            bias = bias + shift_penalty.unsqueeze(1)  # (N, heads, L, L)
            bias = bias.repeat(count // shift_penalty.shape[0], 1, 1, 1)
        attended = F.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        return cast(Tensor, self.proj(attended.transpose(1, 2).flatten(2)))


class Mlp(nn.Module):
    """Two linear layers around an exact GELU."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(channels, hidden)
        self.fc2 = nn.Linear(hidden, channels)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return tokens (B, L, C) of the same shape."""
        return cast(Tensor, self.fc2(F.gelu(self.fc1(tokens))))


class PatchMerging(nn.Module):
    """Four neighbouring tokens become one with twice the channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(4 * channels)
        self.reduction = nn.Linear(4 * channels, 2 * channels, bias=False)

    def forward(self, tokens: Tensor, height: int, width: int) -> Tensor:
        """Return (B, ceil(H / 2)·ceil(W / 2), 2C) for tokens (B, H·W, C)."""
        grid = F.pad(_to_grid(tokens, height, width), (0, 0, 0, width % 2, 0, height % 2))
        # Down the column first: the order that the released weights were trained with.
        corners = [grid[:, row::2, column::2] for column in (0, 1) for row in (0, 1)]
        return cast(Tensor, self.reduction(self.norm(torch.cat(corners, dim=-1).flatten(1, 2))))


class StochasticDepth(nn.Module):
    """Leaves out the residual branch of whole samples at random, in training only (Huang et al. 2016)."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, branch: Tensor) -> Tensor:
        """Return `branch` (B, ...), each sample kept and rescaled, or zeroed."""
        if not self.training or self.rate == 0.0:
            return branch
        drawn = torch.rand(branch.shape[0], *[1] * (branch.dim() - 1), device=branch.device)
        return branch * (drawn >= self.rate) / (1 - self.rate)


def build_relative_position_index(window: int) -> Tensor:
    """Return, for each pair of cells in a window, the row of the bias table: int64, (window², window²)."""
    row, column = torch.meshgrid(torch.arange(window), torch.arange(window), indexing="ij")
    row, column = row.flatten(), column.flatten()
    row_step = row[:, None] - row[None, :] + window - 1  # query minus key, moved to start at 0
    column_step = column[:, None] - column[None, :] + window - 1
    return row_step * (2 * window - 1) + column_step


def build_shift_penalty(height: int, width: int, *, window: int, shift: int) -> Tensor:
    """Return what shifted windows add to their scores: 0 within a region, `SHIFT_PENALTY` across.

    Args:
        height: rows of the grid before padding.
        width: columns of the grid before padding.
        window: side of a window.
        shift: how far the grid was rolled, 0 < shift < window.

    Returns:
        float32, (N, window², window²), for the N windows of the padded grid in row-major order.
    """
    rows = _number_regions(height + -height % window, window, shift)
    columns = _number_regions(width + -width % window, window, shift)
    regions = rows[:, None] * 3 + columns[None, :]
    cells = regions.view(len(rows) // window, window, len(columns) // window, window)
    cells = cells.transpose(1, 2).reshape(-1, window**2)
    differs = cells[:, :, None] != cells[:, None, :]
    return differs.float() * SHIFT_PENALTY


def _number_regions(length: int, window: int, shift: int) -> Tensor:
    """Along one axis: 0 in front of the last window, 1 in its unshifted part, 2 in the part that wrapped around."""
    position = torch.arange(length)
    return (position >= length - window).long() + (position >= length - shift).long()


def _to_grid(tokens: Tensor, height: int, width: int) -> Tensor:
    return tokens.view(tokens.shape[0], height, width, tokens.shape[2])  # (B, H, W, C)
