import numpy as np

from assistant.pointing import find_middle, keep_standing
from serving.clicks import Box, Click
from serving.grid import Grid
from serving.mask import Mask

GRID = Grid(500, 1000)  # a click decides 6 pixels around it by itself


def yes(x: float, y: float) -> Click:
    return Click(x, y, is_positive=True)


def no(x: float, y: float) -> Click:
    return Click(x, y, is_positive=False)


def test_a_later_click_wins_where_both_cannot_be_obeyed() -> None:
    assert keep_standing([yes(100, 100), yes(300, 100)], [no(104, 103)], None, GRID) == (yes(300, 100),)


def test_opposite_clicks_further_apart_both_stand() -> None:
    assert keep_standing([yes(100, 100)], [no(110, 100)], None, GRID) == (yes(100, 100),)


def test_a_click_that_says_the_same_again_takes_nothing_away() -> None:
    assert keep_standing([no(100, 100)], [no(100, 100)], None, GRID) == (no(100, 100),)


def test_a_box_takes_back_what_was_removed_in_it_and_nothing_else() -> None:
    earlier = [no(20, 20), yes(30, 30), no(200, 200)]
    assert keep_standing(earlier, [], Box(10, 10, 50, 50), GRID) == (yes(30, 30), no(200, 200))


def test_the_middle_of_what_a_box_marked_stands_for_it() -> None:
    pixels = np.zeros((500, 1000), bool)
    pixels[10:15, 20:29] = True
    pixels[100:400, 100:400] = True  # outside the box
    assert find_middle(Mask(pixels, GRID), Box(-5, -5, 60, 60)) == yes(22.5, 12.5)
    assert find_middle(Mask(pixels, GRID), Box(500, 200, 600, 300)) is None
