"""TinyViT as MobileSAM's image encoder: an RGB square to one embedding of stride 16.

Source: TinyViT (arXiv 2207.10666) as MobileSAM (arXiv 2306.14289) has it: 5 M parameters, the last stage at the
resolution of the one before, then the neck of Segment Anything (arXiv 2304.02643). For running only, not for training.
"""

from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

SQUARE_SIDE = 1024  # pixels; other sides are not supported, since the prompts and the mask decoder know this one
EMBEDDING_DIM = 256

_BATCH_NORM_EPS = 1e-5
_NECK_NORM_EPS = 1e-6
_STEM_CHANNELS = (32, 64)
_EXPANSION = 4  # of the convolution blocks and of the MLPs


class _Stage(NamedTuple):
    channels: int
    depth: int
    heads: int
    window: int
    merge_stride: int  # of the convolution that leads into this stage


_FIRST_DEPTH = 2  # blocks of the first stage, which has convolutions only
_STAGES = (_Stage(128, 2, 4, 7, 2), _Stage(160, 6, 5, 14, 2), _Stage(320, 2, 10, 7, 1))


class TinyViT(nn.Module):
    """Convolutions to stride 4, then three stages of windowed attention with a convolution in each block."""

    def __init__(self) -> None:
        super().__init__()
        narrow, channels = _STEM_CHANNELS
        self.stem = nn.Sequential(
            _ConvNorm(3, narrow, kernel=3, stride=2), nn.GELU(), _ConvNorm(narrow, channels, kernel=3, stride=2)
        )
        self.stages = nn.ModuleList(
            [nn.Sequential(*(_ConvBlock(channels, _EXPANSION * channels, channels) for _ in range(_FIRST_DEPTH)))]
        )
        self.merges = nn.ModuleList()
        for stage in _STAGES:
            self.merges.append(_ConvBlock(channels, stage.channels, stage.channels, stride=stage.merge_stride))
            channels = stage.channels
            blocks = (_WindowBlock(channels, stage.heads, stage.window) for _ in range(stage.depth))
            self.stages.append(nn.Sequential(*blocks))
        self.neck = _Neck(channels, EMBEDDING_DIM)

    def forward(self, pixels: Tensor) -> Tensor:
        """Return the embedding of normalised RGB: float32 (B, 3, 1024, 1024) to (B, 256, 64, 64)."""
        features = self.stages[0](self.stem(pixels))
        for merge, stage in zip(self.merges, self.stages[1:], strict=True):
            features = stage(merge(features))
        return cast(Tensor, self.neck(features))


class _ConvNorm(nn.Module):
    """Convolution and batch normalisation by stored statistics, "same" padding.

    The normalisation is folded into the weights at each call: next to nothing to compute, and one pass over the
    picture less.
    """

    mean: Tensor
    variance: Tensor

    def __init__(self, in_channels: int, out_channels: int, *, kernel: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__()
        self.stride = stride
        self.groups = groups
        weight = torch.zeros(out_channels, in_channels // groups, kernel, kernel)
        # The stem's weights hand their layout on to all features, which then need no copy to become tokens.
        self.weight = nn.Parameter(weight.contiguous(memory_format=torch.channels_last))
        self.scale = nn.Parameter(torch.ones(out_channels))
        self.shift = nn.Parameter(torch.zeros(out_channels))
        self.register_buffer("mean", torch.zeros(out_channels))
        self.register_buffer("variance", torch.ones(out_channels))

    def forward(self, features: Tensor) -> Tensor:
        """(B, C, H, W) to (B, C', H / stride, W / stride)."""
        scale = self.scale / (self.variance + _BATCH_NORM_EPS).sqrt()
        weight, bias = self.weight * scale[:, None, None, None], self.shift - self.mean * scale
        padding = self.weight.shape[-1] // 2
        if padding == 0:  # each cell for itself: on one thread a picture takes 1.2 s so, 1.45 s by convolutions
            return functional.linear(features.permute(0, 2, 3, 1), weight.flatten(1), bias).permute(0, 3, 1, 2)
        return functional.conv2d(features, weight, bias, self.stride, padding, groups=self.groups)


class _ConvBlock(nn.Module):
    """Widen, filter each channel, project; with a shortcut where the shape is kept."""

    def __init__(self, in_channels: int, hidden: int, out_channels: int, *, stride: int = 1) -> None:
        super().__init__()
        self.widen = _ConvNorm(in_channels, hidden, kernel=1)
        self.depthwise = _ConvNorm(hidden, hidden, kernel=3, stride=stride, groups=hidden)
        self.project = _ConvNorm(hidden, out_channels, kernel=1)
        self.has_shortcut = in_channels == out_channels

    def forward(self, features: Tensor) -> Tensor:
        """(B, C, H, W) to (B, C', H / stride, W / stride)."""
        hidden = functional.gelu(self.widen(features))
        hidden = functional.gelu(self.depthwise(hidden))
        projected: Tensor = self.project(hidden)
        return functional.gelu(features + projected) if self.has_shortcut else projected


class _WindowBlock(nn.Module):
    """Attention inside windows, a depthwise convolution across their edges, then an MLP."""

    def __init__(self, channels: int, heads: int, window: int) -> None:
        super().__init__()
        self.window = window
        self.attention = _WindowAttention(channels, heads, window)
        self.local = _ConvNorm(channels, channels, kernel=3, groups=channels)
        self.mlp = _Mlp(channels)

    def forward(self, features: Tensor) -> Tensor:
        """Return features (B, C, H, W) of the same shape."""
        tokens = features.permute(0, 2, 3, 1)  # (B, H, W, C)
        attended = (tokens + self._attend(tokens)).permute(0, 3, 1, 2)
        tokens = cast(Tensor, self.local(attended)).permute(0, 2, 3, 1)
        return (tokens + cast(Tensor, self.mlp(tokens))).permute(0, 3, 1, 2)

    def _attend(self, tokens: Tensor) -> Tensor:
        batch, height, width, channels = tokens.shape
        side = self.window
        # Before the normalisation, unlike Swin: a padded cell becomes the norm's bias, and takes part unmasked.
        padded = functional.pad(tokens, (0, 0, 0, -width % side, 0, -height % side))
        rows, columns = padded.shape[1] // side, padded.shape[2] // side
        windows = padded.view(batch, rows, side, columns, side, channels).transpose(2, 3)
        attended: Tensor = self.attention(windows.reshape(batch * rows * columns, side**2, channels))
        attended = attended.view(batch, rows, columns, side, side, channels).transpose(2, 3)
        return attended.reshape(batch, rows * side, columns * side, channels)[:, :height, :width]


class _WindowAttention(nn.Module):
    """Multi-head attention among the cells of a window, with a learned bias per distance in rows and columns."""

    distance_index: Tensor

    def __init__(self, channels: int, heads: int, window: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(channels)
        self.qkv = nn.Linear(channels, 3 * channels)
        self.project = nn.Linear(channels, channels)
        self.biases = nn.Parameter(torch.zeros(heads, window**2))
        self.register_buffer("distance_index", _build_distance_index(window), persistent=False)

    def forward(self, windows: Tensor) -> Tensor:
        """Return windows (N, L, C) of the same shape."""
        count, length, channels = windows.shape
        qkv: Tensor = self.qkv(self.norm(windows))
        # Head by head, each with its query, key and value: the order in which the weights are stored.
        qkv = qkv.view(count, length, self.heads, 3, channels // self.heads)
        query, key, value = qkv.permute(3, 0, 2, 1, 4)  # each (N, heads, L, C / heads)
        bias = self.biases[:, self.distance_index].unsqueeze(0)  # (1, heads, L, L)
        attended = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        return cast(Tensor, self.project(attended.transpose(1, 2).flatten(2)))


class _Mlp(nn.Module):
    """Two linear layers around an exact GELU, normalised first."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)
        self.widen = nn.Linear(channels, _EXPANSION * channels)
        self.project = nn.Linear(_EXPANSION * channels, channels)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return tokens (..., C) of the same shape."""
        return cast(Tensor, self.project(functional.gelu(self.widen(self.norm(tokens)))))


class _Neck(nn.Module):
    """Two convolutions, each normalised over the channels of a cell."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(in_channels, out_channels, 1, bias=False)
        self.reduce_norm = nn.LayerNorm(out_channels, eps=_NECK_NORM_EPS)
        self.smooth = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.smooth_norm = nn.LayerNorm(out_channels, eps=_NECK_NORM_EPS)

    def forward(self, features: Tensor) -> Tensor:
        """(B, C, H, W) to (B, C', H, W)."""
        reduced = _normalise_cells(self.reduce(features), self.reduce_norm)
        return _normalise_cells(self.smooth(reduced), self.smooth_norm)


def _normalise_cells(features: Tensor, norm: nn.LayerNorm) -> Tensor:
    return cast(Tensor, norm(features.permute(0, 2, 3, 1))).permute(0, 3, 1, 2)


def _build_distance_index(window: int) -> Tensor:
    """Return, for each pair of cells in a window, the column of the biases: int64, (window², window²)."""
    row, column = torch.meshgrid(torch.arange(window), torch.arange(window), indexing="ij")
    row, column = row.flatten(), column.flatten()
    row_distance = (row[:, None] - row[None, :]).abs()
    column_distance = (column[:, None] - column[None, :]).abs()
    return row_distance * window + column_distance
