"""EfficientNet-Lite0 as a hierarchical encoder: RGB to res2..res5.

Source: Tan & Le 2019 (arXiv 1905.11946), the "lite" variant: ReLU6, no squeeze-and-excitation, fixed stem. Widths and
depths are those of the published ImageNet weights, whose parameter names `load_imagenet_weights` translates.
"""

from collections.abc import Mapping
from typing import NamedTuple

from torch import Tensor, nn
from torch.nn import functional

from serving.model.features import HierarchicalFeatures

_BATCH_NORM_EPS = 1e-3  # as in the weights' TensorFlow origin


class _Stage(NamedTuple):
    kernel: int
    stride: int
    expansion: int
    channels: int
    repeats: int


_STAGES = (
    _Stage(3, 1, 1, 16, 1),
    _Stage(3, 2, 6, 24, 2),
    _Stage(5, 2, 6, 40, 2),
    _Stage(3, 2, 6, 80, 3),
    _Stage(5, 1, 6, 112, 3),
    _Stage(5, 2, 6, 192, 4),
    _Stage(3, 1, 6, 320, 1),
)
_RES_AFTER_STAGE = (1, 2, 4, 6)  # stages whose outputs are res2..res5


class _SamePaddedConv(nn.Conv2d):
    """Convolution padded as TensorFlow's SAME does: the odd pixel goes to the bottom and the right."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int, stride: int, groups: int = 1) -> None:
        # With stride 1 the padding is symmetric and the convolution can do it; else it is done beforehand.
        padding = kernel // 2 if stride == 1 else 0
        super().__init__(in_channels, out_channels, kernel, stride=stride, padding=padding, groups=groups, bias=False)
        total = kernel - stride
        self._pad_first, self._pad_last = total // 2, total - total // 2

    def forward(self, features: Tensor) -> Tensor:
        """Convolve (B, C, H, W); H and W must be multiples of the stride."""
        if self.stride[0] > 1:
            pads = (self._pad_first, self._pad_last, self._pad_first, self._pad_last)
            features = functional.pad(features, pads)
        return super().forward(features)


class _InvertedResidual(nn.Module):
    """Expand, filter each channel, project; with a shortcut where the shape is kept."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        width = in_channels * expansion
        self.expand = _SamePaddedConv(in_channels, width, 1, 1) if expansion > 1 else None
        self.expand_norm = nn.BatchNorm2d(width, eps=_BATCH_NORM_EPS) if expansion > 1 else None
        self.depthwise = _SamePaddedConv(width, width, kernel, stride, groups=width)
        self.depthwise_norm = nn.BatchNorm2d(width, eps=_BATCH_NORM_EPS)
        self.project = _SamePaddedConv(width, out_channels, 1, 1)
        self.project_norm = nn.BatchNorm2d(out_channels, eps=_BATCH_NORM_EPS)
        self.has_shortcut = stride == 1 and in_channels == out_channels

    def forward(self, features: Tensor) -> Tensor:
        """(B, C, H, W) to (B, C', H/stride, W/stride)."""
        hidden = features
        if self.expand is not None and self.expand_norm is not None:
            hidden = functional.relu6(self.expand_norm(self.expand(hidden)))
        hidden = functional.relu6(self.depthwise_norm(self.depthwise(hidden)))
        projected: Tensor = self.project_norm(self.project(hidden))
        return features + projected if self.has_shortcut else projected


class EfficientNetLite(nn.Module):
    """The encoder; batch statistics stay those of ImageNet, also in training."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = _SamePaddedConv(3, 32, 3, 2)
        self.stem_norm = nn.BatchNorm2d(32, eps=_BATCH_NORM_EPS)
        self.stages = nn.ModuleList()
        in_channels = 32
        for stage in _STAGES:
            blocks = nn.Sequential()
            for index in range(stage.repeats):
                stride = stage.stride if index == 0 else 1
                blocks.append(_InvertedResidual(in_channels, stage.channels, stage.kernel, stride, stage.expansion))
                in_channels = stage.channels
            self.stages.append(blocks)

    def train(self, mode: bool = True) -> "EfficientNetLite":
        """Switch modes; the batch norms stay in evaluation, since a few images a step give no statistics."""
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        return self

    def forward(self, image: Tensor) -> HierarchicalFeatures:
        """Encode normalised RGB, (B, 3, H, W) with H and W multiples of 32, to res2..res5."""
        features = functional.relu6(self.stem_norm(self.stem(image)))
        outputs = []
        for index, stage in enumerate(self.stages):
            features = stage(features)
            if index in _RES_AFTER_STAGE:
                outputs.append(features)
        return HierarchicalFeatures(*outputs)


def load_imagenet_weights(encoder: EfficientNetLite, weights: Mapping[str, Tensor]) -> None:
    """Fill `encoder` from the published state dict; the classification head is left out.

    Raises:
        KeyError: a weight that the encoder needs is not in `weights`.
    """
    renamed: dict[str, Tensor] = {}
    sources = {"stem.weight": "_conv_stem.weight"}
    sources.update({f"stem_norm.{part}": f"_bn0.{part}" for part in _batch_norm_parts()})
    block_index = 0
    for stage_index, stage in enumerate(_STAGES):
        for repeat in range(stage.repeats):
            ours, theirs = f"stages.{stage_index}.{repeat}", f"_blocks.{block_index}"
            pairs = [("depthwise", "_depthwise_conv", "_bn1"), ("project", "_project_conv", "_bn2")]
            if stage.expansion > 1:
                pairs.insert(0, ("expand", "_expand_conv", "_bn0"))
            for name, convolution, norm in pairs:
                sources[f"{ours}.{name}.weight"] = f"{theirs}.{convolution}.weight"
                for part in _batch_norm_parts():
                    sources[f"{ours}.{name}_norm.{part}"] = f"{theirs}.{norm}.{part}"
            block_index += 1
    for name, source in sources.items():
        renamed[name] = weights[source]
    encoder.load_state_dict(renamed)


def _batch_norm_parts() -> tuple[str, ...]:
    return ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
