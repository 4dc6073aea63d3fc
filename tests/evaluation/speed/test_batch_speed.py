import torch

from evaluation.parity.golden_model import build_golden_model
from evaluation.speed.batches import measure_batch
from tests.fakes.tiny_released import TINY_RELEASED


def test_both_halves_are_compared_one_by_one_and_together() -> None:
    model = build_golden_model(TINY_RELEASED).segearth.eval()
    sizes: list[int] = []
    model.encoder.register_forward_pre_hook(lambda _, inputs: sizes.append(len(inputs[0])))
    encode, decode = measure_batch(model, device=torch.device("cpu"), images=2, rounds=1)
    assert (encode["part"], decode["part"], encode["images"]) == ("encode", "decode", 2)
    assert sizes == [2, 1, 1, 2, 1, 1, 2]
    assert min(float(row[name]) for row in (encode, decode) for name in ("one_by_one_s", "together_s")) > 0
