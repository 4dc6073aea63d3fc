"""Clicks through the learned refiner: one window of an image, its features, the mask before -> logits."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from serving.clicks import Box, Click
from serving.grid import Grid
from serving.imagery.letterbox import Letterbox
from serving.imagery.tiling import TILE_SIDES
from serving.model.features import ImageFeatures, PixelFeatures
from serving.model.refiner import ClickRefiner
from serving.refinement.classical import refine_classically
from serving.refinement.click_window import choose_window
from serving.refinement.merging import agree_with_mask, find_unmet, merge_changes, obey_clicks
from serving.refinement.prompt_maps import fit_prompts, place_prompts, shrink_square
from serving.refinement.suggestions import SUGGESTION_CHANNELS, Embedding, Suggester
from serving.segment_anything.tiny_vit import SQUARE_SIDE
from serving.window import Window

_WHOLE_UP_TO = 2.0  # sides of the model's square; a larger image is looked at in windows, which have finer features
_MARGIN_SIDES = 0.25


class LearnedRefiner:
    """Answers clicks from features, with the classical refiner for what the learned one does not follow.

    Args:
        head: in evaluation mode, on the device of the features.
        input_size: side of the model's square.
        suggester: for a head that reads suggestions.
    """

    def __init__(self, head: ClickRefiner, input_size: int, suggester: Suggester | None = None) -> None:
        if head.config.suggestion_channels not in ((0,) if suggester is None else (0, SUGGESTION_CHANNELS)):
            raise ValueError("the refiner reads suggestions that nobody makes")
        self._head = head
        self._input_size = input_size
        self._suggester = suggester if head.config.suggestion_channels else None

    @property
    def reads_suggestions(self) -> bool:
        """Whether `refine` needs an embedding."""
        return self._suggester is not None

    def choose_window(self, grid: Grid, clicks: Sequence[Click], box: Box | None) -> Window:
        """Return the part of the image whose features are looked at: all of it, unless it is large.

        Args:
            grid: of the image.
            clicks: inside it.
            box: clipped to it, or None.
        """
        side = self._input_size
        if max(grid.height, grid.width) <= _WHOLE_UP_TO * side:
            return Window(0, 0, grid.height, grid.width)
        return choose_window(grid, clicks, box, side=round(TILE_SIDES * side), margin=round(_MARGIN_SIDES * side))

    def refine(
        self,
        features: ImageFeatures,
        embedding: Embedding | None,
        window: Window,
        rgb: NDArray[np.uint8],
        before: NDArray[np.bool_],
        clicks: Sequence[Click],
        box: Box | None,
    ) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
        """Return the new mask, bool (H, W), and logits that are above 0 inside it, float32 (H, W).

        Args:
            features: of the window.
            embedding: of the window, from the suggester; None where the head reads no suggestions.
            window: what `choose_window` returned.
            rgb: the whole rendering, uint8 (H, W, 3).
            before: the mask before, bool (H, W).
            clicks: in native pixels of the image.
            box: the same, or None.
        """
        near_clicks = [window.shift_click(click) for click in clicks]
        near_box = None if box is None else window.shift_box(box)
        near = window.crop(before)
        proposal = self._propose(features, embedding, window.crop(rgb), near, near_clicks, near_box)
        pixels = before.copy()
        window.crop(pixels)[...] = merge_changes(near, proposal > 0, near_clicks, near_box)
        unmet = find_unmet(pixels, clicks)
        if unmet:
            pixels = obey_clicks(refine_classically(rgb, pixels, unmet, None), clicks)
        logits = np.zeros(pixels.shape, np.float32)
        window.crop(logits)[...] = proposal
        return pixels, agree_with_mask(logits, pixels)

    def _propose(
        self,
        features: ImageFeatures,
        embedding: Embedding | None,
        rgb: NDArray[np.uint8],
        prior: NDArray[np.bool_],
        clicks: Sequence[Click],
        box: Box | None,
    ) -> NDArray[np.float32]:
        """Return the logits of the network alone for one window, float32 (H, W), all in the window's pixels."""
        letterbox = Letterbox(prior.shape[0], prior.shape[1], self._input_size)
        device = features.pixel.mask_features.device
        maps = torch.from_numpy(fit_prompts(prior, clicks, box, letterbox)).to(device)
        if self._suggester is not None:
            assert embedding is not None
            in_square = place_prompts(clicks, box, Letterbox(prior.shape[0], prior.shape[1], SQUARE_SIDE))
            maps = torch.cat([maps, self._suggester.suggest(embedding, *in_square, side=maps.shape[-1])])
        picture = torch.from_numpy(shrink_square(letterbox.fit_image(rgb))).permute(2, 0, 1)[None].float()
        coarse, middle, fine = features.pixel.multi_scale
        # The network is small and stays in float32, whatever the precision of the features.
        pixel = PixelFeatures((coarse, middle, fine.float()), features.pixel.mask_features.float())
        logits = self._head(pixel, picture.to(device), maps[None])
        square = functional.interpolate(logits, size=self._input_size, mode="bilinear", align_corners=False)
        return letterbox.restore_logits(square[0, 0].cpu().numpy())
