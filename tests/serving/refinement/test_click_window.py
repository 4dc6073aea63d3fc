"""The window holds everything that was pointed at, stays inside the image and is shared by near clicks."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from serving.clicks import Box, Click
from serving.grid import Grid
from serving.refinement.click_window import choose_window
from serving.window import Window


@given(data=st.data())
def test_a_window_lies_inside_and_holds_clicks_and_box_with_their_margin(data: st.DataObject) -> None:
    height, width = data.draw(st.integers(1, 900)), data.draw(st.integers(1, 900))
    xs = st.floats(0, width, exclude_max=True)
    ys = st.floats(0, height, exclude_max=True)
    clicks = data.draw(st.lists(st.builds(Click, xs, ys, st.booleans()), min_size=1, max_size=4))
    side, margin = 160, 24
    window = choose_window(Grid(height, width), clicks, None, side=side, margin=margin)
    assert window.top >= 0
    assert window.top + window.height <= height
    assert window.left >= 0
    assert window.left + window.width <= width
    for click in clicks:
        near = window.shift_click(click)
        assert min(near.x, margin) >= min(click.x, margin) - 1
        assert min(near.y, margin) >= min(click.y, margin) - 1
        assert min(window.width - near.x, margin) >= min(width - click.x, margin) - 1
        assert min(window.height - near.y, margin) >= min(height - click.y, margin) - 1


def test_near_clicks_share_a_window() -> None:
    grid = Grid(4000, 4000)
    one = choose_window(grid, [Click(2040, 2040, is_positive=True)], None, side=640, margin=128)
    two = choose_window(grid, [Click(2060, 2015, is_positive=True)], None, side=640, margin=128)
    assert one == two
    assert (one.height, one.width) == (640, 640)


def test_a_small_image_is_its_own_window() -> None:
    grid = Grid(90, 150)
    window = choose_window(grid, [], Box(5, 5, 10, 10), side=160, margin=20)
    assert window == Window(0, 0, 90, 150)
    assert window.covers(grid)


def test_crop_is_a_view_and_shifts_follow_it() -> None:
    window = Window(top=3, left=5, height=4, width=6)
    pixels = np.arange(200).reshape(10, 20)
    window.crop(pixels)[...] = -1
    assert pixels[3, 5] == -1
    assert np.count_nonzero(pixels == -1) == 24
    assert window.shift_click(Click(6.5, 4, is_positive=True)) == Click(1.5, 1, is_positive=True)
    assert window.shift_box(Box(5, 3, 8, 9)) == Box(0, 0, 3, 6)
