"""Clicks by Segment Anything alone, for models whose features no refiner has learned to read.

It takes all that it is told for one thing. So clicks that the mask goes against are answered one after the other, and
with each only those earlier ones are told that may mean the same; the mask keeps what the others have brought.
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
from serving.refinement.merging import agree_with_mask, find_unmet, merge_changes, obey_clicks
from serving.refinement.prompt_maps import place_prompts
from serving.refinement.suggestions import Embedding, Suggester
from serving.segment_anything.mobile_sam import LOGITS_SIDE
from serving.segment_anything.tiny_vit import SQUARE_SIDE
from serving.window import Window

_MARGIN = SQUARE_SIDE // 4  # native pixels at least between a click and the window's edge
_LARGEST_SHARE = 0.5  # of the window: what is more is the ground that things lie on
_STABLE_OFFSET = 1.0  # a proposal is stable when a threshold that is higher by this marks what one that is lower does


class PromptedRefiner:
    """Answers clicks and a box.

    Args:
        suggester: of Segment Anything.
    """

    def __init__(self, suggester: Suggester) -> None:
        self._suggester = suggester

    def choose_window(self, grid: Grid, before: NDArray[np.bool_], clicks: Sequence[Click], box: Box | None) -> Window:
        """Return the part of the image that is looked at: a square of Segment Anything, unless prompts reach further.

        Args:
            grid: of the image.
            before: the mask before, bool (H, W); clicks that it agrees with need no look.
            clicks: inside the image, the newest last.
            box: clipped to it, or None.
        """
        open_clicks = find_unmet(before, clicks) or ([] if box is not None else clicks[-1:])
        return choose_window(grid, open_clicks, box, side=SQUARE_SIDE, margin=_MARGIN)

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
            embedding: of the window, from the suggester.
            window: what `choose_window` returned.
            before: the mask before, bool (H, W).
            clicks: in native pixels of the image, the newest last.
            box: the same, or None; it is answered before them.
        """
        work = _Work(self._suggester, embedding, window.crop(before).copy())
        if box is not None:
            work.fill_box(window.shift_box(box))
        told: list[Click] = []
        for click in (window.shift_click(click) for click in clicks):
            if 0 <= click.x < window.width and 0 <= click.y < window.height:
                work.answer(click, told)
                told.append(click)
        embedding.forget_oldest()
        pixels = before.copy()
        window.crop(pixels)[...] = work.marked
        pixels = obey_clicks(pixels, clicks)
        logits = np.zeros(pixels.shape, np.float32)
        window.crop(logits)[...] = work.logits
        return pixels, agree_with_mask(logits, pixels)


class _Work:
    """A window while its prompts are answered.

    Attributes:
        marked: the mask so far, bool (H, W).
        logits: of what was changed, float32 (H, W); 0 elsewhere.
    """

    def __init__(self, suggester: Suggester, embedding: Embedding, marked: NDArray[np.bool_]) -> None:
        self.marked = marked
        self.logits = np.zeros(marked.shape, np.float32)
        self._suggester, self._embedding = suggester, embedding
        self._letterbox = Letterbox(marked.shape[0], marked.shape[1], SQUARE_SIDE)
        cells = (LOGITS_SIDE / SQUARE_SIDE) ** 2 * self._letterbox.inner_height * self._letterbox.inner_width
        self._largest = _LARGEST_SHARE * cells

    def fill_box(self, box: Box) -> None:
        """Add what is in a box to what is marked."""
        _, in_square = place_prompts((), box, self._letterbox)
        assert in_square is not None
        proposals = self._suggester.propose_in_box(self._embedding, in_square)
        thing = self._restore(proposals[int(_measure_stability(proposals).argmax())])
        rows_cols = box.rows_cols
        self.marked[rows_cols] |= thing[rows_cols] > 0
        self.logits[rows_cols] = thing[rows_cols]

    def answer(self, click: Click, earlier: Sequence[Click]) -> None:
        """Change what a click asks for, unless the mask says so already.

        Args:
            click: in the window.
            earlier: other clicks in the window.
        """
        if bool(self.marked[click.row_col]) == click.is_positive:
            return
        (placed, *others), _ = place_prompts((click, *earlier), None, self._letterbox)
        things = self._find_things(placed)
        if things is None:
            return
        reach = things.amax(0)
        told = [other for other in others if reach[_find_cell(other)] > 0 or self._may_mean(other, placed)]
        together = self._find_common(placed, told)
        if click.is_positive:
            thing = things[int(_measure_stability(things).argmax())] if together is None else together
            change = self._restore(thing)
            proposal = self.marked | (change > 0)
        else:
            surplus = things[int((things > 0).sum((1, 2)).argmin())]
            if together is not None:
                # What the clicks do not mean together; no more than they may mean one by one.
                for other in told:
                    if other.is_positive and (meant := self._find_things(other)) is not None:
                        reach = torch.maximum(reach, meant.amax(0))
                rest = torch.minimum(reach, -together)
                if rest[_find_cell(placed)] > 0:
                    surplus = rest
            change = -self._restore(surplus)
            proposal = self.marked & (change > 0)
        merged = merge_changes(self.marked, proposal, [click], None)
        changed = merged != self.marked
        self.logits[changed] = change[changed]
        self.marked = merged

    def _find_things(self, click: Click) -> Tensor | None:
        """Return those proposals, (N, 256, 256), of a click in the square that are no ground, or None."""
        proposals = self._suggester.propose_at_click(self._embedding, click)
        sizes = (proposals > 0).sum((1, 2))
        is_thing = (sizes > 0) & (sizes < self._largest)
        return proposals[is_thing] if is_thing.any() else None

    def _may_mean(self, click: Click, other: Click) -> bool:
        """Whether a thing that a click in the square may mean has another click on it."""
        things = self._find_things(click)
        return things is not None and bool((things[(slice(None), *_find_cell(other))] > 0).any())

    def _find_common(self, newest: Click, told: Sequence[Click]) -> Tensor | None:
        """Return what clicks in the square mean together, (256, 256); None where that is nothing, or ground."""
        if not told or not any(click.is_positive for click in (newest, *told)):
            return None
        together = self._suggester.propose_for_all(self._embedding, (*told, newest))
        return together if 0 < int((together > 0).sum()) < self._largest else None

    def _restore(self, logits: Tensor) -> NDArray[np.float32]:
        """Return logits of the square's cells, (256, 256), in the window's pixels, (H, W)."""
        square = functional.interpolate(logits[None, None], size=SQUARE_SIDE, mode="bilinear", align_corners=False)
        return self._letterbox.restore_logits(np.asarray(square[0, 0].cpu().numpy(), np.float32))


def _measure_stability(logits: Tensor) -> Tensor:
    """Return how little each proposal, (N, 256, 256), depends on the threshold, 0..1, (N,); -1 for an empty one."""
    inner = (logits > _STABLE_OFFSET).sum((1, 2))
    outer = (logits > -_STABLE_OFFSET).sum((1, 2))
    return torch.where((logits > 0).any(2).any(1), inner / outer.clamp(min=1), -1.0)


def _find_cell(click: Click) -> tuple[int, int]:
    """Return row and column of a click in the maps."""
    cell = SQUARE_SIDE // LOGITS_SIDE
    return min(int(click.y) // cell, LOGITS_SIDE - 1), min(int(click.x) // cell, LOGITS_SIDE - 1)
