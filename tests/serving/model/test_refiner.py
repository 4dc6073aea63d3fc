"""The refiner's head and its file: shapes, what it sees, and whose features it refuses."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from evaluation.parity.golden_model import build_golden_model
from serving.errors import CheckpointMismatchError, RefinerOutdatedError
from serving.model.checkpoint import REFINER_NAME
from serving.model.features import PixelFeatures
from serving.model.refiner import ClickRefiner, RefinerConfig
from serving.model.refiner_file import digest_features, load_refiner, save_refiner
from tests.fakes.tiny_released import TINY_RELEASED

CONFIG = RefinerConfig(mask_dim=32, level_dim=32, feature_dim=8, fine_dim=8, dims=(8, 12, 16))


@pytest.fixture(autouse=True)
def _same_weights() -> None:
    torch.manual_seed(0)


def _features(batch: int = 1, side: int = 64) -> PixelFeatures:
    levels = [torch.randn(batch, 32, side // stride, side // stride) for stride in (32, 16, 8)]
    return PixelFeatures((levels[0], levels[1], levels[2]), torch.randn(batch, 32, side // 4, side // 4))


def test_the_head_answers_at_half_the_squares_side() -> None:
    logits = ClickRefiner(CONFIG)(_features(2), torch.rand(2, 3, 32, 32), torch.rand(2, 4, 32, 32))
    assert logits.shape == (2, 1, 32, 32)


def test_a_batch_gets_what_each_image_gets_alone() -> None:
    head = ClickRefiner(CONFIG).eval()
    features, rgb, prompts = _features(2), torch.rand(2, 3, 32, 32) * 255, torch.rand(2, 4, 32, 32)
    together = head(features, rgb, prompts)
    second = PixelFeatures(
        (features.multi_scale[0][1:], features.multi_scale[1][1:], features.multi_scale[2][1:]),
        features.mask_features[1:],
    )
    torch.testing.assert_close(head(second, rgb[1:], prompts[1:]), together[1:], atol=1e-5, rtol=1e-4)


def test_maps_of_another_size_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        ClickRefiner(CONFIG)(_features(), torch.rand(1, 3, 16, 16), torch.rand(1, 4, 16, 16))


def test_every_weight_matters_for_some_click() -> None:
    head = ClickRefiner(CONFIG)
    prompts = torch.rand(1, 4, 32, 32)
    head(_features(), torch.rand(1, 3, 32, 32), prompts).square().mean().backward()
    without = [name for name, parameter in head.named_parameters() if parameter.grad is None]
    assert without == []


def test_the_file_gives_back_the_head(tmp_path: Path) -> None:
    head = ClickRefiner(CONFIG)
    save_refiner(head, tmp_path, features_digest="ab")
    loaded = load_refiner(tmp_path, features_digest="ab")
    assert loaded is not None
    assert loaded.config == CONFIG
    for name, tensor in head.state_dict().items():
        torch.testing.assert_close(loaded.state_dict()[name], tensor.half().float(), rtol=0, atol=0)


def test_a_refiner_of_other_weights_is_refused_in_words(tmp_path: Path) -> None:
    save_refiner(ClickRefiner(CONFIG), tmp_path, features_digest="ab")
    with pytest.raises(RefinerOutdatedError, match=r"trained on other weights.*segearth train refiner"):
        load_refiner(tmp_path, features_digest="cd")


def test_no_file_is_no_refiner(tmp_path: Path) -> None:
    assert load_refiner(tmp_path, features_digest="ab") is None


def test_a_damaged_file_is_refused_in_words(tmp_path: Path) -> None:
    save_refiner(ClickRefiner(CONFIG), tmp_path, features_digest="ab")
    path = tmp_path / REFINER_NAME
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(CheckpointMismatchError, match=r"refiner.*damaged"):
        load_refiner(tmp_path, features_digest="ab")


def test_a_file_without_sizes_is_refused_in_words(tmp_path: Path) -> None:
    save_refiner(ClickRefiner(CONFIG), tmp_path, features_digest="ab")
    save_file(load_file(tmp_path / REFINER_NAME), tmp_path / REFINER_NAME)
    with pytest.raises(CheckpointMismatchError, match="another version"):
        load_refiner(tmp_path, features_digest="ab")


def test_the_digest_of_features_ignores_what_makes_none() -> None:
    model = build_golden_model(TINY_RELEASED).segearth
    before = digest_features(model)
    with torch.no_grad():
        model.mask_decoder.level_embed.weight.add_(1)
    assert digest_features(model) == before
    with torch.no_grad():
        model.pixel_decoder.level_embed.add_(1)
    assert digest_features(model) != before
