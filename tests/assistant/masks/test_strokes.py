from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.masks.algebra import subtract, union
from assistant.masks.strokes import Stroke, cover_stroke, paint_confidence, paint_strokes
from serving.grid import Grid
from serving.mask import Mask
from tests.assistant.masks.strategies import masks

PLACES = st.floats(-20, 60)
PATHS = st.lists(st.tuples(PLACES, PLACES), min_size=1, max_size=5).map(tuple)


@st.composite
def strokes(draw: st.DrawFn, *, is_adding: bool = True) -> Stroke:
    return Stroke(draw(PATHS), draw(st.floats(0.1, 25)), is_adding)


def opposite(stroke: Stroke) -> Stroke:
    return Stroke(stroke.path_xy_px, stroke.radius_px, not stroke.is_adding)


@given(masks(), strokes())
def test_erasing_the_stroke_that_was_added_gives_the_mask_without_it(mask: Mask, stroke: Stroke) -> None:
    covered = Mask(cover_stroke(stroke, mask.grid), mask.grid)
    added = paint_strokes(mask, [stroke])
    np.testing.assert_array_equal(added.pixels, union(mask, covered).pixels)
    np.testing.assert_array_equal(paint_strokes(added, [opposite(stroke)]).pixels, subtract(mask, covered).pixels)


@given(masks(), strokes())
def test_the_same_stroke_twice_is_that_stroke_once(mask: Mask, stroke: Stroke) -> None:
    np.testing.assert_array_equal(paint_strokes(mask, [stroke, stroke]).pixels, paint_strokes(mask, [stroke]).pixels)


@given(strokes(), st.integers(1, 40), st.integers(1, 40))
def test_a_stroke_covers_the_pixels_within_its_radius_as_the_slow_way_finds_them(
    stroke: Stroke, height: int, width: int
) -> None:
    grid = Grid(height, width)
    covered = cover_stroke(stroke, grid)
    lines = list(pairwise(stroke.path_xy_px)) or [(stroke.path_xy_px[0], stroke.path_xy_px[0])]
    for row in range(height):
        for column in range(width):
            far = min(distance_to_line((column + 0.5, row + 0.5), *line) for line in lines)
            holds_a_point = any((int(x // 1), int(y // 1)) == (column, row) for x, y in stroke.path_xy_px)
            if abs(far - stroke.radius_px) > 1e-6:  # on the rim itself rounding decides
                assert covered[row, column] == (far < stroke.radius_px or holds_a_point)


def distance_to_line(at: tuple[float, float], start: tuple[float, float], end: tuple[float, float]) -> float:
    here, first, last = (np.array(point, np.float64) for point in (at, start, end))
    run = last - first
    share = 0.0 if not run.any() else float(np.clip((here - first) @ run / (run @ run), 0, 1))
    return float(np.hypot(*(here - first - share * run)))


def test_a_long_stroke_is_one_line_although_it_is_drawn_in_pieces() -> None:
    grid = Grid(40, 2000)
    covered = cover_stroke(Stroke(((10.5, 20.5), (1990.5, 20.5)), 3.0, is_adding=True), grid)
    expected = np.zeros((40, 2000), np.bool_)
    expected[17:24, 10:1991] = True
    np.testing.assert_array_equal(covered[:, 10:1991], expected[:, 10:1991])
    assert not covered[:, :7].any()


def test_the_finest_brush_leaves_a_trace() -> None:
    assert cover_stroke(Stroke(((3.0, 4.0),), 0.2, is_adding=True), Grid(8, 8)).sum() == 1


@given(masks(), strokes(), st.booleans(), st.integers(0, 255))
def test_the_confidence_is_above_a_half_exactly_where_the_painted_mask_is(
    mask: Mask, stroke: Stroke, is_known: bool, level: int
) -> None:
    known = np.full(mask.pixels.shape, level, np.uint8) if is_known else None
    painted = paint_confidence(known, mask, [stroke])
    np.testing.assert_array_equal(painted > 0.5 * 255, paint_strokes(mask, [stroke]).pixels)


@pytest.mark.parametrize(
    ("path", "radius"), [((), 3.0), (((1.0, 2.0),), 0.0), (((1.0, float("nan")),), 3.0), (((1.0, 2.0),), float("inf"))]
)
def test_what_is_no_stroke_is_refused(path: tuple[tuple[float, float], ...], radius: float) -> None:
    with pytest.raises(ValueError, match="stroke"):
        Stroke(path, radius, is_adding=True)
