"""A checkpoint under the reference's names fills the model, or the sentence says which key is wrong."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from evaluation.parity.golden_model import build_golden_model
from evaluation.parity.synthetic_weights import list_shapes
from serving.errors import CheckpointMismatchError
from serving.model.config import RELEASED
from serving.model.released_checkpoint import EmptyModel, build_empty_model, check_plan, fill_model
from serving.model.released_names import LANGUAGE_PREFIX
from serving.model.weight_files import find_weight_files
from tests.fakes.tiny_released import TINY_RELEASED, write_tiny_checkpoint
from tests.golden.mini import GOLDEN_FOLDER

CPU = torch.device("cpu")
FUSED = "model.layers.1.self_attn.query_key_value.weight"


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_checkpoint(tmp_path_factory.mktemp("tiny"), shard_bytes=200_000, tokenizer=False)


def load(folder: Path, *, dtype: torch.dtype = torch.float32) -> EmptyModel:
    model = build_empty_model(TINY_RELEASED)
    fill_model(model, find_weight_files(folder), dtype=dtype, device=CPU)
    return model


def read_state(model: EmptyModel) -> dict[str, Tensor]:
    return {**model.segearth.state_dict(), **model.language.phi.state_dict()}


def rewrite(checkpoint: Path, folder: Path, **changes: Tensor | None) -> Path:
    """Write the checkpoint's tensors as one file, some of them changed, or left out where None."""
    tensors: dict[str, Tensor] = {}
    for shard in find_weight_files(checkpoint):
        tensors |= load_file(shard)
    tensors |= {name: values for name, values in changes.items() if values is not None}
    for name in [name for name, values in changes.items() if values is None]:
        del tensors[name]
    save_file(tensors, folder / "model.safetensors")
    return folder


def test_what_somebody_else_reads_is_left_out(checkpoint: Path) -> None:
    model = build_empty_model(TINY_RELEASED)
    fill_model(model, find_weight_files(checkpoint), dtype=torch.float32, device=CPU, leave_out=(LANGUAGE_PREFIX,))
    assert all(values.is_meta for values in model.language.phi.parameters())
    assert not any(values.is_meta for values in model.segearth.parameters())


def test_shards_fill_the_model_like_the_rule_that_they_were_drawn_by(checkpoint: Path) -> None:
    assert len(find_weight_files(checkpoint)) > 3
    golden = build_golden_model(TINY_RELEASED)
    expected = {**golden.segearth.state_dict(), **golden.language.phi.state_dict()}

    loaded = read_state(load(checkpoint))

    assert loaded.keys() == expected.keys()
    for name, values in expected.items():
        assert torch.equal(loaded[name], values), name


def test_what_is_computed_and_not_stored_is_the_same_as_in_a_model_built_in_memory(checkpoint: Path) -> None:
    golden, loaded = build_golden_model(TINY_RELEASED), load(checkpoint)
    image = torch.randn(1, 3, 128, 128, generator=torch.Generator().manual_seed(0))
    embeds = torch.randn(1, 9, 64, generator=torch.Generator().manual_seed(1))

    with torch.inference_mode():
        assert torch.equal(golden.segearth.encode(image).visual_tokens, loaded.segearth.encode(image).visual_tokens)
        assert torch.equal(golden.language(embeds), loaded.language(embeds))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_every_parameter_has_the_dtype_that_is_asked_for(checkpoint: Path, dtype: torch.dtype) -> None:
    whole, half = read_state(load(checkpoint)), read_state(load(checkpoint, dtype=dtype))

    assert {values.dtype for values in half.values()} == {dtype}
    for name, values in whole.items():
        assert torch.equal(half[name], values.to(dtype)), name


def test_one_file_and_many_shards_are_the_same_model(checkpoint: Path, tmp_path: Path) -> None:
    many, one = read_state(load(checkpoint)), read_state(load(rewrite(checkpoint, tmp_path)))

    assert all(torch.equal(values, one[name]) for name, values in many.items())


def test_weights_that_only_training_needs_may_be_there_or_not(checkpoint: Path, tmp_path: Path) -> None:
    without = load(rewrite(checkpoint, tmp_path, **{"lm_head.weight": None, "seg_query": None}))

    assert read_state(without).keys() == read_state(load(checkpoint)).keys()


@pytest.mark.parametrize("name", [FUSED, "predictor.level_embed.weight", "model.vision_tower.patch_embed.proj.bias"])
def test_a_missing_key_is_named_as_the_checkpoint_calls_it(checkpoint: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(CheckpointMismatchError, match=f"The weights lack {name}"):
        load(rewrite(checkpoint, tmp_path, **{name: None}))


@pytest.mark.parametrize("name", ["stowaway.weight", "model.layers.99.mlp.fc1.weight"])
def test_a_key_too_many_is_named(checkpoint: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(CheckpointMismatchError, match=name):
        load(rewrite(checkpoint, tmp_path, **{name: torch.zeros(2)}))


@pytest.mark.parametrize(("name", "needed"), [(FUSED, r"\(192, 64\)"), ("text_projector.weight", r"\(32, 64\)")])
def test_a_wrong_shape_is_named_with_the_right_one(checkpoint: Path, tmp_path: Path, name: str, needed: str) -> None:
    with pytest.raises(CheckpointMismatchError, match=rf"{name} has shape \(3, 5\).*needs {needed}"):
        load(rewrite(checkpoint, tmp_path, **{name: torch.zeros(3, 5)}))


def test_a_key_in_two_shards_is_refused() -> None:
    shapes = build_empty_model(TINY_RELEASED).shapes()
    theirs = list_shapes(TINY_RELEASED)

    with pytest.raises(CheckpointMismatchError, match=r"text_projector\.bias twice"):
        check_plan([theirs, {"text_projector.bias": (32,)}], shapes)


def test_nothing_is_read_before_everything_is_known_to_fit(checkpoint: Path, tmp_path: Path) -> None:
    folder = rewrite(checkpoint, tmp_path, **{"text_projector.bias": torch.zeros(5)})
    model = build_empty_model(TINY_RELEASED)

    with pytest.raises(CheckpointMismatchError):
        fill_model(model, find_weight_files(folder), dtype=torch.float32, device=CPU)

    assert all(values.is_meta for values in model.language.phi.parameters())


def test_the_full_size_plan_is_the_reference_s_own_list() -> None:
    stored = json.loads((GOLDEN_FOLDER / "state_dict_keys.json").read_text())
    theirs = {name: tuple(shape) for name, (shape, _) in stored.items()}

    check_plan([theirs], build_empty_model(RELEASED).shapes())

    planned = list_shapes(RELEASED)
    assert {name: theirs[name] for name in planned} == planned
