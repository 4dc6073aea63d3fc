"""What the network says of an image: in one look at all of it, or in closer ones at its tiles as well."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from serving.grid import Grid
from serving.imagery.letterbox import Letterbox
from serving.imagery.tiling import TILE_SIDES, Tiling, tile_image
from serving.model.features import MaskPrediction
from serving.window import Window

_FINEST_GSD_M = 0.075  # of the training images: a tile is large enough for the square to be no finer
_ONE_LOOK_TILES = 1.2  # sides of a tile: up to here one look is enough
# Of a tile that is not believed to show what was asked for: low, but near enough to what the whole image may say of it,
# and not flat, so that a lower threshold set afterwards brings out shapes and no squares.
_HELD_BACK_LOGITS = -6.0, -3.0


@dataclass(frozen=True, eq=False)
class Look:
    """What is said of an image, or of a part of it.

    Attributes:
        mask_logits: float32, (H, W), in native pixels.
        presence_logit: float32 scalar, of the thing asked for being there; None where the model says nothing of it.
    """

    mask_logits: NDArray[np.float32]
    presence_logit: Tensor | None

    def presence(self, temperature: float = 1.0) -> float:
        """Return the probability that the thing asked for is there; 1 where the model says nothing of it."""
        return 1.0 if self.presence_logit is None else float((self.presence_logit / temperature).sigmoid())


def restore_look(answer: MaskPrediction, window: Window, side: int) -> Look:
    """Return an answer in the native pixels of the window that it is about.

    Args:
        answer: to one question about one window.
        window: what was fitted into the model's square.
        side: of that square.
    """
    upsampled = functional.interpolate(answer.mask_logits.float(), size=side, mode="bilinear", align_corners=False)
    box = Letterbox(window.height, window.width, side)
    presence = None if answer.presence_logits is None else answer.presence_logits[0, 0].float()
    return Look(box.restore_logits(upsampled[0, 0].cpu().numpy()), presence)


def choose_tiling(grid: Grid, side: int, *, most: int) -> Tiling | None:
    """Return the tiles in which an image is to be looked at closer; None where one look is enough.

    Args:
        grid: of the image.
        side: of the model's square.
        most: tiles at most; with 0, one look is always enough.
    """
    tile_side = TILE_SIDES * side
    if grid.gsd_m is not None:
        tile_side = max(tile_side, side * _FINEST_GSD_M / min(grid.gsd_m))
    if not most or max(grid.height, grid.width) <= _ONE_LOOK_TILES * tile_side:
        return None
    return tile_image(grid.height, grid.width, side=round(tile_side), most=most)


def join_looks(first: Look, tiling: Tiling, closer: Iterable[Look], *, presence_threshold: float) -> Look:
    """Return what is seen in all tiles, and in the whole.

    What the whole image shows clearly counts for it (of a river, a tile may hold nothing but ripples); what it does not
    show is not held against what a tile shows, which may be too small for one look.
    A tile knows little of its surroundings, the whole image little of what is small: whether a tile shows the thing is
    judged by the mean of both logits, in which the tile's counts twice.

    Args:
        first: of the whole image.
        tiling: of the image.
        closer: one look for each tile, in order.
        presence_threshold: what is less likely is held back.
    """
    presences = [] if first.presence_logit is None else [first.presence_logit]

    def mark_tiles() -> Iterator[NDArray[np.float32]]:
        for look in closer:
            logits = look.mask_logits
            if first.presence_logit is not None and look.presence_logit is not None:
                joint = (first.presence_logit + 2 * look.presence_logit) / 3
                presences.append(joint)
                if float(joint.sigmoid()) < presence_threshold:
                    logits = np.clip(logits, *_HELD_BACK_LOGITS)
            yield logits

    logits = tiling.blend(mark_tiles())
    if first.presence() >= presence_threshold:
        surest = np.maximum(logits, first.mask_logits)
        logits += np.maximum(first.mask_logits, 0)
        np.minimum(logits, surest, out=logits)  # they are not independent: together no surer than the surest
    return Look(logits, torch.stack(presences).max() if presences else None)
