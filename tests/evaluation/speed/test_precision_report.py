"""Precisions are measured one by one, and their masks compared with those of fp32."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from evaluation.speed.precision import compare_masks, measure
from serving.model_choice import ModelChoice
from tests.fakes.tiny_released import write_tiny_checkpoint


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "noise.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (50, 70, 3), dtype=np.uint8)).save(path)
    return path


def test_each_image_is_asked_cold_and_with_kept_features(tmp_path: Path, picture: Path) -> None:
    folder = write_tiny_checkpoint(tmp_path / "tiny")

    measurement, masks = measure(folder, [picture], ModelChoice(folder, "bf16"), threads=None)

    assert [mask.shape for mask in masks] == [(50, 70), (50, 70)]
    assert list(measurement.cold) == ["read", "encode", "language", "decode"]
    assert list(measurement.cached) == ["language", "decode"]
    assert measurement.import_rss_bytes <= measurement.loaded_rss_bytes <= measurement.turn_rss_bytes
    # A Python process with PyTorch: anything else would be a mistaken unit.
    assert 50e6 < measurement.loaded_rss_bytes < 50e9


def test_masks_are_compared_by_intersection_over_union() -> None:
    one = np.array([[True, True, False, False]])
    other = np.array([[True, False, True, False]])
    empty = np.zeros_like(one)

    assert compare_masks([one, one, empty, one], [one, other, empty, empty]) == [1.0, pytest.approx(1 / 3), 1.0, 0.0]
