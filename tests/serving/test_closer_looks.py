"""The engine looks at a large image as a whole and in tiles, says how far it is, and can be stopped in between."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from evaluation.parity.golden_model import build_golden_model
from serving.cancellation import Cancellation
from serving.engine import SegEarthEngine
from serving.errors import SegmentationCancelledError
from serving.image_ref import ImageRef
from serving.imagery.admission import ImageLimits
from serving.imagery.intake import take_in_image
from serving.prediction import Prediction
from tests.fakes.same_words_backend import SameWordsBackend
from tests.fakes.tiny_released import TINY_RELEASED

SIDE = TINY_RELEASED.input_size
HEIGHT, WIDTH = SIDE, 2 * SIDE  # two tiles


def _build(*, max_tiles: int) -> SegEarthEngine:
    model = build_golden_model(TINY_RELEASED).segearth
    return SegEarthEngine(
        model, SameWordsBackend(), model_digest="tiny", device=torch.device("cpu"), max_tiles=max_tiles
    )


@pytest.fixture
def image(tmp_path: Path) -> ImageRef:
    pixels = np.random.default_rng(4).integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "noise.png")
    return take_in_image(tmp_path / "noise.png", rendering_folder=tmp_path, limits=ImageLimits())


def _ask(engine: SegEarthEngine, image: ImageRef) -> tuple[Prediction, list[str]]:
    stages: list[str] = []
    prediction = engine.segment(image, "Where?", cancellation=Cancellation(), report_stage=stages.append)
    return prediction, stages


def test_each_tile_is_told_and_timed(image: ImageRef) -> None:
    prediction, stages = _ask(_build(max_tiles=9), image)

    assert stages == ["read", "encode", "language", "decode", "closer 1/2", "closer 2/2"]
    assert set(prediction.seconds) == {"read", "encode", "language", "decode", "closer"}
    assert prediction.mask_logits.shape == (HEIGHT, WIDTH)


def test_weights_that_were_measured_with_one_look_keep_it(image: ImageRef) -> None:
    _, stages = _ask(_build(max_tiles=0), image)

    assert stages == ["read", "encode", "language", "decode"]


def test_what_is_seen_in_a_tile_is_what_is_seen_in_it_alone(image: ImageRef, tmp_path: Path) -> None:
    engine = _build(max_tiles=9)
    whole, _ = _ask(engine, image)
    with Image.open(tmp_path / "noise.png") as picture:
        tile = round(1.25 * SIDE)
        picture.crop((0, 0, tile, HEIGHT)).save(tmp_path / "left.png")
    left = take_in_image(tmp_path / "left.png", rendering_folder=tmp_path, limits=ImageLimits())

    alone, _ = _ask(engine, left)

    free = WIDTH - tile  # columns that the second tile does not reach
    np.testing.assert_allclose(whole.mask_logits[:, :free], alone.mask_logits[:, :free], atol=1e-4)


def test_it_stops_between_tiles(image: ImageRef) -> None:
    cancellation = Cancellation()
    stages: list[str] = []

    def stop_at_the_first_tile(stage: str) -> None:
        stages.append(stage)
        if stage == "closer 1/2":
            cancellation.cancel()

    with pytest.raises(SegmentationCancelledError):
        _build(max_tiles=9).segment(image, "Where?", cancellation=cancellation, report_stage=stop_at_the_first_tile)
    assert stages[-1] == "closer 1/2"
