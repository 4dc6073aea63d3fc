import json
import zlib
from typing import Any

import numpy as np
import pytest

from evaluation.parity.golden_fill import draw_weights, formula_image, seed_key
from tests.golden.mini import GOLDEN_FOLDER

CHECKS: dict[str, Any] = json.loads((GOLDEN_FOLDER / "fill_check.json").read_text())


@pytest.mark.parametrize("name", CHECKS)
def test_drawn_values_are_bit_equal_to_the_spot_checks(name: str) -> None:
    check = CHECKS[name]

    values = draw_weights(name, check["shape"])

    assert values.dtype == np.float32
    assert zlib.crc32(seed_key(name).encode()) == check["crc32"]
    assert [float(value) for value in values.ravel()[:4]] == check["first4"]
    assert float(values.ravel()[-1]) == check["last"]
    assert values.sum(dtype=np.float64) == pytest.approx(check["sum_f64"], rel=1e-9, abs=1e-6)


def test_the_formula_picture_follows_the_written_formula() -> None:
    image = formula_image(3, 5, 1)

    row, column = 2, 4
    red = ((column**2 + row**2) >> 10) & 255
    green = (((column >> 5) ^ (row >> 5)) * 8 + 40) & 255
    blue = ((3 * column + 7 * row) >> 3) & 255
    assert image.shape == (3, 5, 3)
    assert image[row, column].tolist() == [red, green, blue]
