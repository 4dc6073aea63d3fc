"""The next click lies in the middle of the largest part that is wrong, and has its sign."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from evaluation.clicking.simulated_clicks import find_wrong_parts, measure_depth, next_click
from serving.clicks import Click


def _blank() -> NDArray[np.bool_]:
    return np.zeros((20, 30), bool)


def test_the_click_goes_to_the_larger_of_two_errors() -> None:
    target, mask = _blank(), _blank()
    target[2:7, 2:7] = True  # missing, 25 pixels
    mask[10:17, 20:27] = True  # marked and wrong, 49 pixels
    assert next_click(mask, target) == Click(23.5, 13.5, is_positive=False)
    mask[10:17, 20:27] = False
    assert next_click(mask, target) == Click(4.5, 4.5, is_positive=True)


def test_a_right_mask_is_not_clicked_on() -> None:
    target = _blank()
    target[3, 3] = True
    assert next_click(target, target) is None


def test_the_edge_of_the_image_counts_as_an_edge() -> None:
    pixels = np.ones((9, 5), bool)
    depth = measure_depth(pixels)
    assert depth[0, 2] == 1
    assert depth[4, 2] == depth.max()


@given(seed=st.integers(0, 2**32 - 1))
def test_wrong_parts_make_up_the_error_and_the_click_lies_in_the_first(seed: int) -> None:
    rng = np.random.default_rng(seed)
    mask, target = rng.random((2, 11, 17)) < 0.5
    parts = find_wrong_parts(mask, target)
    covered = np.zeros_like(mask)
    for part in parts:
        assert not (covered & part.pixels).any()
        assert target[part.pixels].all() == part.is_missing
        covered |= part.pixels
    np.testing.assert_array_equal(covered, mask ^ target)
    assert [part.size for part in parts] == sorted((part.size for part in parts), reverse=True)
    click = next_click(mask, target)
    assert click is not None
    assert parts[0].pixels[click.row_col]
