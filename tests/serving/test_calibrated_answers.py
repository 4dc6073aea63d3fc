"""Temperatures change what an answer states, never what it marks."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from assistant.planning import to_confidence
from evaluation.parity.golden_model import build_golden_model
from serving.calibration import Temperatures
from serving.cancellation import Cancellation
from serving.engine import SegEarthEngine
from serving.image_ref import ImageRef
from serving.imagery.admission import ImageLimits
from serving.imagery.intake import take_in_image
from serving.prediction import Prediction
from tests.fakes.same_words_backend import SameWordsBackend
from tests.fakes.tiny_released import TINY_RELEASED


@pytest.fixture
def image(tmp_path: Path) -> ImageRef:
    pixels = np.random.default_rng(3).integers(0, 255, (60, 80, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "noise.png")
    return take_in_image(tmp_path / "noise.png", rendering_folder=tmp_path, limits=ImageLimits())


def ask(image: ImageRef, temperatures: Temperatures) -> Prediction:
    model = build_golden_model(TINY_RELEASED).segearth
    model.config = dataclasses.replace(
        model.config, mask_temperature=temperatures.mask, presence_temperature=temperatures.presence
    )
    engine = SegEarthEngine(model, SameWordsBackend(), model_digest="tiny", device=torch.device("cpu"))
    assert engine.temperatures == temperatures
    return engine.segment(image, "Where?", cancellation=Cancellation(), report_stage=lambda _: None)


@pytest.mark.parametrize("temperature", [0.4, 1.7, 6.0])
def test_the_mask_stays_and_its_confidence_moves_towards_even_odds(image: ImageRef, temperature: float) -> None:
    before, after = ask(image, Temperatures()), ask(image, Temperatures(mask=temperature))
    assert before.mask_logits.min() < 0 < before.mask_logits.max()
    np.testing.assert_array_equal(after.mask.pixels, before.mask.pixels)
    np.testing.assert_allclose(after.mask_logits * temperature, before.mask_logits, rtol=1e-5)
    assert after.mask_logits.dtype == np.float32


def test_the_kept_confidence_cut_in_the_middle_gives_the_same_mask(image: ImageRef) -> None:
    before, after = ask(image, Temperatures()), ask(image, Temperatures(mask=2.5))
    np.testing.assert_array_equal(to_confidence(after.mask_logits) >= 128, before.mask.pixels)


@pytest.mark.parametrize("temperatures", [(0.0, 1.0), (1.0, -2.0)])
def test_a_temperature_is_positive(temperatures: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="positive"):
        Temperatures(*temperatures)
