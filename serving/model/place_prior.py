"""Where in the image a question wants its answer, whatever is seen there: "in the left half".

Mask features hold hardly anything of where a pixel lies, so that no dot product with them can leave out half of the
image; the words say it well. A pixel is part of the answer when it is part of what is asked for, and its row is meant,
and its column is meant: logarithms of the last two are added to the mask logits.
"""

import math
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

_UNTAUGHT_LOGIT = 4.0  # 98 %: before it has learned anything, every row and column is meant
# Mask logits reach 5 to 10; with this, a row that is as likely meant as not takes 4 off them.
_STRENGTH = 6.0


class PlacePrior(nn.Module):
    """From the words alone to a probability for each row and each column.

    Args:
        text_dim: width of a description.
        waves: cosines that a probability's logits are made of, the constant one among them.
    """

    def __init__(self, text_dim: int, waves: int) -> None:
        super().__init__()
        self.waves = waves
        self.bands = nn.Linear(text_dim, 2 * waves)
        nn.init.zeros_(self.bands.weight)
        with torch.no_grad():
            self.bands.bias.zero_()
            self.bands.bias[:: self.waves] = _UNTAUGHT_LOGIT

    def forward(self, description: Tensor, height: int, width: int, bounds: Tensor | None = None) -> Tensor:
        """Return what is added to the mask logits, at most 0, (B, Q, height, width).

        Args:
            description: standardised, (B, Q, text_dim).
            height: rows of the mask logits.
            width: columns of them.
            bounds: where the mask logits lie in the picture that the words speak of: x0, y0, x1, y1 as shares of it,
                (B, 4); None where they are all of it.
        """
        rows, columns = self.score_bands(description, height, width, bounds)
        is_meant = functional.logsigmoid(rows)[..., :, None] + functional.logsigmoid(columns)[..., None, :]
        return _STRENGTH * is_meant

    def score_bands(
        self, description: Tensor, height: int, width: int, bounds: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return logits for each row, (..., height), and for each column, (..., width), of being meant."""
        along_y, along_x = cast(Tensor, self.bands(description)).split(self.waves, -1)
        x0, y0, x1, y1 = (None,) * 4 if bounds is None else bounds.unbind(-1)
        return (
            along_y @ _sample_cosines(self.waves, height, y0, y1, like=along_y),
            along_x @ _sample_cosines(self.waves, width, x0, x1, like=along_x),
        )


def _sample_cosines(waves: int, length: int, start: Tensor | None, stop: Tensor | None, *, like: Tensor) -> Tensor:
    """Return cos(πkx), k = 0..waves-1, at the middles x of `length` cells.

    They lie between 0 and 1, (waves, length), or between each `start` and `stop`, (B,), (B, waves, length).
    """
    middles = (torch.arange(length, dtype=torch.float32, device=like.device) + 0.5) / length
    if start is not None and stop is not None:
        middles = (start[:, None] + (stop - start)[:, None] * middles)[:, None, :]
    orders = torch.arange(waves, dtype=torch.float32, device=like.device)
    return (math.pi * orders[:, None] * middles).cos().to(like.dtype)
