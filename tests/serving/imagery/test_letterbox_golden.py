import numpy as np
import pytest

from evaluation.parity.golden_fill import formula_image
from serving.imagery.letterbox import Letterbox
from tests.golden.mini import load_mini_case

SIDE = 1024


@pytest.mark.parametrize("number", range(7))
def test_fitted_image_is_byte_for_byte_that_of_the_reference(number: int) -> None:
    case = load_mini_case(f"letterbox/{number}")
    height, width, k = case.arrays["size"].tolist()

    square = Letterbox(height, width, SIDE).fit_image(formula_image(height, width, k)).transpose(2, 0, 1)

    np.testing.assert_array_equal(square[:, ::61, ::53], case.arrays["sample"])
    np.testing.assert_array_equal(square.sum(axis=(1, 2), dtype=np.int64), case.arrays["channel_sums"])
    np.testing.assert_array_equal(square[:, ::16].sum(axis=(0, 2), dtype=np.int64), case.arrays["row_sums"])


@pytest.mark.parametrize("number", range(7))
def test_fitted_mask_is_that_of_the_reference(number: int) -> None:
    case = load_mini_case(f"letterbox/{number}")
    height, width, k = case.arrays["size"].tolist()
    is_red = formula_image(height, width, k)[:, :, 0] > 127

    square = Letterbox(height, width, SIDE).fit_mask(is_red)

    np.testing.assert_array_equal(np.packbits(square[::4, ::4]), case.arrays["mask_sample"])
    assert square.sum() == case.arrays["mask_sum"][0]
