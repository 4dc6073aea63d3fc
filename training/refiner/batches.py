"""A step's episodes with their features: a pure function of (seed, step) until the refiner answers."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from evaluation.clicking.simulated_clicks import find_wrong_parts
from serving.clicks import Box, Click
from serving.model.features import PixelFeatures
from serving.refinement.prompt_maps import draw_prompt_maps
from serving.refinement.suggestions import Embedding, Suggester
from serving.segment_anything.tiny_vit import SQUARE_SIDE
from training.half_precision import autocast_on_cpu
from training.refiner.episodes import Episode, draw_episode
from training.refiner.kept_features import KeptImage
from training.refiner.recipe import RefinerRecipe

_EPISODES_PER_IMAGE = 4  # opening an image costs more than drawing in it
_GRID_CELLS = 16  # windows begin at multiples of this, so that strides 4, 8 and 16 fit


@dataclass(frozen=True, eq=False)
class _Place:
    """Where an episode's window lies.

    Attributes:
        row: its first cell.
        col: likewise.
        side: cells of the whole square.
        embedding: what Segment Anything sees in all of the image; None where nobody looked.
    """

    row: int
    col: int
    side: int
    embedding: Embedding | None

    def suggest(self, suggester: Suggester, episode: Episode) -> Tensor:
        """Return what is suggested at an episode's clicks and in its box, float32 (7, H, W)."""
        assert self.embedding is not None
        scale = SQUARE_SIDE / self.side
        clicks = [
            Click((self.col + one.x) * scale, (self.row + one.y) * scale, is_positive=one.is_positive)
            for one in episode.clicks
        ]
        box = None
        if (cells := episode.box) is not None:
            left, right = (self.col + cells.left) * scale, (self.col + cells.right) * scale
            box = Box(left, (self.row + cells.top) * scale, right, (self.row + cells.bottom) * scale)
        with autocast_on_cpu():
            maps = suggester.suggest(self.embedding, clicks, box, side=self.side)
        height, width = episode.target.shape
        return maps[:, self.row : self.row + height, self.col : self.col + width]


@dataclass(eq=False)
class EpisodeBatch:
    """B episodes in windows of one size.

    Attributes:
        features: of each window, B of them, float32.
        rgb: (B, 3, H, W), 0..255.
        episodes: B people at work.
        places: where their windows lie.
    """

    features: PixelFeatures
    rgb: Tensor
    episodes: list[Episode]
    places: list[_Place]

    def draw_prompts(self, suggester: Suggester | None) -> Tensor:
        """Return the maps of all episodes as they stand, float32 (B, 4, H, W), or (B, 11, H, W) with suggestions."""
        drawn = []
        for episode, place in zip(self.episodes, self.places, strict=True):
            maps = torch.from_numpy(draw_prompt_maps(episode.prior.astype(np.float32), episode.clicks, episode.box))
            drawn.append(maps if suggester is None else torch.cat([maps, place.suggest(suggester, episode)]))
        return torch.stack(drawn)

    def draw_wanted(self) -> tuple[Tensor, Tensor]:
        """Return what should be drawn now and where it counts fully, both float32 (B, 1, H, W)."""
        pairs = [one.wanted() for one in self.episodes]
        wanted = torch.from_numpy(np.stack([pair[0] for pair in pairs]))[:, None].float()
        return wanted, torch.from_numpy(np.stack([pair[1] for pair in pairs]))[:, None].float()


def draw_batch(
    open_image: Callable[[int], KeptImage | None], images: int, recipe: RefinerRecipe, rng: np.random.Generator
) -> EpisodeBatch:
    """Draw the episodes of one step, each with its first prompt.

    Args:
        open_image: returns image 0 .. `images` - 1, or None where there is nothing to be marked.
        images: how many there are.
        recipe: sizes.
        rng: of the step.
    """
    is_whole = bool(rng.random() < recipe.whole_share)
    count = recipe.whole_batch if is_whole else recipe.window_batch
    parts: list[tuple[PixelFeatures, Tensor]] = []
    episodes: list[Episode] = []
    places: list[_Place] = []
    while len(episodes) < count:
        image = open_image(int(rng.integers(images)))
        if image is None:
            continue
        side = image.rgb.shape[-1]
        cells = side if is_whole else min(side, recipe.window_cells)
        embedding = None if image.embedding is None else Embedding(image.embedding[None].float())
        for _ in range(min(_EPISODES_PER_IMAGE, count - len(episodes))):
            whole = draw_episode(image, rng)
            row, col = _place_window(whole, cells, rng)
            episode = whole.crop(row, col, cells)
            episode.prompt(rng, may_box=True)
            episodes.append(episode)
            parts.append(image.window(row, col, cells))
            places.append(_Place(row, col, side, embedding))
    features = PixelFeatures(
        (parts[0][0].multi_scale[0], parts[0][0].multi_scale[1], torch.cat([part[0].multi_scale[2] for part in parts])),
        torch.cat([part[0].mask_features for part in parts]),
    )
    return EpisodeBatch(features, torch.cat([part[1] for part in parts]), episodes, places)


def _place_window(episode: Episode, cells: int, rng: np.random.Generator) -> tuple[int, int]:
    """Return the first row and column of a window that holds something wrong."""
    side = episode.target.shape[0]
    if cells == side:
        return 0, 0
    wrong = find_wrong_parts(episode.prior, episode.target)
    # By parts, not by cells: small things are clicked on as often as large ones.
    pixels = wrong[int(rng.integers(len(wrong)))].pixels if wrong else episode.target
    rows, cols = np.nonzero(pixels)
    at = int(rng.integers(len(rows)))
    starts = []
    for place in (int(rows[at]), int(cols[at])):
        start = place - int(rng.integers(cells // 4, 3 * cells // 4))
        starts.append(min(max(0, start // _GRID_CELLS * _GRID_CELLS), side - cells))
    return starts[0], starts[1]
