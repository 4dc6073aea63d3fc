import numpy as np
import pytest
from hypothesis import given

from assistant.masks.agreement import Agreement, measure_agreement
from serving.mask import Mask
from tests.assistant.masks.strategies import masks, masks_on_one_grid


def test_two_empty_masks_agree_completely() -> None:
    nothing = np.zeros((3, 4), dtype=np.bool_)
    assert measure_agreement(nothing, nothing).iou == 1.0


def test_an_exact_half_overlap_stays_below_one_half() -> None:
    whole = np.ones((2, 2), dtype=np.bool_)
    half = np.array([[True, True], [False, False]])
    agreement = measure_agreement(half, whole)
    assert agreement == Agreement(intersection_px=2, union_px=4)
    assert agreement.iou == 2 / (4 + 1e-5)
    assert agreement.iou < 0.5


def test_masks_that_share_no_pixel_have_no_iou() -> None:
    left = np.array([[True, False]])
    assert measure_agreement(left, ~left).iou == 0.0


@given(pair=masks_on_one_grid(count=2))
def test_agreement_does_not_depend_on_the_order(pair: tuple[Mask, Mask]) -> None:
    first, second = pair
    assert measure_agreement(first.pixels, second.pixels) == measure_agreement(second.pixels, first.pixels)


@given(pair=masks_on_one_grid(count=2))
def test_shared_and_joined_pixels_add_up_to_both_masks(pair: tuple[Mask, Mask]) -> None:
    first, second = pair
    agreement = measure_agreement(first.pixels, second.pixels)
    assert agreement.intersection_px + agreement.union_px == first.pixel_count + second.pixel_count
    assert 0.0 <= agreement.iou <= 1.0


@given(mask=masks())
def test_a_mask_agrees_with_itself(mask: Mask) -> None:
    assert measure_agreement(mask.pixels, mask.pixels).iou == pytest.approx(1.0, abs=2e-5)


def test_masks_of_different_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="differ in shape"):
        measure_agreement(np.ones((2, 2), dtype=np.bool_), np.ones((1, 2), dtype=np.bool_))


def test_masks_that_are_not_bool_are_refused() -> None:
    # A mask of 0 and 255 would count bits of a bitwise and, silently.
    with pytest.raises(TypeError, match="uint8"):
        measure_agreement(np.full((2, 2), 255, dtype=np.uint8), np.ones((2, 2), dtype=np.bool_))
