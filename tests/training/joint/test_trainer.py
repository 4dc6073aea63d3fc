"""A training that stops goes on to the same weights; another experiment does not go on in its place."""

import dataclasses
from pathlib import Path

import pytest
import torch
from accelerate.state import AcceleratorState

from tests.fakes.tokenizer import ByteTokenizer
from tests.training.joint.tiny import build_experiment, write_shapes
from training.checkpointing import read_rows
from training.errors import ExperimentChangedError
from training.joint.checkpoint_folder import save_network
from training.joint.experiment import Experiment, TrainedConfig
from training.joint.network import JointNetwork
from training.joint.starting import build_network, count_parameters, load_network
from training.joint.trainer import JointTrainer, build_accelerator
from training.sources import load_images


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shapes(tmp_path_factory.mktemp("shapes") / "cells")


@pytest.fixture(autouse=True)
def _fresh_accelerator() -> None:
    AcceleratorState._reset_state(reset_partial_state=True)  # a process has one; accelerate's own tests do this


def _build(experiment: Experiment, run_dir: Path) -> tuple[JointTrainer, JointNetwork]:
    root = Path(experiment.data.root)
    network = build_network(experiment, cache_dir=run_dir, tokenizer=ByteTokenizer())
    train, val = load_images("folder", root, "train"), load_images("folder", root, "val")
    return JointTrainer(network, train, val, experiment, run_dir, build_accelerator(experiment, on_cpu=True)), network


def test_a_training_that_stopped_ends_with_the_same_weights(root: Path, tmp_path: Path) -> None:
    # Stochastic depth and colour are drawn too: the encoder learns.
    experiment = build_experiment(root, steps=5, images_per_device=1)
    experiment = dataclasses.replace(
        experiment,
        trained=TrainedConfig(encoder=True),
        data=dataclasses.replace(experiment.data, geometric=True, colour=True),
    )
    straight, expected = _build(experiment, tmp_path / "straight")
    straight.run()
    cut, _ = _build(experiment, tmp_path / "cut")
    assert cut.run(stop_after_steps=2) == 2
    resumed, found = _build(experiment, tmp_path / "cut")
    assert resumed.run() == 5

    for name, values in expected.state_dict().items():
        torch.testing.assert_close(found.state_dict()[name], values, atol=1e-6, rtol=1e-5, msg=name)
    totals = {name: [row["total"] for row in read_rows(tmp_path / name / "losses.csv")] for name in ("straight", "cut")}
    assert totals["cut"] == totals["straight"]
    assert float(read_rows(tmp_path / "cut" / "validation.csv")[0]["giou"]) >= 0


def test_two_small_batches_see_what_one_large_one_sees(root: Path, tmp_path: Path) -> None:
    large = build_experiment(root, steps=1, images_per_device=2)
    small = build_experiment(root, steps=1, images_per_device=1, accumulation=2)
    for experiment, name in ((large, "large"), (small, "small")):
        _build(experiment, tmp_path / name)[0].run()

    seen = [float(read_rows(tmp_path / name / "losses.csv")[0]["bce"]) for name in ("large", "small")]
    # The points of the loss differ, the pictures and the questions do not.
    assert seen[0] == pytest.approx(seen[1], rel=0.05)


def test_another_experiment_does_not_go_on_in_its_place(root: Path, tmp_path: Path) -> None:
    trainer, _ = _build(build_experiment(root, steps=2), tmp_path)
    trainer.run(stop_after_steps=1)
    changed, _ = _build(build_experiment(root, steps=3), tmp_path)

    with pytest.raises(ExperimentChangedError, match="another experiment"):
        changed.run()


def test_only_what_the_experiment_trains_changes(root: Path, tmp_path: Path) -> None:
    experiment = build_experiment(root, steps=4, model={"language": {"lora_rank": 2}})
    experiment = dataclasses.replace(experiment, trained=TrainedConfig(language="lora"))
    trainer, network = _build(experiment, tmp_path)
    before = {name: values.clone() for name, values in network.state_dict().items()}
    trainer.run()

    changed = {name for name, values in network.state_dict().items() if not torch.equal(values, before[name])}
    assert not {name for name in changed if name.startswith("segearth.encoder.")}
    assert {name for name in changed if name.startswith("language.")} == {name for name in before if ".lora_" in name}
    assert {name.split(".")[1] for name in changed if name.startswith("segearth.")} == {
        "compressor", "projector", "pixel_decoder", "mask_decoder",
    }  # fmt: skip
    assert count_parameters(network)["encoder"] == 0

    # The low-rank updates are merged into what is written; what goes on training is not touched by that.
    images = torch.randint(0, 256, (1, 128, 128, 3), dtype=torch.uint8)
    expected = network.eval().predict(images, [["Where?"]]).mask_logits
    save_network(network, tmp_path / "out", experiment, seconds=1, sources=[])
    loaded = load_network(tmp_path / "out", cache_dir=tmp_path, tokenizer=ByteTokenizer())
    torch.testing.assert_close(loaded.predict(images, [["Where?"]]).mask_logits, expected, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(network.predict(images, [["Where?"]]).mask_logits, expected, atol=1e-5, rtol=1e-4)


def test_bfloat16_learns_and_keeps_float32_weights(root: Path, tmp_path: Path) -> None:
    trainer, network = _build(build_experiment(root, steps=2, precision="bf16"), tmp_path)
    trainer.run()

    assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}
    assert all(float(row["total"]) > 0 for row in read_rows(tmp_path / "losses.csv"))


def test_gradients_are_the_same_with_few_activations_kept(root: Path, tmp_path: Path) -> None:
    weights = []
    for keeps_few in (True, False):
        trainer, network = _build(
            build_experiment(root, steps=2, gradient_checkpointing=keeps_few), tmp_path / str(keeps_few)
        )
        trainer.run()
        weights.append(network.state_dict())

    for name, values in weights[0].items():
        torch.testing.assert_close(weights[1][name], values, atol=1e-6, rtol=1e-5, msg=name)
