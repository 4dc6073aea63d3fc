"""Synthetic checkpoints follow the fill rule, lie in shards, and are named as the reference names them."""

import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

from evaluation.parity.golden_fill import draw_weights
from evaluation.parity.synthetic_weights import list_shapes, write_checkpoint
from serving.model.config import RELEASED
from tests.fakes.tiny_released import TINY_RELEASED
from tests.golden.mini import GOLDEN_FOLDER


def test_every_value_follows_from_its_name(tmp_path: Path) -> None:
    write_checkpoint(TINY_RELEASED, tmp_path, dtype=torch.float32, shard_bytes=300_000)
    index = json.loads((tmp_path / "model.safetensors.index.json").read_text())
    shapes = list_shapes(TINY_RELEASED)

    assert index["weight_map"].keys() == shapes.keys()
    for file_name in set(index["weight_map"].values()):
        for name, values in load_file(tmp_path / file_name).items():
            np.testing.assert_array_equal(values.numpy(), draw_weights(name, shapes[name]), err_msg=name)


def test_a_shard_stays_below_its_size_unless_one_tensor_is_larger(tmp_path: Path) -> None:
    write_checkpoint(TINY_RELEASED, tmp_path, dtype=torch.bfloat16, shard_bytes=100_000)

    for shard in tmp_path.glob("*.safetensors"):
        tensors = load_file(shard)
        assert len(tensors) == 1 or sum(values.nbytes for values in tensors.values()) <= 100_000
        assert {values.dtype for values in tensors.values()} == {torch.bfloat16}
    assert len(list(tmp_path.glob("*.safetensors"))) > 3


def test_the_full_size_names_and_shapes_are_the_reference_s() -> None:
    stored = json.loads((GOLDEN_FOLDER / "state_dict_keys.json").read_text())
    shapes = list_shapes(RELEASED)

    assert {name: list(shape) for name, shape in shapes.items()} == {name: stored[name][0] for name in shapes}
    assert {"lm_head.weight", "seg_query"} <= shapes.keys()
