"""The engine refines: by what the model has, learned, prompted or classical, and never against a click."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from evaluation.parity.golden_model import build_golden_model
from serving.cancellation import Cancellation
from serving.clicks import Box, Click
from serving.engine import SegEarthEngine
from serving.errors import ClickOutsideImageError, PromptMissingError, RefinerMissingError, SegmentationCancelledError
from serving.grid import Grid
from serving.image_ref import ImageRef
from serving.imagery.admission import ImageLimits
from serving.imagery.intake import take_in_image
from serving.mask import Mask
from serving.model.refiner import ClickRefiner, RefinerConfig
from serving.prediction import Prediction
from serving.refinement.click_window import choose_window
from serving.refinement.kinds import RefinerKind
from serving.refinement.suggestions import SUGGESTION_CHANNELS
from serving.segment_anything.mobile_sam import MobileSam
from tests.fakes.silent_backend import SilentBackend
from tests.fakes.square_sam import build_square_sam
from tests.fakes.tiny_released import TINY_RELEASED

SIZES = RefinerConfig(mask_dim=32, level_dim=32, feature_dim=8, fine_dim=8, dims=(8, 12, 16))


def _build(refiner: ClickRefiner | None, sam: MobileSam | None = None) -> SegEarthEngine:
    model = build_golden_model(TINY_RELEASED).segearth
    return SegEarthEngine(
        model, SilentBackend(), model_digest="tiny", device=torch.device("cpu"), refiner=refiner, sam=sam
    )


def _build_with_suggestions() -> tuple[SegEarthEngine, list[tuple[float, float]]]:
    sam, asked = build_square_sam()
    refiner = ClickRefiner(dataclasses.replace(SIZES, suggestion_channels=SUGGESTION_CHANNELS))
    return _build(refiner, sam), asked


@pytest.fixture(params=list(RefinerKind))
def engine(request: pytest.FixtureRequest) -> SegEarthEngine:
    torch.manual_seed(1)
    match request.param:
        case RefinerKind.LEARNED:
            return _build(ClickRefiner(SIZES))
        case RefinerKind.PROMPTED:
            return _build(None, build_square_sam()[0])
        case _:
            return _build(None)


def _take_in(folder: Path, height: int, width: int) -> ImageRef:
    pixels = np.random.default_rng(height).integers(0, 255, (height, width, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(folder / "noise.png")
    return take_in_image(folder / "noise.png", rendering_folder=folder, limits=ImageLimits())


@pytest.fixture
def image(tmp_path: Path) -> ImageRef:
    return _take_in(tmp_path, 90, 150)


def _refine(
    engine: SegEarthEngine, image: ImageRef, *clicks: Click, prior: Mask | None = None, box: Box | None = None
) -> tuple[Prediction, list[str]]:
    stages: list[str] = []
    prediction = engine.refine(
        image, prior, clicks=clicks, box=box, cancellation=Cancellation(), report_stage=stages.append
    )
    return prediction, stages


def test_the_kind_follows_from_what_the_model_has(engine: SegEarthEngine, image: ImageRef) -> None:
    _, stages = _refine(engine, image, Click(40, 40, is_positive=True))
    expected = ["read", "refine"] if engine.refiner_kind is RefinerKind.CLASSICAL else ["read", "encode", "refine"]
    assert stages == expected


def test_a_second_click_finds_everything_cached(engine: SegEarthEngine, image: ImageRef) -> None:
    _refine(engine, image, Click(40, 40, is_positive=True))
    prediction, stages = _refine(engine, image, Click(90, 60, is_positive=True))
    assert stages == ["refine"]
    assert set(prediction.seconds) == {"refine"}


def test_suggestions_are_asked_for_in_the_square_of_the_window_and_kept(image: ImageRef) -> None:
    engine, asked = _build_with_suggestions()
    first = Click(75.0, 45.0, is_positive=True)  # the middle of 90 x 150
    before, stages = _refine(engine, image, first)
    assert stages == ["read", "encode", "encode", "refine"]
    assert asked == [pytest.approx((511.5, 511.5), abs=0.5)]
    _, stages = _refine(engine, image, first, Click(10.0, 10.0, is_positive=False))
    assert stages == ["refine"]
    assert len(asked) == 2
    again, _ = _refine(engine, image, first)
    np.testing.assert_array_equal(again.mask_logits, before.mask_logits)
    assert len(asked) == 2


def test_a_refiner_that_reads_suggestions_needs_somebody_who_makes_them() -> None:
    refiner = ClickRefiner(dataclasses.replace(SIZES, suggestion_channels=SUGGESTION_CHANNELS))
    with pytest.raises(ValueError, match="nobody makes"):
        _build(refiner)
    refiner = ClickRefiner(dataclasses.replace(SIZES, suggestion_channels=SUGGESTION_CHANNELS + 1))
    with pytest.raises(ValueError, match="nobody makes"):
        _build(refiner, build_square_sam()[0])


def test_suggestions_in_a_large_image_are_those_of_the_window(tmp_path: Path) -> None:
    engine, asked = _build_with_suggestions()
    image = _take_in(tmp_path, 700, 600)
    click = Click(560.0, 650.0, is_positive=True)
    _refine(engine, image, click)
    _refine(engine, image, click, Click(40.0, 40.0, is_positive=False))
    window = choose_window(image.grid, [click], None, side=160, margin=32)
    scale = 1024 / 160
    assert asked[0] == pytest.approx(((560 - window.left) * scale - 0.5, (650 - window.top) * scale - 0.5), abs=1)
    assert len(asked) == 3, "both clicks lie elsewhere in the larger window of both"


@pytest.mark.parametrize("size", [(90, 150), (1, 1), (3, 200), (700, 300)])
def test_clicks_are_obeyed_and_logits_say_the_same(
    engine: SegEarthEngine, tmp_path: Path, size: tuple[int, int]
) -> None:
    image = _take_in(tmp_path, *size)
    half = np.zeros(size, bool)
    half[: size[0] // 2] = True
    corner = Click(size[1] - 0.1, size[0] - 0.1, is_positive=True)
    start = Click(0, 0, is_positive=False)
    clicks = (corner,) if size == (1, 1) else (start, corner)
    prediction, _ = _refine(engine, image, *clicks, prior=Mask(half, image.grid))
    assert prediction.mask.grid == image.grid
    for click in clicks:
        assert prediction.mask.pixels[click.row_col] == click.is_positive
    np.testing.assert_array_equal(prediction.mask_logits > 0, prediction.mask.pixels)
    assert prediction.mask_logits.dtype == np.float32
    assert 0 <= prediction.score <= 1
    assert prediction.model_digest == engine.model_digest


def test_a_large_image_is_looked_at_around_the_click_alone(tmp_path: Path) -> None:
    engine = _build(ClickRefiner(SIZES))
    image = _take_in(tmp_path, 700, 600)
    prior = np.random.default_rng(0).random((700, 600)) < 0.5
    prediction, _ = _refine(engine, image, Click(560, 650, is_positive=True), prior=Mask(prior, image.grid))
    np.testing.assert_array_equal(prediction.mask.pixels[:400], prior[:400])
    np.testing.assert_array_equal(prediction.mask.pixels[:, :300], prior[:, :300])
    _, stages = _refine(engine, image, Click(40, 40, is_positive=True))
    assert "encode" in stages, "another window has features of its own"


def test_removing_everything_is_an_honest_nothing(engine: SegEarthEngine, image: ImageRef) -> None:
    one = np.zeros((90, 150), bool)
    one[40, 40] = True
    prediction, _ = _refine(engine, image, Click(40.5, 40.5, is_positive=False), prior=Mask(one, image.grid))
    assert not prediction.found
    assert not prediction.mask.pixels.any()


def test_what_was_not_pointed_at_is_refused(engine: SegEarthEngine, image: ImageRef) -> None:
    with pytest.raises(PromptMissingError):
        _refine(engine, image)
    with pytest.raises(ClickOutsideImageError):
        _refine(engine, image, Click(150, 2, is_positive=True))


def test_a_prior_of_another_image_is_an_error_of_ours(engine: SegEarthEngine, image: ImageRef) -> None:
    other = Mask(np.zeros((90, 151), bool), Grid(90, 151))
    with pytest.raises(ValueError, match="another grid"):
        _refine(engine, image, Click(2, 2, is_positive=True), prior=other)


@pytest.mark.parametrize("kind", [RefinerKind.LEARNED, RefinerKind.PROMPTED])
def test_a_refiner_by_name_has_to_be_there(image: ImageRef, kind: RefinerKind) -> None:
    with pytest.raises(RefinerMissingError, match=f"no {kind.value} click refiner"):
        _build(None).refine_by(
            kind,
            image,
            None,
            clicks=[Click(2, 2, is_positive=True)],
            box=None,
            cancellation=Cancellation(),
            report_stage=lambda _: None,
        )


def test_stop_is_heard_before_the_refining(engine: SegEarthEngine, image: ImageRef) -> None:
    cancellation = Cancellation()
    stages: list[str] = []

    def stop_at_read(stage: str) -> None:
        stages.append(stage)
        cancellation.cancel()

    with pytest.raises(SegmentationCancelledError):
        engine.refine(
            image,
            None,
            clicks=[Click(2, 2, is_positive=True)],
            box=None,
            cancellation=cancellation,
            report_stage=stop_at_read,
        )
    assert stages == ["read"]
