"""What Segment Anything would mark at each click and in the box: maps that the learned refiner may follow or not.

Segment Anything knows edges of things that the small model never saw, and nothing of what is meant by a road or a lake;
the refiner has learned which of the two to believe.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from serving.clicks import Box, Click
from serving.imagery.letterbox import Letterbox
from serving.segment_anything.mobile_sam import LOGITS_SIDE, PROPOSALS, MobileSam
from serving.segment_anything.tiny_vit import SQUARE_SIDE

SUGGESTION_CHANNELS = 2 * PROPOSALS + 1
"""Maps of a window: what a click may mean, at the positive clicks and in the box, then at the negative ones; last what
all clicks may mean together."""

KEPT_CLICKS = 64
"""Clicks that a picture remembers: one costs a tenth of a second, and each turn tells of the earlier ones again."""

_TO_PIXEL = 0.5  # a click on the first pixel's centre lies at 0.5; Segment Anything calls that place 0
_BYTES_OF_CLICK = PROPOSALS * LOGITS_SIDE**2 * 2


@dataclass(eq=False)
class Embedding:
    """What Segment Anything sees in a picture, and what it suggested there lately.

    Attributes:
        image: (1, 256, 64, 64).
        at_clicks: place in the square -> logits, float16 (3, 256, 256); the one that was asked for longest ago first.
    """

    image: Tensor
    at_clicks: OrderedDict[tuple[float, float], Tensor] = field(default_factory=OrderedDict)

    @property
    def size_bytes(self) -> int:
        """Memory that it holds once it is full."""
        return self.image.element_size() * self.image.nelement() + KEPT_CLICKS * _BYTES_OF_CLICK

    def forget_oldest(self) -> None:
        """Keep what was said of the last clicks; between turns, so that a turn with many asks about each once."""
        while len(self.at_clicks) > KEPT_CLICKS:
            self.at_clicks.popitem(last=False)


class Suggester:
    """Asks Segment Anything about each click alone, as if it were the only one, and about all of them together.

    Args:
        sam: in evaluation mode, on the device where it is to compute.
    """

    def __init__(self, sam: MobileSam) -> None:
        self._sam = sam
        self._device = next(sam.parameters()).device

    @torch.no_grad()
    def look(self, rgb: NDArray[np.uint8]) -> Embedding:
        """Return what is seen in a picture, uint8 (H, W, 3).

        It is fitted into the square as into the model's, in the middle of black, where Segment Anything was trained
        with its mean colour at the right and at the bottom: clicks then lie at one place in both squares.
        """
        square = Letterbox(rgb.shape[0], rgb.shape[1], SQUARE_SIDE).fit_image(rgb)
        image = torch.from_numpy(square).permute(2, 0, 1)[None]
        return Embedding(self._sam.encode(image.to(self._device)))

    @torch.no_grad()
    def suggest(self, embedding: Embedding, clicks: Sequence[Click], box: Box | None, *, side: int) -> Tensor:
        """Return what may be meant, float32 (7, side, side) over the square.

        Each map is between -1 (sure that it is not) and 1 (sure that it is), the highest of what the clicks say; 0
        where there is no click of that sign, the last one where there is but one click.

        Args:
            embedding: of the picture.
            clicks: in pixels of the square.
            box: in pixels of the square, or None.
            side: rows and columns of the maps.
        """
        maps = torch.zeros(SUGGESTION_CHANNELS, LOGITS_SIDE, LOGITS_SIDE, device=self._device)
        for first, is_positive in ((0, True), (PROPOSALS, False)):
            said = [self.propose_at_click(embedding, click) for click in clicks if click.is_positive == is_positive]
            if is_positive and box is not None:
                said.append(self.propose_in_box(embedding, box))
            if said:
                maps[first : first + PROPOSALS] = 2 * torch.stack(said).amax(0).sigmoid() - 1
        if len(clicks) > 1:
            maps[-1] = 2 * self.propose_for_all(embedding, clicks).sigmoid() - 1
        embedding.forget_oldest()
        if side == LOGITS_SIDE:
            return maps
        resized: Tensor = functional.interpolate(
            maps[None], size=side, mode="bilinear", align_corners=False, antialias=True
        )[0]
        return resized

    @torch.no_grad()
    def propose_at_click(self, embedding: Embedding, click: Click) -> Tensor:
        """Return the logits of three things that a click alone may mean, whatever its sign, float32 (3, 256, 256)."""
        place = (click.x, click.y)
        logits = embedding.at_clicks.pop(place, None)
        if logits is None:
            # As it is kept, so that a click says the same when it is told again.
            logits = self._sam.propose_at_points(embedding.image, self._to_points([click]))[0].half()
        embedding.at_clicks[place] = logits
        return logits.float()

    @torch.no_grad()
    def propose_for_all(self, embedding: Embedding, clicks: Sequence[Click]) -> Tensor:
        """Return the logits of the one thing that at least two clicks mean together, float32 (256, 256)."""
        signs = torch.tensor([click.is_positive for click in clicks], device=self._device)
        return self._sam.propose_for_all(embedding.image, self._to_points(clicks), signs).float()

    @torch.no_grad()
    def propose_in_box(self, embedding: Embedding, box: Box) -> Tensor:
        """Return the logits of three things that a box may mean, float32 (3, 256, 256)."""
        corners = torch.tensor([box.left, box.top, box.right, box.bottom], device=self._device)
        return self._sam.propose_in_box(embedding.image, corners - _TO_PIXEL).float()

    def _to_points(self, clicks: Sequence[Click]) -> Tensor:
        return torch.tensor([(click.x, click.y) for click in clicks], device=self._device) - _TO_PIXEL
