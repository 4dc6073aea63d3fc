"""Segment Anything that marks a square around each point: for what is done with its proposals."""

from typing import cast

import torch
from torch import Tensor, nn

from serving.segment_anything.mobile_sam import LOGITS_SIDE, PROPOSALS, MobileSam
from serving.segment_anything.tiny_vit import SQUARE_SIDE

SURE = 8.0  # logit inside, and minus it outside


class _SquareSam(nn.Module):
    """Proposal k is a square of 2 · 8 · (k + 1) cells, the third all of the picture where that is wanted.

    That of a box is the box, three times.
    """

    def __init__(self, *, sees_ground: bool) -> None:
        super().__init__()
        self._sees_ground = sees_ground
        self.weight = nn.Parameter(torch.zeros(1), requires_grad=False)
        self.asked: list[tuple[float, float]] = []

    def encode(self, square: Tensor) -> Tensor:
        assert square.shape[1:] == (3, SQUARE_SIDE, SQUARE_SIDE)
        return square.float().mean() * torch.ones(len(square), 256, 64, 64)

    def propose_at_points(self, embedding: Tensor, points: Tensor) -> Tensor:
        assert embedding.shape == (1, 256, 64, 64)
        self.asked += [(float(x), float(y)) for x, y in points]
        rows = torch.arange(LOGITS_SIDE)[:, None] + 0.5
        columns = torch.arange(LOGITS_SIDE)[None] + 0.5
        logits = torch.empty(len(points), PROPOSALS, LOGITS_SIDE, LOGITS_SIDE)
        for index, (x, y) in enumerate(points / (SQUARE_SIDE / LOGITS_SIDE)):
            away = torch.maximum((rows - y).abs(), (columns - x).abs())
            for size in range(PROPOSALS):
                logits[index, size] = torch.where(away <= 8 * (size + 1), SURE, -SURE)
            if self._sees_ground:
                logits[index, -1] = SURE
        return logits

    def propose_in_box(self, embedding: Tensor, box: Tensor) -> Tensor:
        left, top, right, bottom = (box / (SQUARE_SIDE / LOGITS_SIDE)).round().int().tolist()
        logits = torch.full((PROPOSALS, LOGITS_SIDE, LOGITS_SIDE), -SURE)
        logits[:, top:bottom, left:right] = SURE
        return logits

    def propose_for_all(self, embedding: Tensor, points: Tensor, is_positive: Tensor) -> Tensor:
        """Mark the box around the positive points."""
        cells = points[is_positive] / (SQUARE_SIDE / LOGITS_SIDE)
        logits = torch.full((LOGITS_SIDE, LOGITS_SIDE), -SURE)
        if len(cells):
            (left, top), (right, bottom) = cells.amin(0).int().tolist(), (cells.amax(0).int() + 1).tolist()
            logits[top:bottom, left:right] = SURE
        return logits


def build_square_sam(*, sees_ground: bool = False) -> tuple[MobileSam, list[tuple[float, float]]]:
    """Return the fake, and the list of points that it was asked about, x and y in pixels of the square."""
    fake = _SquareSam(sees_ground=sees_ground)
    return cast(MobileSam, fake), fake.asked
