"""Clicks, box and prior lie in the maps where the letterbox puts their pixels."""

import numpy as np
import pytest

from serving.clicks import Box, Click
from serving.imagery.letterbox import Letterbox
from serving.refinement.prompt_maps import BOX, NEGATIVE, POSITIVE, PRIOR, fit_prompts, shrink_square


@pytest.mark.parametrize(("height", "width"), [(64, 64), (40, 100), (333, 90), (7, 300)])
def test_a_click_is_highest_where_its_pixel_lies_in_the_square(height: int, width: int) -> None:
    letterbox = Letterbox(height, width, 128)
    prior = np.zeros((height, width), bool)
    row, col = height // 3, 2 * width // 3
    rgb = np.zeros((height, width, 3), np.uint8)
    rgb[max(0, row - 3) : row + 4, max(0, col - 3) : col + 4] = 255
    maps = fit_prompts(prior, [Click(col + 0.5, row + 0.5, is_positive=True)], None, letterbox)
    lit = shrink_square(letterbox.fit_image(rgb))[..., 0].astype(float)
    rows, cols = np.mgrid[:64, :64]
    middle = np.array([(rows * lit).sum(), (cols * lit).sum()]) / lit.sum()
    peak = np.array(np.unravel_index(maps[POSITIVE].argmax(), (64, 64)))
    assert np.abs(peak - middle).max() <= 1
    assert maps[POSITIVE].max() > 0.8
    assert not maps[NEGATIVE].any()
    assert not maps[BOX].any()
    assert (maps[PRIOR] == -1).all()


def test_signs_go_to_their_own_channels_and_the_prior_is_signed() -> None:
    prior = np.zeros((128, 128), bool)
    prior[:64] = True
    maps = fit_prompts(prior, [Click(20, 100, is_positive=False)], Box(0, 0, 64, 32), Letterbox(128, 128, 128))
    assert maps.shape == (4, 64, 64)
    assert maps[NEGATIVE].argmax() == 49 * 64 + 9  # four cells share the peak; the first is named
    assert not maps[POSITIVE].any()
    assert (maps[PRIOR, :32] == 1).all()
    assert (maps[PRIOR, 32:] == -1).all()
    assert maps[BOX].sum() == 32 * 16
    assert (maps[BOX, :16, :32] == 1).all()
