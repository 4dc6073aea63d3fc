"""Run lengths describe a mask exactly, and a wrong one is refused before it reaches foreign memory."""

import json

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pycocotools import mask as coco

from serving.grid import Grid
from serving.mask import Mask
from storage.errors import RleInvalidError
from storage.exports.coco_rle import CocoRle, from_coco_rle, to_coco_rle

PIXELS = arrays.arrays(np.bool_, arrays.array_shapes(min_dims=2, max_dims=2, max_side=40))


@given(pixels=PIXELS)
@example(pixels=np.zeros((1, 1), dtype=bool))
@example(pixels=np.ones((300, 257), dtype=bool))
def test_a_mask_comes_back_through_json(pixels: NDArray[np.bool_]) -> None:
    grid = Grid(*pixels.shape)
    rle: CocoRle = json.loads(json.dumps(to_coco_rle(Mask(pixels, grid))))
    np.testing.assert_array_equal(from_coco_rle(rle, grid).pixels, pixels)


def test_the_tools_of_coco_read_what_we_write() -> None:
    pixels = np.zeros((6, 4), dtype=bool)
    pixels[1:3, 2] = True
    rle = to_coco_rle(Mask(pixels, Grid(6, 4)))
    assert rle["size"] == [6, 4]
    encoded = {"size": rle["size"], "counts": rle["counts"].encode()}
    assert (int(coco.area(encoded)), coco.toBbox(encoded).tolist()) == (2, [2.0, 1.0, 1.0, 2.0])


def test_a_mask_of_another_size_is_refused() -> None:
    rle = to_coco_rle(Mask(np.ones((4, 6), dtype=bool), Grid(4, 6)))
    with pytest.raises(RleInvalidError, match="do not describe a mask of this image"):
        from_coco_rle(rle, Grid(6, 4))


@given(counts=st.text(st.characters(max_codepoint=127), max_size=30))
def test_run_lengths_that_do_not_fill_the_image_are_refused(counts: str) -> None:
    grid = Grid(5, 7)
    try:
        mask = from_coco_rle(CocoRle(size=[5, 7], counts=counts), grid)
    except RleInvalidError:
        return
    assert to_coco_rle(mask)["size"] == [5, 7]


@pytest.mark.parametrize("counts", ["", "o", "ooooooooooooooooooooooooooooo0", "\x7f", "é", "T2", "0O"])
def test_damaged_run_lengths_are_refused(counts: str) -> None:
    with pytest.raises(RleInvalidError):
        from_coco_rle(CocoRle(size=[5, 7], counts=counts), Grid(5, 7))
