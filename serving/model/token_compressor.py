"""res5 to few visual tokens: two strided convolutions, each followed by a norm over the whole volume."""

from torch import Tensor, nn

from serving.model.config import TokenCompressorConfig


class TokenCompressor(nn.Module):
    """Aggressive compression of the coarsest features.

    Source: SegEarth-R1 (arXiv 2504.09644), visual token compression; no activation anywhere.
    """

    def __init__(self, config: TokenCompressorConfig) -> None:
        super().__init__()
        self.config = config
        hidden, middle, out = config.hidden_channels, config.middle_side, config.out_side
        self.proj1 = nn.Conv2d(config.in_channels, hidden, kernel_size=3, stride=2, padding=1)
        self.norm1 = nn.LayerNorm([hidden, middle, middle])
        self.proj2 = nn.Conv2d(hidden, hidden, kernel_size=3, stride=2, padding=1)
        self.norm2 = nn.LayerNorm([hidden, out, out])
        self.fc = nn.Conv2d(hidden, config.token_dim, kernel_size=1)

    def forward(self, res5: Tensor) -> Tensor:
        """Return visual tokens, (B, T, D_lm), row-major over the reduced grid, from res5, (B, C, side, side)."""
        if res5.shape[1:] != (self.config.in_channels, self.config.in_side, self.config.in_side):
            raise ValueError(f"the compressor takes res5 of {self.config}, got {tuple(res5.shape)}")
        reduced: Tensor = self.norm1(self.proj1(res5))
        reduced = self.norm2(self.proj2(reduced))
        tokens: Tensor = self.fc(reduced)
        return tokens.flatten(2).transpose(1, 2)  # (B, T, D_lm)
