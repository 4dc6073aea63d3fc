"""Colours move, the picture stays: its size, its place, and what is not part of it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from training.colour import imitate_sensor, jitter_colour

SIDE = 48


@pytest.fixture(scope="module")
def picture() -> NDArray[np.uint8]:
    """A gradient with a bright square, in the middle of black padding."""
    rows, columns = np.mgrid[0:32, 0:32]
    inner = np.stack([40 + 4 * rows, 60 + 3 * columns, 200 - 2 * rows - 2 * columns], axis=2)
    inner[8:16, 8:16] = (250, 240, 230)
    padded = np.zeros((SIDE, SIDE, 3), np.uint8)
    padded[8:40, 8:40] = inner.astype(np.uint8)
    return padded


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_another_sensor_sees_the_same_ground(picture: NDArray[np.uint8], seed: int) -> None:
    seen = imitate_sensor(picture, np.random.default_rng(seed))
    assert seen.dtype == np.uint8
    assert seen.shape == picture.shape
    assert not seen[~picture.any(axis=2)].any(), "padding stays black"


def test_the_same_seed_sees_the_same(picture: NDArray[np.uint8]) -> None:
    first, second = (imitate_sensor(picture, np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_sensors_differ_in_bands_sharpness_and_stretch(picture: NDArray[np.uint8]) -> None:
    seen = [imitate_sensor(picture, np.random.default_rng(seed)).astype(float) for seed in range(60)]
    assert any(np.ptp(image, axis=2).max() <= 1 for image in seen), "one has a single band"
    green_over_blue = picture[..., 1].mean() > picture[..., 2].mean()
    swapped = [image for image in seen if (image[..., 1].mean() > image[..., 2].mean()) != green_over_blue]
    assert 1 <= len(swapped) < 60, "some show the bands in another order, most do not"
    assert any(image.max() > picture.max() for image in seen), "one is stretched"


def test_a_camera_keeps_size_and_type(picture: NDArray[np.uint8]) -> None:
    seen = jitter_colour(picture, np.random.default_rng(3))
    assert seen.dtype == np.uint8
    assert seen.shape == picture.shape
    assert not np.array_equal(seen, picture)
