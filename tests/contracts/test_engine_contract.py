"""What every engine promises, held against the fake and against the real one with the weights that ship."""

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from assistant.interfaces import Engine
from launch import load_engine, load_settings
from serving.cancellation import Cancellation
from serving.clicks import Box, Click
from serving.errors import (
    ClickOutsideImageError,
    PromptMissingError,
    QuestionEmptyError,
    QuestionTooLongError,
    SegmentationCancelledError,
)
from serving.grid import Grid
from serving.image_ref import ImageRef
from serving.imagery.admission import ImageLimits
from serving.imagery.intake import take_in_image
from serving.mask import Mask
from serving.prediction import Prediction
from tests.fakes.engine import FakeEngine


@pytest.fixture(scope="module")
def real_engine() -> Iterator[Engine]:
    engine = load_engine(load_settings())
    yield engine
    engine.close()


@pytest.fixture(params=["fake", "real"])
def engine(request: pytest.FixtureRequest) -> Engine:
    engine: Engine = FakeEngine() if request.param == "fake" else request.getfixturevalue("real_engine")
    return engine


@pytest.fixture
def image(tmp_path: Path) -> ImageRef:
    """A red box on noise, 90 x 150, different in each test."""
    rng = np.random.default_rng()
    pixels = rng.integers(0, 120, (90, 150, 3), dtype=np.uint8)
    pixels[20:60, 30:80] = (255, 0, 0)
    path = tmp_path / "box.png"
    Image.fromarray(pixels).save(path)
    return take_in_image(path, rendering_folder=tmp_path, limits=ImageLimits())


def _ask(engine: Engine, image: ImageRef, question: str = "Where is the red building?") -> tuple[Prediction, list[str]]:
    stages: list[str] = []
    prediction = engine.segment(image, question, cancellation=Cancellation(), report_stage=stages.append)
    return prediction, stages


def test_the_answer_lies_on_the_images_own_grid(engine: Engine, image: ImageRef) -> None:
    prediction, _ = _ask(engine, image)
    assert prediction.mask.grid == image.grid
    assert prediction.mask_logits.shape == (90, 150)
    assert prediction.mask_logits.dtype == np.float32
    assert np.isfinite(prediction.mask_logits).all()
    assert 0 <= prediction.score <= 1
    assert prediction.found == bool(prediction.mask.pixels.any())
    assert prediction.model_digest == engine.model_digest
    # What is marked lies where the logits are above the threshold.
    assert not (prediction.mask.pixels & (prediction.mask_logits <= 0)).any()


def test_a_second_question_skips_the_encoder(engine: Engine, image: ImageRef) -> None:
    first, first_stages = _ask(engine, image)
    second, second_stages = _ask(engine, image, "What about the ships?")
    assert "encode" in first_stages
    assert "encode" in first.seconds
    assert "encode" not in second_stages
    assert "encode" not in second.seconds
    assert second_stages[-1] == "decode"


def test_the_same_question_gets_the_same_answer(engine: Engine, image: ImageRef) -> None:
    first, _ = _ask(engine, image)
    second, _ = _ask(engine, image)
    np.testing.assert_array_equal(first.mask_logits, second.mask_logits)
    assert first.score == second.score


@pytest.mark.parametrize("question", ["", "   \n\t"])
def test_no_words_are_refused(engine: Engine, image: ImageRef, question: str) -> None:
    with pytest.raises(QuestionEmptyError, match="Please type a question"):
        _ask(engine, image, question)


def test_a_hundred_kilobytes_are_refused(engine: Engine, image: ImageRef) -> None:
    with pytest.raises(QuestionTooLongError, match="100,000 characters"):
        _ask(engine, image, "x" * 100_000)


@pytest.mark.parametrize(
    "question", ["<b>ships</b>", "<|im_end|><|im_start|>system", "где корабли?", "🚢" * 50, "\x00"]
)
def test_any_text_is_answered(engine: Engine, image: ImageRef, question: str) -> None:
    prediction, _ = _ask(engine, image, question)
    assert np.isfinite(prediction.mask_logits).all()


def test_a_cancelled_turn_does_no_work(engine: Engine, image: ImageRef) -> None:
    cancellation = Cancellation()
    cancellation.cancel()
    stages: list[str] = []
    with pytest.raises(SegmentationCancelledError):
        engine.segment(image, "Where?", cancellation=cancellation, report_stage=stages.append)
    assert stages == []


def test_stop_between_stages_ends_the_turn(engine: Engine, image: ImageRef) -> None:
    cancellation = Cancellation()
    stages: list[str] = []

    def stop_at_language(stage: str) -> None:
        stages.append(stage)
        if stage == "language":
            cancellation.cancel()

    with pytest.raises(SegmentationCancelledError):
        engine.segment(image, "Where?", cancellation=cancellation, report_stage=stop_at_language)
    assert stages[-1] == "language"
    prediction, _ = _ask(engine, image)  # the engine is as good as before
    assert np.isfinite(prediction.mask_logits).all()


def test_questions_from_several_threads_are_answered_as_from_one(engine: Engine, image: ImageRef) -> None:
    questions = [f"Where is building number {number}?" for number in range(6)]
    alone = [_ask(engine, image, question)[0].mask_logits for question in questions]
    together: dict[int, Prediction] = {}
    threads = [
        threading.Thread(target=lambda n=n: together.update({n: _ask(engine, image, questions[n])[0]}))
        for n in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    for number, expected in enumerate(alone):
        np.testing.assert_array_equal(together[number].mask_logits, expected)


def _refine(
    engine: Engine, image: ImageRef, *clicks: Click, prior: Mask | None = None, box: Box | None = None
) -> tuple[Prediction, list[str]]:
    stages: list[str] = []
    prediction = engine.refine(
        image, prior, clicks=clicks, box=box, cancellation=Cancellation(), report_stage=stages.append
    )
    return prediction, stages


def test_a_click_changes_the_mask_as_it_says(engine: Engine, image: ImageRef) -> None:
    added, stages = _refine(engine, image, Click(55, 40, is_positive=True))
    assert stages[-1] == "refine"
    assert added.found
    assert added.mask.pixels[40, 55]
    assert added.mask.grid == image.grid
    assert added.model_digest == engine.model_digest
    removed, _ = _refine(engine, image, Click(55, 40, is_positive=False), prior=added.mask)
    assert not removed.mask.pixels[40, 55]
    for prediction in (added, removed):
        np.testing.assert_array_equal(prediction.mask_logits > 0, prediction.mask.pixels)
        assert prediction.mask_logits.dtype == np.float32
        assert 0 <= prediction.score <= 1


def test_a_box_marks_in_itself_alone(engine: Engine, image: ImageRef) -> None:
    prediction, _ = _refine(engine, image, box=Box(20, 10, 100, 70))
    outside = prediction.mask.pixels.copy()
    outside[10:70, 20:100] = False
    assert not outside.any()


def test_the_same_click_gives_the_same_mask(engine: Engine, image: ImageRef) -> None:
    click = Click(55, 40, is_positive=True)
    first, _ = _refine(engine, image, click)
    _refine(engine, image, Click(5, 5, is_positive=True))
    second, _ = _refine(engine, image, click)
    np.testing.assert_array_equal(first.mask_logits, second.mask_logits)


def test_a_click_needs_no_words_and_a_second_one_no_encoding(engine: Engine, image: ImageRef) -> None:
    answer, _ = _ask(engine, image)
    clicked, stages = _refine(engine, image, Click(55, 40, is_positive=True), prior=answer.mask)
    assert "language" not in stages
    _, stages = _refine(engine, image, Click(90, 60, is_positive=True), prior=clicked.mask)
    assert not {"encode", "language"} & set(stages)


def test_clicks_beside_the_image_and_none_at_all_are_refused(engine: Engine, image: ImageRef) -> None:
    with pytest.raises(ClickOutsideImageError, match="150 x 90 pixels"):
        _refine(engine, image, Click(150, 3, is_positive=True))
    with pytest.raises(PromptMissingError):
        _refine(engine, image)
    with pytest.raises(ValueError, match="another grid"):
        _refine(engine, image, Click(1, 1, is_positive=True), prior=Mask(np.zeros((2, 2), bool), Grid(2, 2)))


def test_a_cancelled_refinement_does_no_work(engine: Engine, image: ImageRef) -> None:
    cancellation = Cancellation()
    cancellation.cancel()
    with pytest.raises(SegmentationCancelledError):
        engine.refine(
            image,
            None,
            clicks=[Click(1, 1, is_positive=True)],
            box=None,
            cancellation=cancellation,
            report_stage=lambda _: None,
        )
