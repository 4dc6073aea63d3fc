"""What an experiment ends in is what the chat loads, and what another experiment starts from."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch.nn import functional

from serving.cancellation import Cancellation
from serving.imagery.admission import ImageLimits
from serving.imagery.intake import take_in_image
from serving.loading import load_engine
from serving.model_choice import ModelChoice
from tests.fakes.tiny_released import TINY_RELEASED, write_tiny_checkpoint
from tests.training.joint.tiny import MODEL
from training.errors import StartUnusableError
from training.joint.checkpoint_folder import save_network
from training.joint.experiment import DataConfig, Experiment, RunConfig, StartConfig, TrainedConfig
from training.joint.mask2former import load_mask2former
from training.joint.starting import build_network, load_network
from training.joint.weights import HEAD, our_weights, to_released_names

SIDE = TINY_RELEASED.input_size
QUESTION = "Where are the planes?"


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_checkpoint(tmp_path_factory.mktemp("released"))


def _going_on_from(checkpoint: Path) -> Experiment:
    return Experiment(
        name="again",
        data=DataConfig(kind="folder", root="unused"),
        preset="checkpoint",
        start=StartConfig(checkpoint=str(checkpoint)),
        run=RunConfig(export_dtype="float32"),
    )


def test_a_released_checkpoint_comes_out_as_it_went_in(checkpoint: Path, tmp_path: Path) -> None:
    network = build_network(_going_on_from(checkpoint), cache_dir=tmp_path)
    save_network(network, tmp_path / "out", _going_on_from(checkpoint), seconds=0, sources=[])

    found = our_weights(load_network(tmp_path / "out", cache_dir=tmp_path))
    for name, values in our_weights(network).items():
        torch.testing.assert_close(found[name], values, atol=0, rtol=0, msg=name)


def test_what_was_trained_answers_in_the_chat(checkpoint: Path, tmp_path: Path) -> None:
    network = build_network(_going_on_from(checkpoint), cache_dir=tmp_path).eval()
    save_network(network, tmp_path / "out", _going_on_from(checkpoint), seconds=0, sources=[])
    rgb = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    Image.fromarray(rgb).save(tmp_path / "a.png")
    image = take_in_image(tmp_path / "a.png", rendering_folder=tmp_path, limits=ImageLimits())

    engine = load_engine(ModelChoice(tmp_path / "out"), cache_dir=tmp_path / "cache", device="cpu")
    answer = engine.segment(image, QUESTION, cancellation=Cancellation(), report_stage=lambda _: None)

    logits = network.predict(torch.from_numpy(rgb)[None], [[QUESTION]]).mask_logits
    expected = functional.interpolate(logits, size=SIDE, mode="bilinear", align_corners=False)[0, 0]
    torch.testing.assert_close(torch.from_numpy(answer.mask_logits), expected, atol=1e-3, rtol=1e-3)
    engine.close()


def test_heads_are_fused_one_after_the_other(checkpoint: Path, tmp_path: Path) -> None:
    weights = our_weights(build_network(_going_on_from(checkpoint), cache_dir=tmp_path))
    released = to_released_names(weights, language_heads=TINY_RELEASED.language.heads)

    fused = released["model.layers.0.self_attn.query_key_value.weight"].unflatten(0, (2, 3, -1))
    for part, name in enumerate(("q_proj", "k_proj", "v_proj")):
        ours = weights[f"language.layers.0.self_attn.{name}.weight"].unflatten(0, (2, -1))
        torch.testing.assert_close(fused[:, part], ours, atol=0, rtol=0)
    assert HEAD in released


def test_an_ablation_takes_over_what_fits_of_a_whole_model(checkpoint: Path, tmp_path: Path) -> None:
    experiment = dataclasses.replace(_going_on_from(checkpoint), model={"projector": {"fuses_image": False}})
    whole = our_weights(build_network(_going_on_from(checkpoint), cache_dir=tmp_path))
    part = our_weights(build_network(experiment, cache_dir=tmp_path))

    same = "pixel_decoder.mask_features.weight"
    torch.testing.assert_close(part[same], whole[same], atol=0, rtol=0)
    assert "projector.perceiver.norm.weight" not in part


@pytest.mark.parametrize(
    ("start", "trained", "said"),
    [
        (StartConfig(), TrainedConfig(), "start.language"),
        (StartConfig(language="nowhere"), TrainedConfig(), ".safetensors"),
        (StartConfig(random=True), TrainedConfig(language="lora"), "lora_rank"),
    ],
)
def test_a_start_that_cannot_be_used_is_named(
    start: StartConfig, trained: TrainedConfig, said: str, tmp_path: Path
) -> None:
    data = DataConfig(kind="folder", root="unused")
    experiment = Experiment(name="x", data=data, model=MODEL, start=start, trained=trained)

    with pytest.raises(StartUnusableError) as caught:
        build_network(experiment, cache_dir=tmp_path)
    assert said in str(caught.value)


def _as_mask2former(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return encoder, pixel decoder and mask decoder under the names that Mask2Former's checkpoints have."""
    theirs: dict[str, torch.Tensor] = {"sem_seg_head.predictor.query_feat.weight": torch.zeros(100, 8)}
    for name, values in weights.items():
        part, _, rest = name.partition(".")
        if part == "encoder":
            theirs[f"backbone.{rest}"] = values
        elif part == "mask_decoder":
            theirs[f"sem_seg_head.predictor.{rest}"] = values
        elif part == "pixel_decoder":
            for ours, there in (("adapter_1", "adapter_1"), ("layer_1", "layer_1")):
                rest = rest.replace(f"{ours}.0.weight", f"{there}.weight").replace(f"{ours}.1.", f"{there}.norm.")
            if rest.startswith("layers."):
                rest = f"transformer.encoder.{rest}"
            elif rest == "level_embed":
                rest = f"transformer.{rest}"
            if not rest.endswith(("adapter_1.0.bias", "layer_1.0.bias")):
                theirs[f"sem_seg_head.pixel_decoder.{rest}"] = values
    return theirs


def test_mask2former_fills_encoder_and_both_decoders(checkpoint: Path, tmp_path: Path) -> None:
    source = build_network(_going_on_from(checkpoint), cache_dir=tmp_path).segearth
    theirs = _as_mask2former(dict(source.named_parameters()))
    save_file({name: values.detach().contiguous() for name, values in theirs.items()}, tmp_path / "m2f.safetensors")
    target = type(source)(source.config)

    load_mask2former(target, tmp_path / "m2f.safetensors")

    for name, values in source.named_parameters():
        found = target.get_parameter(name)
        if name in ("pixel_decoder.adapter_1.0.bias", "pixel_decoder.layer_1.0.bias"):
            assert not found.any(), name
        elif name.startswith(("encoder.", "pixel_decoder.", "mask_decoder.")):
            torch.testing.assert_close(found, values, atol=0, rtol=0, msg=name)


def test_a_mask2former_that_lacks_a_part_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    source = build_network(_going_on_from(checkpoint), cache_dir=tmp_path).segearth
    theirs = _as_mask2former(dict(source.named_parameters()))
    del theirs["backbone.norm0.weight"]
    save_file({name: values.detach().contiguous() for name, values in theirs.items()}, tmp_path / "m2f.safetensors")

    with pytest.raises(StartUnusableError, match=r"encoder\.norm0\.weight"):
        load_mask2former(source, tmp_path / "m2f.safetensors")
