"""What is computed together is what is computed alone."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from evaluation.parity.golden_model import build_golden_model
from serving.batched_model import BatchedModel
from serving.cancellation import Cancellation
from serving.compute_lock import ComputeLock
from serving.errors import SegmentationCancelledError
from serving.feature_cache import FeatureCache
from serving.model.features import ImageFeatures, MaskPrediction
from serving.model.segearth import SegEarth
from tests.fakes.tiny_released import TINY_RELEASED

# Sums in another order: float32 has seven digits, of values of about ten.
TINY = 1e-4
COUNT = 4


class Desk:
    """A model asked by several turns at once."""

    def __init__(self, model: SegEarth, *, max_size: int) -> None:
        self.lock = ComputeLock()
        self.kept: FeatureCache[ImageFeatures] = FeatureCache(10**9)
        self.model = BatchedModel(model, self.kept, max_size=max_size, lock=self.lock)
        self.sizes: list[int] = []
        model.encoder.register_forward_pre_hook(lambda _, inputs: self.sizes.append(len(inputs[0])))
        model.mask_decoder.register_forward_pre_hook(lambda _, inputs: self.sizes.append(len(inputs[0])))

    def encode(self, key: str, rgb: NDArray[np.uint8], cancellation: Cancellation | None = None) -> ImageFeatures:
        with torch.inference_mode():
            return self.model.encode(key, rgb, cancellation or Cancellation())

    def decode(self, features: ImageFeatures, hidden: Tensor) -> MaskPrediction:
        with torch.inference_mode():
            return self.model.decode(features, hidden, Cancellation())

    def await_waiting(self, count: int) -> None:
        """Return when `count` turns wait for the device."""
        ticks = Event()
        for _ in range(5_000):
            if self.model.waiting == count:
                return
            ticks.wait(0.002)
        pytest.fail(f"{self.model.waiting} wait, not {count}")


@pytest.fixture
def desk() -> Desk:
    return Desk(build_golden_model(TINY_RELEASED).segearth.eval(), max_size=COUNT)


@pytest.fixture
def alone() -> Desk:
    return Desk(build_golden_model(TINY_RELEASED).segearth.eval(), max_size=1)


def draw(number: int) -> NDArray[np.uint8]:
    """Noise, in another size for each number."""
    return np.random.default_rng(number).integers(0, 255, (40 + 7 * number, 60, 3), dtype=np.uint8)


def question(number: int) -> Tensor:
    generator = torch.Generator().manual_seed(number)
    return torch.randn(3 + number, TINY_RELEASED.projector.text_dim, generator=generator)


def encode_together(desk: Desk, keys: list[str], pictures: list[NDArray[np.uint8]]) -> list[ImageFeatures]:
    with ThreadPoolExecutor(max_workers=len(keys)) as turns:
        with desk.lock.hold(Cancellation()):
            futures = [turns.submit(desk.encode, key, rgb) for key, rgb in zip(keys, pictures, strict=True)]
            desk.await_waiting(len(keys))
        return [future.result() for future in futures]


def flatten(features: ImageFeatures) -> Tensor:
    parts = (features.visual_tokens, features.res5, *features.pixel.multi_scale, features.pixel.mask_features)
    return torch.cat([part.flatten() for part in parts])


def test_features_are_the_same_together_as_alone(desk: Desk, alone: Desk) -> None:
    together = encode_together(desk, [str(n) for n in range(COUNT)], [draw(n) for n in range(COUNT)])
    assert desk.sizes == [COUNT]
    for number, features in enumerate(together):
        expected = alone.encode(str(number), draw(number))
        assert (flatten(features) - flatten(expected)).abs().max() < TINY


def test_masks_are_the_same_together_as_alone(desk: Desk, alone: Desk) -> None:
    features = [alone.encode(str(number), draw(number)) for number in range(COUNT)]
    with ThreadPoolExecutor(max_workers=COUNT) as turns:
        with desk.lock.hold(Cancellation()):
            futures = [turns.submit(desk.decode, features[number], question(number)) for number in range(COUNT)]
            desk.await_waiting(COUNT)
        together = [future.result() for future in futures]
    assert desk.sizes == [COUNT]
    for number, answer in enumerate(together):
        expected = alone.decode(features[number], question(number))
        assert (answer.mask_logits - expected.mask_logits).abs().max() < TINY


def test_an_image_that_several_turns_ask_about_is_encoded_once(desk: Desk) -> None:
    first, second, other = encode_together(desk, ["a", "a", "b"], [draw(0), draw(0), draw(1)])
    assert desk.sizes == [2]
    assert first is second
    assert first is not other


def test_kept_features_hold_no_memory_of_others(desk: Desk) -> None:
    together = encode_together(desk, ["a", "b"], [draw(0), draw(1)])
    tensor = together[0].pixel.mask_features
    assert tensor.untyped_storage().nbytes() == tensor.nelement() * tensor.element_size()
    assert desk.kept.get("a") is together[0]


def test_picture_that_cannot_be_encoded_hurts_no_other(desk: Desk) -> None:
    broken = np.zeros((40, 60), np.uint8)
    with ThreadPoolExecutor(max_workers=2) as turns:
        with desk.lock.hold(Cancellation()):
            good, bad = turns.submit(desk.encode, "a", draw(0)), turns.submit(desk.encode, "b", broken)
            desk.await_waiting(2)
        assert good.result().res5.isfinite().all()
        with pytest.raises(RuntimeError, match="size of tensor"):
            bad.result()


def test_stopped_turn_is_left_out_of_the_batch(desk: Desk) -> None:
    cancellation = Cancellation()
    with ThreadPoolExecutor(max_workers=2) as turns:
        with desk.lock.hold(Cancellation()):
            good, stopped = (
                turns.submit(desk.encode, "a", draw(0)),
                turns.submit(desk.encode, "b", draw(1), cancellation),
            )
            desk.await_waiting(2)
            cancellation.cancel()
        assert good.result().res5.isfinite().all()
        with pytest.raises(SegmentationCancelledError):
            stopped.result()
    assert desk.sizes == [1]
