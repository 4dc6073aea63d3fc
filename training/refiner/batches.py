"""A step's episodes with their features: a pure function of (seed, step) until the refiner answers."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from evaluation.clicking.simulated_clicks import find_wrong_parts
from serving.model.features import PixelFeatures
from serving.refinement.prompt_maps import draw_prompt_maps
from training.refiner.episodes import Episode, draw_episode
from training.refiner.kept_features import KeptImage
from training.refiner.recipe import RefinerRecipe

_EPISODES_PER_IMAGE = 4  # opening an image costs more than drawing in it
_GRID_CELLS = 16  # windows begin at multiples of this, so that strides 4, 8 and 16 fit


@dataclass(eq=False)
class EpisodeBatch:
    """B episodes in windows of one size.

    Attributes:
        features: of each window, B of them, float32.
        rgb: (B, 3, H, W), 0..255.
        episodes: B people at work.
    """

    features: PixelFeatures
    rgb: Tensor
    episodes: list[Episode]

    def draw_prompts(self) -> Tensor:
        """Return the maps of all episodes as they stand, float32 (B, 4, H, W)."""
        maps = [draw_prompt_maps(one.prior.astype(np.float32), one.clicks, one.box) for one in self.episodes]
        return torch.from_numpy(np.stack(maps))

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
    while len(episodes) < count:
        image = open_image(int(rng.integers(images)))
        if image is None:
            continue
        side = image.rgb.shape[-1]
        cells = side if is_whole else min(side, recipe.window_cells)
        for _ in range(min(_EPISODES_PER_IMAGE, count - len(episodes))):
            whole = draw_episode(image, rng)
            row, col = _place_window(whole, cells, rng)
            episode = whole.crop(row, col, cells)
            episode.prompt(rng, may_box=True)
            episodes.append(episode)
            parts.append(image.window(row, col, cells))
    features = PixelFeatures(
        (parts[0][0].multi_scale[0], parts[0][0].multi_scale[1], torch.cat([part[0].multi_scale[2] for part in parts])),
        torch.cat([part[0].mask_features for part in parts]),
    )
    return EpisodeBatch(features, torch.cat([part[1] for part in parts]), episodes)


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
