import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.masks.agreement import measure_agreement
from evaluation.scoring_grid import SQUARE_SIDE, ScoringGrid, crop_to_image, place_mask, place_prediction
from serving.grid import Grid
from serving.imagery.letterbox import Letterbox
from serving.mask import Mask
from serving.prediction import Prediction


def draw_smooth_logits(seed: int) -> NDArray[np.float32]:
    """Return (1024, 1024) logits as a decoder gives them: a quarter of that size, upsampled."""
    coarse = np.random.default_rng(seed).normal(size=(16, 16)).astype(np.float32)
    quarter = cv2.resize(coarse, (256, 256), interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.resize(quarter, (1024, 1024), interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def answer(logits: NDArray[np.float32], mask: NDArray[np.bool_]) -> Prediction:
    grid = Grid(*mask.shape)
    return Prediction(Mask(mask, grid), logits, score=0.5, found=bool(mask.any()), seconds={}, model_digest="0" * 64)


def test_the_square_is_padded_with_background() -> None:
    placed = place_mask(np.ones((100, 200), dtype=np.bool_), ScoringGrid.SQUARE)
    assert placed.shape == (SQUARE_SIDE, SQUARE_SIDE)
    assert placed[256:768].all()
    assert int(placed.sum()) == 512 * 1024


def test_the_native_grid_leaves_a_mask_as_it_is() -> None:
    mask = np.eye(7, 9, dtype=np.bool_)
    np.testing.assert_array_equal(place_mask(mask, ScoringGrid.NATIVE), mask)


@pytest.mark.parametrize("shape", [(512, 512), (800, 800), (700, 1500), (333, 200)])
def test_an_answer_on_the_square_is_nearly_the_models_own_square(shape: tuple[int, int]) -> None:
    box = Letterbox(*shape, SQUARE_SIDE)
    logits = draw_smooth_logits(seed=shape[0])
    truth = (logits > 0.3) & box.fit_mask(np.ones(shape, dtype=np.bool_))
    native = box.restore_logits(logits)
    placed = place_prediction(answer(native, native > 0.3), ScoringGrid.SQUARE)
    by_logits = measure_agreement(placed, truth).iou
    by_mask = measure_agreement(place_mask(native > 0.3, ScoringGrid.SQUARE), truth).iou
    assert by_logits > 0.995
    assert by_logits > by_mask


def test_an_image_of_the_squares_size_is_scored_as_it_was_answered() -> None:
    logits = draw_smooth_logits(seed=1)
    np.testing.assert_array_equal(place_prediction(answer(logits, logits > 0.2), ScoringGrid.SQUARE), logits > 0.2)


def test_an_answer_that_was_emptied_stays_empty() -> None:
    logits = draw_smooth_logits(seed=2)
    assert not place_prediction(answer(logits, np.zeros_like(logits, dtype=np.bool_)), ScoringGrid.SQUARE).any()


def test_a_full_answer_does_not_spill_into_the_padding() -> None:
    logits = np.full((10, 20), 3, dtype=np.float32)
    placed = place_prediction(answer(logits, logits > 0), ScoringGrid.SQUARE)
    assert int(placed.sum()) == 512 * 1024


def test_a_mask_that_no_threshold_gives_is_placed_as_a_mask() -> None:
    logits = draw_smooth_logits(seed=3)
    mask = np.zeros_like(logits, dtype=np.bool_)
    mask[:100] = True
    np.testing.assert_array_equal(place_prediction(answer(logits, mask), ScoringGrid.SQUARE), mask)


def test_cropping_takes_the_padding_off() -> None:
    placed = place_mask(np.ones((30, 60), dtype=np.bool_), ScoringGrid.SQUARE)
    cropped = crop_to_image(placed, height=30, width=60, grid=ScoringGrid.SQUARE)
    assert cropped.shape == (512, 1024)
    assert cropped.all()
