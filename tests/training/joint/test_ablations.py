"""Every ablation of the paper is a switch: it trains a few steps, learns, and reloads to equal outputs."""

from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate.state import AcceleratorState

from tests.fakes.tokenizer import ByteTokenizer
from tests.training.joint.tiny import SIDE, build_experiment, write_shapes
from training.joint.batches import JointBatches, Share
from training.joint.checkpoint_folder import save_network
from training.joint.experiment import Experiment
from training.joint.network import JointNetwork
from training.joint.starting import build_network, load_network
from training.joint.trainer import JointTrainer, build_accelerator
from training.sources import load_images

ABLATIONS: dict[str, dict[str, Any]] = {
    "as the paper": {},
    "pooled tokens": {"compressor": {"kind": "pooling"}},
    "all tokens": {"compressor": {"kind": "none"}},
    "more tokens": {"compressor": {"halvings": 1}},
    "no description projector": {"projector": {"fuses_image": False}},
    "query from the SEG token": {"projector": {"query_source": "seg_token"}},
    "query from learned tokens": {"projector": {"query_source": "learned", "learned_token_count": 3}},
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shapes(tmp_path_factory.mktemp("shapes") / "cells")


@pytest.fixture(autouse=True)
def _fresh_accelerator() -> None:
    AcceleratorState._reset_state(reset_partial_state=True)  # a process has one; accelerate's own tests do this


def _total_loss(network: JointNetwork, experiment: Experiment) -> float:
    """The loss on fixed images at fixed points."""
    samples = load_images("folder", Path(experiment.data.root), "train")
    batches = JointBatches(samples, experiment.data, Share(3), side=SIDE, seed=1, length=1)
    torch.manual_seed(0)
    with torch.no_grad():
        return float(network.eval()(batches[0]).total)


@pytest.mark.parametrize("name", ABLATIONS)
def test_it_learns_and_reloads_to_equal_outputs(name: str, root: Path, tmp_path: Path) -> None:
    experiment = build_experiment(root, steps=20, model=ABLATIONS[name])
    network = build_network(experiment, cache_dir=tmp_path, tokenizer=ByteTokenizer())
    before = _total_loss(network, experiment)
    samples = load_images("folder", root, "train")
    trainer = JointTrainer(
        network, samples, [], experiment, tmp_path / "run", build_accelerator(experiment, on_cpu=True)
    )
    trainer.run()

    assert _total_loss(network, experiment) < 0.9 * before

    save_network(network, tmp_path / "out", experiment, seconds=trainer.seconds, sources=["cells"])
    loaded = load_network(tmp_path / "out", cache_dir=tmp_path, tokenizer=ByteTokenizer())
    images = torch.randint(0, 256, (2, SIDE, SIDE, 3), dtype=torch.uint8)
    questions = [["Which cells?", "x"], ["Where is the blue gel?", "And the red one?"]]
    expected, found = network.eval().predict(images, questions), loaded.predict(images, questions)
    torch.testing.assert_close(found.mask_logits, expected.mask_logits, atol=1e-6, rtol=1e-6)
    assert not torch.allclose(expected.mask_logits[:, 0], expected.mask_logits[:, 1], atol=1e-6), "the words matter"
