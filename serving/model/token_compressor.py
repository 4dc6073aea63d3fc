"""res5 to few visual tokens: strided convolutions, each followed by a norm over the whole volume; or its ablations."""

from torch import Tensor, nn
from torch.nn import functional

from serving.model.config import TokenCompressorConfig


class TokenCompressor(nn.Module):
    """Aggressive compression of the coarsest features.

    Source: SegEarth-R1 (arXiv 2504.09644), visual token compression; no activation anywhere.
    """

    def __init__(self, config: TokenCompressorConfig) -> None:
        super().__init__()
        self.config = config
        channels = config.in_channels
        if config.kind == "strided_conv":
            for number, side in enumerate(config.sides, start=1):
                hidden = config.hidden_channels
                # proj1, norm1, proj2, ...: the names in the released checkpoint.
                self.add_module(f"proj{number}", nn.Conv2d(channels, hidden, kernel_size=3, stride=2, padding=1))
                self.add_module(f"norm{number}", nn.LayerNorm([hidden, side, side]))
                channels = hidden
        self.fc = nn.Conv2d(channels, config.token_dim, kernel_size=1)

    def forward(self, res5: Tensor) -> Tensor:
        """Return visual tokens, (B, T, D_lm), row-major over the reduced grid.

        Args:
            res5: (B, C, side, side); of a larger side than `in_side` cells are averaged, so that a model can look more
                closely than the language model was taught to.

        Raises:
            ValueError: it has other channels, is smaller, or is not square.
        """
        channels, height, width = res5.shape[1:]
        if channels != self.config.in_channels or height != width or height < self.config.in_side:
            raise ValueError(f"the compressor takes res5 of {self.config}, got {tuple(res5.shape)}")
        if height > self.config.in_side:
            res5 = functional.adaptive_avg_pool2d(res5, self.config.in_side)
        tokens: Tensor = self.fc(self._reduce(res5))
        return tokens.flatten(2).transpose(1, 2)  # (B, T, D_lm)

    def _reduce(self, res5: Tensor) -> Tensor:
        reduced = res5
        for number, _ in enumerate(self.config.sides, start=1):
            if self.config.kind == "pooling":
                # An odd last row or column is averaged over what there is, so that the side is the convolution's.
                reduced = functional.avg_pool2d(reduced, 2, ceil_mode=True)
            else:
                reduced = self.get_submodule(f"proj{number}")(reduced)
                reduced = self.get_submodule(f"norm{number}")(reduced)
        return reduced
