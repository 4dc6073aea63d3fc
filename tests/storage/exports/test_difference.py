import io

import numpy as np
import pytest
from PIL import Image

from serving.grid import Grid
from serving.mask import Mask
from storage.exports.difference import ADDED, REMOVED, UNCHANGED, difference_layer_png

SIDE = 40


def block(left: int, right: int) -> Mask:
    pixels = np.zeros((SIDE, SIDE), dtype=bool)
    pixels[10:30, left:right] = True
    return Mask(pixels, Grid(SIDE, SIDE))


def draw(before: Mask, after: Mask, *, max_side: int | None = None) -> Image.Image:
    return Image.open(io.BytesIO(difference_layer_png(before, after, max_side=max_side))).convert("RGBA")


def test_what_came_went_and_stayed_have_their_colours_where_they_are() -> None:
    layer = np.asarray(draw(block(5, 25), block(15, 35)))
    assert [tuple(layer[20, column, :3]) for column in (8, 20, 30)] == [REMOVED, UNCHANGED, ADDED]


def test_what_went_is_hatched_and_what_came_is_not() -> None:
    layer = np.asarray(draw(block(5, 25), block(15, 35)))
    assert len(np.unique(layer[10:30, 5:15, 3])) == 2
    assert len(np.unique(layer[10:30, 27:35, 3])) == 1


def test_the_ground_beside_both_masks_is_clear() -> None:
    assert np.asarray(draw(block(15, 20), block(20, 25)))[2, 2, 3] == 0


def test_a_change_of_one_pixel_survives_shrinking() -> None:
    before, after = block(10, 20), block(10, 21)
    layer = np.asarray(draw(before, after, max_side=10))
    assert (layer[..., :3] == ADDED).all(axis=-1).any()


def test_masks_of_different_grids_are_refused() -> None:
    with pytest.raises(ValueError, match="different grids"):
        difference_layer_png(block(1, 2), Mask(np.zeros((3, 3), dtype=bool), Grid(3, 3)))
