"""Clicks by Segment Anything alone, for models whose features no refiner has learned to read.

It takes all that was clicked for one thing. So of the earlier clicks only those are told that lie on what the newest
may mean; the mask keeps what the others have brought.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from serving.clicks import Box, Click
from serving.grid import Grid
from serving.imagery.letterbox import Letterbox
from serving.refinement.click_window import choose_window
from serving.refinement.merging import agree_with_mask, merge_changes, obey_clicks
from serving.refinement.prompt_maps import place_prompts
from serving.refinement.suggestions import Embedding, Suggester
from serving.segment_anything.mobile_sam import LOGITS_SIDE
from serving.segment_anything.tiny_vit import SQUARE_SIDE
from serving.window import Window

_MARGIN = SQUARE_SIDE // 4  # native pixels at least between a click and the window's edge
_LARGEST_SHARE = 0.5  # of the square: a thing that is more is the ground that things lie on
_STABLE_OFFSET = 1.0  # a proposal is stable when a threshold that is higher by this marks what one that is lower does


class PromptedRefiner:
    """Answers clicks and a box.

    Args:
        suggester: of Segment Anything.
    """

    def __init__(self, suggester: Suggester) -> None:
        self._suggester = suggester

    def choose_window(self, grid: Grid, clicks: Sequence[Click], box: Box | None) -> Window:
        """Return the part of the image that is looked at: a square of Segment Anything, unless clicks reach further.

        Args:
            grid: of the image.
            clicks: inside it.
            box: clipped to it, or None.
        """
        return choose_window(grid, clicks, box, side=SQUARE_SIDE, margin=_MARGIN)

    def embed(self, rgb: NDArray[np.uint8]) -> Embedding:
        """Return what is seen in a window of the rendering, uint8 (H, W, 3)."""
        return self._suggester.look(Letterbox(rgb.shape[0], rgb.shape[1], SQUARE_SIDE).fit_image(rgb))

    def refine(
        self,
        embedding: Embedding,
        window: Window,
        before: NDArray[np.bool_],
        clicks: Sequence[Click],
        box: Box | None,
    ) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
        """Return the new mask, bool (H, W), and logits that are above 0 inside it, float32 (H, W).

        Args:
            embedding: of the window, from `embed`.
            window: what `choose_window` returned.
            before: the mask before, bool (H, W).
            clicks: in native pixels of the image, the newest last.
            box: the same, or None.
        """
        near_clicks = [window.shift_click(click) for click in clicks]
        near_box = None if box is None else window.shift_box(box)
        near = window.crop(before)
        letterbox = Letterbox(near.shape[0], near.shape[1], SQUARE_SIDE)
        thing, is_taken_away = self._find_thing(embedding, *place_prompts(near_clicks, near_box, letterbox))
        proposal = letterbox.restore_logits(_enlarge(thing))
        if is_taken_away:
            proposal = np.where(near, -proposal, -np.abs(proposal))
        elif near_box is not None:
            proposal = np.where(near, np.abs(proposal), proposal)  # what is in the box comes to what is marked
        pixels = before.copy()
        window.crop(pixels)[...] = merge_changes(near, proposal > 0, near_clicks, near_box)
        pixels = obey_clicks(pixels, clicks)
        logits = np.zeros(pixels.shape, np.float32)
        window.crop(logits)[...] = proposal
        return pixels, agree_with_mask(logits, pixels)

    def _find_thing(self, embedding: Embedding, clicks: Sequence[Click], box: Box | None) -> tuple[Tensor, bool]:
        """Return the logits, (256, 256), of what was pointed at, and whether it is not to be marked.

        Args:
            embedding: of the window.
            clicks: in pixels of the square.
            box: likewise; what lies in it goes before what was clicked.
        """
        if box is not None:
            return _choose_proposal(self._suggester.propose_in_box(embedding, box)), False
        newest = clicks[-1]
        meant = self._suggester.propose_at_click(embedding, newest)
        reach = (meant > 0).any(0)
        told = [click for click in clicks if click is newest or bool(reach[_find_cell(click)])]
        if len(told) > 1 and any(click.is_positive for click in told):
            return self._suggester.propose_for_all(embedding, told), False
        return _choose_proposal(meant), not newest.is_positive


def _choose_proposal(logits: Tensor) -> Tensor:
    """Return the most stable of three proposals, (3, 256, 256), that is no ground but a thing."""
    sizes = (logits > 0).sum((1, 2))
    inner = (logits > _STABLE_OFFSET).sum((1, 2))
    outer = (logits > -_STABLE_OFFSET).sum((1, 2))
    stability = inner / outer.clamp(min=1)
    is_thing = (sizes > 0) & (sizes < _LARGEST_SHARE * logits[0].numel())
    return logits[int(torch.where(is_thing, stability, -1.0).argmax())]


def _find_cell(click: Click) -> tuple[int, int]:
    """Return row and column of a click in the maps."""
    cell = SQUARE_SIDE // LOGITS_SIDE
    return min(int(click.y) // cell, LOGITS_SIDE - 1), min(int(click.x) // cell, LOGITS_SIDE - 1)


def _enlarge(logits: Tensor) -> NDArray[np.float32]:
    square = functional.interpolate(logits[None, None], size=SQUARE_SIDE, mode="bilinear", align_corners=False)
    return np.asarray(square[0, 0].cpu().numpy(), np.float32)
