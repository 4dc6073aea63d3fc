"""The stretch looks at valid pixels only and never leaves 0..255."""

import warnings

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from serving.imagery.stretch import Stretch, measure_stretch

BANDS = st.sampled_from(["uint16", "int16", "uint32", "int32", "float32", "float64", "int64"]).flatmap(
    lambda dtype: arrays.arrays(dtype, arrays.array_shapes(min_dims=2, max_dims=2, max_side=9))
)


def usable_of(band: NDArray[np.generic]) -> NDArray[np.bool_]:
    return np.isfinite(band.astype(np.float64))


def test_the_2nd_and_98th_percentile_become_black_and_white() -> None:
    band = np.arange(101, dtype=np.uint16).reshape(1, 101) * 10
    stretch = measure_stretch(band, usable_of(band))
    assert stretch == Stretch(20.0, 980.0)
    shown = stretch.apply(band)[0]
    assert (shown[0], shown[2], shown[50], shown[98], shown[100]) == (0, 0, 128, 255, 255)


def test_unusable_pixels_do_not_move_the_stretch() -> None:
    band = np.arange(101, dtype=np.int16).reshape(1, 101)
    with_nodata = np.concatenate([band, np.full((1, 500), -9999, dtype=np.int16)], axis=1)
    assert measure_stretch(with_nodata, with_nodata > -9999) == measure_stretch(band, band > -9999)


def test_a_few_bright_objects_on_a_constant_ground_are_seen() -> None:
    band = np.full((30, 30), 7, dtype=np.uint16)
    band[3, 4] = 4000
    stretch = measure_stretch(band, usable_of(band))
    assert stretch == Stretch(7.0, 4000.0)


def test_without_a_usable_pixel_there_is_no_stretch() -> None:
    assert measure_stretch(np.full((3, 3), np.nan), np.zeros((3, 3), dtype=bool)) is None


def test_the_only_usable_pixel_is_found_between_the_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serving.imagery.stretch._SAMPLE_PIXELS", 4)
    band = np.zeros((10, 10), dtype=np.float32)
    usable = np.zeros((10, 10), dtype=bool)
    band[1, 1], usable[1, 1] = 42.0, True
    assert measure_stretch(band, usable) == Stretch(42.0, 42.0)


@pytest.mark.parametrize(("value", "shown"), [(0.0, 0), (3.0, 128), (np.nan, 0)])
def test_a_constant_band_is_grey_unless_it_is_zero(value: float, shown: int) -> None:
    band = np.array([[value]])
    stretch = measure_stretch(band, usable_of(band)) or Stretch(5.0, 5.0)
    assert stretch.apply(band)[0, 0] == shown


def test_infinities_go_to_the_ends_and_nan_to_black() -> None:
    band = np.array([[-np.inf, np.nan, 0.0, 1.0, np.inf]])
    assert Stretch(0.0, 1.0).apply(band).tolist() == [[0, 0, 0, 255, 255]]


@given(band=BANDS)
def test_brighter_values_are_never_shown_darker(band: NDArray[np.generic]) -> None:
    usable = usable_of(band)
    stretch = measure_stretch(band, usable)
    if stretch is None:
        assert not usable.any()
        return
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        shown = stretch.apply(band)
    order = np.argsort(band[usable], kind="stable")
    assert (np.diff(shown[usable][order].astype(int)) >= 0).all()


@given(band=BANDS, rows=st.integers(1, 9))
def test_rows_stretched_in_pieces_equal_the_whole(band: NDArray[np.generic], rows: int) -> None:
    stretch = measure_stretch(band, usable_of(band)) or Stretch(0.0, 1.0)
    pieces = [stretch.apply(band[start : start + rows]) for start in range(0, band.shape[0], rows)]
    np.testing.assert_array_equal(np.concatenate(pieces), stretch.apply(band))
