"""Multi-scale deformable attention in plain PyTorch: each token looks at a few learned points on every level."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional


class DeformableAttention(nn.Module):
    """Source: Deformable DETR (arXiv 2010.04159), equation 3; sampling by `grid_sample`, no compiled operator."""

    def __init__(self, dim: int, *, levels: int, heads: int, points: int) -> None:
        super().__init__()
        if dim % heads:
            raise ValueError(f"dim {dim} is not a multiple of {heads} heads")
        self.levels, self.heads, self.points = levels, heads, points
        self.sampling_offsets = nn.Linear(dim, heads * levels * points * 2)
        self.attention_weights = nn.Linear(dim, heads * levels * points)
        self.value_proj = nn.Linear(dim, dim)
        self.output_proj = nn.Linear(dim, dim)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Start with points along evenly spread directions, one step further out for each point."""
        nn.init.zeros_(self.sampling_offsets.weight)
        angle = torch.arange(self.heads, dtype=torch.float32) * (2 * math.pi / self.heads)
        direction = torch.stack((angle.cos(), angle.sin()), -1)
        direction = direction / direction.abs().max(-1, keepdim=True).values
        offsets = direction.view(self.heads, 1, 1, 2).repeat(1, self.levels, self.points, 1)
        offsets *= torch.arange(1, self.points + 1, dtype=torch.float32).view(1, 1, -1, 1)
        with torch.no_grad():
            self.sampling_offsets.bias.copy_(offsets.flatten())
        nn.init.zeros_(self.attention_weights.weight)
        nn.init.zeros_(self.attention_weights.bias)
        for projection in (self.value_proj, self.output_proj):
            nn.init.xavier_uniform_(projection.weight)
            nn.init.zeros_(projection.bias)

    def forward(self, query: Tensor, reference_xy: Tensor, value: Tensor, shapes: Sequence[tuple[int, int]]) -> Tensor:
        """Return what each query gathers from the levels, (B, L, D).

        Where to look is float32 in every precision: bfloat16 would move a point by a quarter of a cell of 128.

        Args:
            query: (B, L, D), position encoding already added.
            reference_xy: (B or 1, L, levels, 2), x and y in 0..1 of each level.
            value: (B, sum of H·W, D), levels concatenated in the order of `shapes`.
            shapes: (H, W) of each level.
        """
        batch, length, dim = query.shape
        heads, levels, points = self.heads, self.levels, self.points
        values = self.value_proj(value).view(batch, -1, heads, dim // heads)
        offsets = self.sampling_offsets(query).view(batch, length, heads, levels, points, 2)
        weights = self.attention_weights(query).view(batch, length, heads, levels * points).softmax(-1)
        sizes = torch.tensor([(w, h) for h, w in shapes], dtype=torch.float32, device=query.device)
        xy = reference_xy[:, :, None, :, None, :].float() + offsets.float() / sizes[:, None, :]
        grid = (2 * xy - 1).permute(0, 2, 3, 4, 1, 5)  # (B, heads, levels, points, L, 2): L last is fast to sample
        weights = weights.permute(0, 2, 3, 1).reshape(batch * heads, 1, levels, points, length)

        gathered = torch.zeros(batch * heads, dim // heads, length, device=query.device)
        start = 0
        for level, (height, width) in enumerate(shapes):
            plane = values[:, start : start + height * width]  # (B, H·W, heads, D/heads)
            plane = plane.permute(0, 2, 3, 1).reshape(batch * heads, dim // heads, height, width)
            sampled = functional.grid_sample(
                plane.float(),
                grid[:, :, level].reshape(batch * heads, points, length, 2),
                mode="bilinear",
                padding_mode="zeros",
                align_corners=False,
            )  # (B·heads, D/heads, points, L)
            gathered = gathered + (sampled * weights[:, :, level]).sum(2)
            start += height * width
        projected: Tensor = self.output_proj(gathered.to(query.dtype).view(batch, dim, length).transpose(1, 2))
        return projected


def token_centres(shapes: Sequence[tuple[int, int]], *, device: torch.device | None = None) -> Tensor:
    """Return the centre of every token of every level as (1, L, levels, 2), x and y in 0..1."""
    centres = []
    for height, width in shapes:
        y = (torch.arange(height, dtype=torch.float32, device=device) + 0.5) / height
        x = (torch.arange(width, dtype=torch.float32, device=device) + 0.5) / width
        grid_y, grid_x = torch.meshgrid(y, x, indexing="ij")
        centres.append(torch.stack((grid_x, grid_y), -1).view(-1, 2))
    return torch.cat(centres)[None, :, None, :].expand(1, -1, len(shapes), 2)
