import io

import numpy as np
import pytest
from PIL import Image

from assistant.masks.comparison import Fate, compare_masks
from serving.grid import Grid
from serving.mask import Mask
from storage.exports.difference import (
    ADDED,
    FATE_COLOURS,
    REMOVED,
    UNCHANGED,
    comparison_layer_png,
    comparison_overlay_png,
    difference_layer_png,
)

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


def test_layers_of_single_fates_hold_that_fate_alone() -> None:
    known = np.ones((SIDE, SIDE), dtype=bool)
    comparison = compare_masks(block(5, 25), block(15, 35), known)
    for fate, columns in ((Fate.REMOVED, slice(5, 15)), (Fate.UNCHANGED, slice(15, 25)), (Fate.ADDED, slice(25, 35))):
        layer = np.asarray(Image.open(io.BytesIO(comparison_layer_png(comparison, (fate,)))).convert("RGBA"))
        drawn = (layer[12:28, :, :3] == FATE_COLOURS[fate]).all(axis=-1) & (layer[12:28, :, 3] > 0)
        assert drawn[:, columns].all()
        assert drawn.sum() == 16 * 10


def test_the_overlay_leaves_the_ground_beside_as_it_is() -> None:
    comparison = compare_masks(block(5, 15), block(20, 30), np.ones((SIDE, SIDE), dtype=bool))
    rgb = np.full((SIDE, SIDE, 3), 90, dtype=np.uint8)
    shown = np.asarray(Image.open(io.BytesIO(comparison_overlay_png(rgb, comparison))))
    assert shown[2, 2].tolist() == [90, 90, 90]
    assert shown[20, 25].tolist() == [round(90 * (1 - 190 / 255) + channel * 190 / 255) for channel in ADDED]
    with pytest.raises(ValueError, match="differ in size"):
        comparison_overlay_png(rgb[:-1], comparison)
