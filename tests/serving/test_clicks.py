"""Clicks and boxes: what is taken, what is refused, and with which words."""

import math

import pytest

from serving.clicks import Box, Click, check_prompts
from serving.errors import (
    BoxEmptyError,
    BoxOutsideImageError,
    ClickOutsideImageError,
    PromptMissingError,
)
from serving.grid import Grid

GRID = Grid(height=20, width=30)


@pytest.mark.parametrize(("x", "y"), [(0, 0), (29.99, 19.99), (0, 19.5)])
def test_a_click_on_the_outermost_pixels_is_inside(x: float, y: float) -> None:
    assert check_prompts([Click(x, y, is_positive=True)], None, GRID) is None


@pytest.mark.parametrize(("x", "y"), [(30, 5), (5, 20), (-0.01, 5), (5, -0.01)])
def test_a_click_beside_the_image_is_refused_with_its_place_and_the_size(x: float, y: float) -> None:
    with pytest.raises(ClickOutsideImageError, match=rf"\({x:g}, {y:g}\).*30 x 20 pixels"):
        check_prompts([Click(1, 1, is_positive=True), Click(x, y, is_positive=False)], None, GRID)


def test_a_click_knows_its_pixel() -> None:
    assert Click(x=3.9, y=7.0, is_positive=True).row_col == (7, 3)


def test_nothing_to_go_by_is_refused() -> None:
    with pytest.raises(PromptMissingError, match="click on the image or draw a box"):
        check_prompts([], None, GRID)


@pytest.mark.parametrize("edges", [(4, 4, 4, 9), (4, 9, 9, 9), (9, 2, 4, 9)])
def test_a_box_without_area_is_refused(edges: tuple[float, float, float, float]) -> None:
    with pytest.raises(BoxEmptyError, match="no area"):
        Box(*edges)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_coordinates_are_finite(value: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        Click(value, 1, is_positive=True)
    with pytest.raises(ValueError, match="finite"):
        Box(0, 0, value, 1)


def test_a_box_is_clipped_to_the_image() -> None:
    assert check_prompts([], Box(-5, 2.5, 12, 99), GRID) == Box(0, 2.5, 12, 20)


def test_a_box_beside_the_image_is_refused() -> None:
    with pytest.raises(BoxOutsideImageError, match="30 x 20 pixels"):
        check_prompts([], Box(30, 0, 40, 10), GRID)


def test_a_box_touches_every_pixel_that_it_cuts() -> None:
    assert Box(1.5, 2, 4.1, 6).rows_cols == (slice(2, 6), slice(1, 5))
