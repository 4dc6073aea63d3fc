"""What a click may change: the group of pixels that it lies in, and never more than was proposed or is needed."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from serving.clicks import Box, Click
from serving.refinement.merging import agree_with_mask, find_unmet, merge_changes, obey_clicks


def _boxes(*boxes: tuple[int, int, int, int]) -> NDArray[np.bool_]:
    pixels = np.zeros((20, 30), bool)
    for left, top, right, bottom in boxes:
        pixels[top:bottom, left:right] = True
    return pixels


def _yes(x: float, y: float) -> Click:
    return Click(x, y, is_positive=True)


def _no(x: float, y: float) -> Click:
    return Click(x, y, is_positive=False)


def test_a_positive_click_takes_the_part_that_it_lies_in_and_leaves_the_others() -> None:
    proposal = _boxes((2, 2, 8, 8), (20, 4, 28, 10))
    merged = merge_changes(_boxes(), proposal, [_yes(4, 4)], None)
    np.testing.assert_array_equal(merged, _boxes((2, 2, 8, 8)))


def test_a_negative_click_removes_its_part_and_adds_nothing() -> None:
    prior = _boxes((2, 2, 8, 8), (20, 4, 28, 10))
    proposal = _boxes((12, 12, 18, 18))
    merged = merge_changes(prior, proposal, [_no(21, 5)], None)
    np.testing.assert_array_equal(merged, _boxes((2, 2, 8, 8)))


def test_a_click_that_is_met_changes_nothing() -> None:
    prior = _boxes((2, 2, 8, 8))
    merged = merge_changes(prior, _boxes((2, 2, 8, 8), (20, 4, 28, 10)), [_yes(4, 4)], None)
    np.testing.assert_array_equal(merged, prior)


def test_a_box_takes_what_is_proposed_inside_it() -> None:
    prior = _boxes((0, 0, 4, 4))
    merged = merge_changes(prior, _boxes((10, 10, 28, 18)), [], Box(12, 8, 20, 20))
    np.testing.assert_array_equal(merged, _boxes((0, 0, 4, 4), (12, 10, 20, 18)))


def test_each_of_two_clicks_on_neighbouring_pixels_is_obeyed() -> None:
    mask = obey_clicks(_boxes(), [_yes(10, 10), _no(11, 10)])
    assert mask[10, 10]
    assert not mask[10, 11]


def test_of_two_clicks_on_one_pixel_the_later_counts() -> None:
    assert not obey_clicks(_boxes(), [_yes(10, 10), _no(10.5, 10.5)])[10, 10]


_MASKS = st.integers(0, 2**32 - 1).map(lambda seed: np.random.default_rng(seed).random((9, 13)) < 0.4)
_CLICKS = st.lists(
    st.builds(Click, st.floats(0, 12.99), st.floats(0, 8.99), st.booleans()), max_size=6, unique_by=lambda c: c.row_col
)


@given(prior=_MASKS, proposal=_MASKS, clicks=_CLICKS)
def test_a_merge_lies_between_prior_and_proposal(
    prior: NDArray[np.bool_], proposal: NDArray[np.bool_], clicks: list[Click]
) -> None:
    merged = merge_changes(prior, proposal, clicks, None)
    assert np.array_equal(merged[prior == proposal], prior[prior == proposal])
    # What the proposal got right at a click is right afterwards.
    assert {c.row_col for c in find_unmet(merged, clicks)} <= {c.row_col for c in find_unmet(proposal, clicks)}


@given(mask=_MASKS, clicks=_CLICKS)
def test_every_click_is_obeyed_in_the_end(mask: NDArray[np.bool_], clicks: list[Click]) -> None:
    assert find_unmet(obey_clicks(mask, clicks), clicks) == []


@given(mask=_MASKS, seed=st.integers(0, 2**32 - 1))
def test_logits_have_the_sign_of_the_mask_and_stay_where_they_had_it(mask: NDArray[np.bool_], seed: int) -> None:
    logits = np.random.default_rng(seed).integers(-2, 3, mask.shape).astype(np.float32)
    agreed = agree_with_mask(logits, mask)
    assert np.array_equal(agreed > 0, mask)
    assert (agreed != 0).all()
    fits = ((logits > 0) == mask) & (logits != 0)
    assert np.array_equal(agreed[fits], logits[fits])
