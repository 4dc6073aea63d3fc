"""Tiles cover an image and are put together again without seams."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.imagery.letterbox import Letterbox
from serving.imagery.tiling import locate_tile, tile_image
from serving.window import Window

SIDE = 64
sizes = st.integers(1, 700)


@given(height=sizes, width=sizes)
def test_tiles_lie_inside_and_overlap_by_a_quarter(height: int, width: int) -> None:
    tiling = tile_image(height, width, side=SIDE, most=1000)

    for starts, length in ((tiling.tops, height), (tiling.lefts, width)):
        side = min(SIDE, length)
        assert starts[0] == 0
        assert starts[-1] + side == length
        assert all(0 < after - before <= 0.75 * SIDE + 1 for before, after in itertools.pairwise(starts))
    assert len(tiling.windows) == len(tiling)


@given(height=sizes, width=sizes, most=st.integers(1, 30))
def test_tiles_grow_until_there_are_few_enough(height: int, width: int, most: int) -> None:
    tiling = tile_image(height, width, side=SIDE, most=most)

    assert len(tiling) <= most
    assert tiling.side >= SIDE


@given(height=st.integers(1, 300), width=st.integers(1, 300), seed=st.integers(0, 9))
def test_what_all_tiles_say_of_a_pixel_is_what_the_whole_says(height: int, width: int, seed: int) -> None:
    tiling = tile_image(height, width, side=SIDE, most=1000)
    picture = np.random.default_rng(seed).normal(size=(height, width)).astype(np.float32)

    blended = tiling.blend(window.crop(picture) for window in tiling.windows)

    np.testing.assert_allclose(blended, picture, atol=1e-5)


def test_one_tile_gives_way_to_the_next_gradually() -> None:
    tiling = tile_image(SIDE, 112, side=SIDE, most=10)
    assert tiling.lefts == (0, 48)

    blended = tiling.blend([np.zeros((SIDE, SIDE), np.float32), np.ones((SIDE, SIDE), np.float32)])

    row = blended[SIDE // 2]
    assert row[:48].max() == 0
    assert row[64:].min() == 1
    assert (np.diff(row[47:65]) > 0).all(), "from one to the other over the whole overlap"
    assert np.abs(np.diff(row)).max() < 0.1


def test_a_missing_tile_is_not_overlooked() -> None:
    tiling = tile_image(SIDE, 112, side=SIDE, most=10)

    with pytest.raises(ValueError, match="shorter"):
        tiling.blend([np.zeros((SIDE, SIDE), np.float32)])


@given(height=st.integers(30, 400), width=st.integers(30, 400), data=st.data())
def test_a_point_of_a_tile_is_found_in_the_square_of_the_whole(height: int, width: int, data: st.DataObject) -> None:
    tile = Window(
        top=(top := data.draw(st.integers(0, height - 20))),
        left=(left := data.draw(st.integers(0, width - 20))),
        height=data.draw(st.integers(20, height - top)),
        width=data.draw(st.integers(20, width - left)),
    )
    side = 512
    x0, y0, x1, y1 = locate_tile(tile, height, width, side)
    part, whole = Letterbox(tile.height, tile.width, side), Letterbox(height, width, side)

    for share in (0.0, 0.3, 1.0):  # of the tile, from its upper left corner to its lower right
        x, y = part.left + share * part.inner_width, part.top + share * part.inner_height
        native_x, native_y = left + share * tile.width, top + share * tile.height
        expected_x = whole.left + native_x * whole.inner_width / width
        expected_y = whole.top + native_y * whole.inner_height / height
        assert (x0 + (x1 - x0) * x / side) * side == pytest.approx(expected_x, abs=1e-6)
        assert (y0 + (y1 - y0) * y / side) * side == pytest.approx(expected_y, abs=1e-6)


def test_the_whole_image_is_all_of_its_square() -> None:
    assert locate_tile(Window(0, 0, 300, 200), 300, 200, 512) == pytest.approx((0, 0, 1, 1))
