"""Pictures of masks show every marked pixel where it is."""

import io

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from serving.grid import Grid
from serving.mask import Mask
from storage.exports.png import (
    OUTLINE_PX,
    contrast_of,
    find_outline,
    mask_png,
    overlay_layer_png,
    overlay_png,
    thumbnail_jpeg,
)

RED = (230, 30, 40)
PIXELS = arrays.arrays(np.bool_, arrays.array_shapes(min_dims=2, max_dims=2, max_side=12))


def mask_from(pixels: NDArray[np.bool_]) -> Mask:
    return Mask(pixels, Grid(*pixels.shape))


def decode(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png))


def block(side: int = 20) -> Mask:
    pixels = np.zeros((side, side), dtype=bool)
    pixels[6:12, 8:15] = True
    return mask_from(pixels)


@given(pixels=PIXELS)
def test_the_mask_png_is_0_and_255_in_one_band_of_8_bits(pixels: NDArray[np.bool_]) -> None:
    with decode(mask_png(mask_from(pixels))) as picture:
        assert (picture.format, picture.mode) == ("PNG", "L")
        np.testing.assert_array_equal(np.asarray(picture), pixels * np.uint8(255))


@given(pixels=PIXELS)
def test_the_outline_lies_outside_and_within_reach(pixels: NDArray[np.bool_]) -> None:
    outline = find_outline(pixels)
    assert not (outline & pixels).any()
    rows, columns = np.nonzero(pixels)
    for row, column in zip(*np.nonzero(outline), strict=True):
        assert (np.maximum(abs(rows - row), abs(columns - column)) <= OUTLINE_PX).any()


def test_a_single_pixel_is_ringed_on_all_sides() -> None:
    pixels = np.zeros((9, 9), dtype=bool)
    pixels[4, 4] = True
    outline = find_outline(pixels)
    for row, column in ((2, 4), (6, 4), (4, 2), (4, 6), (3, 3)):
        assert outline[row, column]


def test_the_overlay_mixes_colours_inside_and_leaves_the_rest_alone() -> None:
    mask = block()
    rgb = np.full((20, 20, 3), 100, dtype=np.uint8)
    with decode(overlay_png(rgb, mask, RED, opacity=0.5)) as picture:
        shown = np.asarray(picture)
    assert picture.mode == "RGB"
    assert (shown[mask.pixels] == (165, 65, 70)).all()
    outline = find_outline(mask.pixels)
    assert (shown[outline] == contrast_of(RED)).all()
    assert (shown[~mask.pixels & ~outline] == 100).all()
    assert (rgb == 100).all(), "the argument was changed"


@pytest.mark.parametrize(("opacity", "inside"), [(0.0, (10, 20, 30)), (1.0, RED)])
def test_the_ends_of_opacity_are_the_ground_and_the_colour(opacity: float, inside: tuple[int, int, int]) -> None:
    mask = block()
    rgb = np.full((20, 20, 3), (10, 20, 30), dtype=np.uint8)
    with decode(overlay_png(rgb, mask, RED, opacity, outline=False)) as picture:
        shown = np.asarray(picture)
    assert (shown[mask.pixels] == inside).all()
    assert (shown[~mask.pixels] == (10, 20, 30)).all()


def test_an_empty_mask_leaves_the_picture_as_it_is() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (7, 9, 3), dtype=np.uint8)
    with decode(overlay_png(rgb, mask_from(np.zeros((7, 9), dtype=bool)), RED)) as picture:
        np.testing.assert_array_equal(np.asarray(picture), rgb)


def test_an_overlay_on_another_size_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="differ in size"):
        overlay_png(np.zeros((5, 5, 3), dtype=np.uint8), block(), RED)


def test_an_opacity_beyond_one_is_a_mistake() -> None:
    with pytest.raises(ValueError, match=r"0\.\.1"):
        overlay_png(np.zeros((20, 20, 3), dtype=np.uint8), block(), RED, opacity=1.5)


def test_the_layer_is_coloured_where_marked_and_clear_elsewhere() -> None:
    mask = block()
    with decode(overlay_layer_png(mask, RED)) as picture:
        layer = np.asarray(picture)
    assert picture.mode == "RGBA"
    outline = find_outline(mask.pixels)
    assert (layer[mask.pixels][:, :3] == RED).all()
    assert (layer[mask.pixels][:, 3] < 255).all()
    assert (layer[mask.pixels][:, 3] > 64).all()
    assert (layer[outline] == (*contrast_of(RED), 255)).all()
    assert (layer[~mask.pixels & ~outline][:, 3] == 0).all()


@given(pixels=PIXELS, max_side=st.integers(1, 12))
def test_a_smaller_layer_loses_no_part(pixels: NDArray[np.bool_], max_side: int) -> None:
    with decode(overlay_layer_png(mask_from(pixels), RED, max_side=max_side)) as picture:
        layer = np.asarray(picture)
    assert max(layer.shape[:2]) <= max(1, max_side)
    assert (layer[..., 3] > 0).any() == pixels.any()


def test_one_marked_pixel_in_a_large_scene_is_still_seen_when_made_small() -> None:
    pixels = np.zeros((900, 1200), dtype=bool)
    pixels[450, 600] = True
    with decode(overlay_layer_png(mask_from(pixels), RED, max_side=100)) as picture:
        layer = np.asarray(picture)
    assert layer.shape == (75, 100, 4)
    assert (layer[36:40, 48:53, :3] == RED).all(axis=-1).any()


@pytest.mark.parametrize(("colour", "contrast"), [((255, 255, 0), "dark"), ((0, 0, 120), "light"), (RED, "light")])
def test_the_outline_stands_out_from_its_fill(colour: tuple[int, int, int], contrast: str) -> None:
    assert (sum(contrast_of(colour)) > 600) == (contrast == "light")


@pytest.mark.parametrize(
    ("size", "expected"), [((100, 50), (32, 16)), ((10, 20), (10, 20)), ((1000, 1), (32, 1)), ((32, 32), (32, 32))]
)
def test_a_thumbnail_fits_and_never_grows(size: tuple[int, int], expected: tuple[int, int]) -> None:
    rgb = np.full((*size, 3), (200, 10, 10), dtype=np.uint8)
    with decode(thumbnail_jpeg(rgb, max_side=32)) as picture:
        small = np.asarray(picture).astype(int)
    assert picture.format == "JPEG"
    assert small.shape == (*expected, 3)
    np.testing.assert_allclose(small, np.broadcast_to((200, 10, 10), small.shape), atol=8)  # 8: JPEG
