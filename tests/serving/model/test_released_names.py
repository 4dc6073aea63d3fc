import json

import pytest
import torch
from transformers import PhiModel

from serving.errors import CheckpointMismatchError
from serving.language.phi import to_phi_config
from serving.model.config import RELEASED
from serving.model.released_names import (
    LANGUAGE_PREFIX,
    is_unused,
    release_name,
    translate_name,
    translate_parameter,
)
from serving.model.segearth import SegEarth
from tests.golden.mini import GOLDEN_FOLDER


def read_released_shapes() -> dict[str, list[int]]:
    stored = json.loads((GOLDEN_FOLDER / "state_dict_keys.json").read_text())
    return {name: shape for name, (shape, _) in stored.items()}


def test_every_parameter_of_ours_comes_from_the_checkpoint_in_the_same_shape() -> None:
    heads = RELEASED.language.heads
    with torch.device("meta"):
        ours = {name: tuple(values.shape) for name, values in SegEarth(RELEASED).state_dict().items()}
        language = PhiModel(to_phi_config(RELEASED.language)).state_dict()
        ours |= {LANGUAGE_PREFIX + name: tuple(values.shape) for name, values in language.items()}
        translated = {
            our_name: tuple(values.shape)
            for name, shape in read_released_shapes().items()
            for our_name, values in translate_parameter(name, torch.empty(shape), language_heads=heads)
        }

    assert translated == ours


def test_all_935_entries_are_used_or_listed_as_unused() -> None:
    shapes = read_released_shapes()

    unused = {name for name in shapes if is_unused(name)}
    targets = {translate_name(name) for name in shapes if name not in unused}

    assert len(shapes) == 935
    assert len(targets) == 935 - len(unused)
    assert sum(name.endswith("relative_position_index") for name in unused) == 24


def test_every_translated_name_leads_back_to_the_checkpoint() -> None:
    for name in read_released_shapes():
        if not is_unused(name):
            assert release_name(translate_name(name)) == name


def test_query_key_and_value_lead_back_to_the_fused_name() -> None:
    for part in ("q_proj", "k_proj", "v_proj"):
        fused = release_name(f"language.layers.3.self_attn.{part}.bias")
        assert fused == "model.layers.3.self_attn.query_key_value.bias"


def test_an_unknown_name_is_refused_by_name() -> None:
    with pytest.raises(CheckpointMismatchError, match=r"mystery\.weight"):
        translate_name("mystery.weight")


def test_a_fused_matrix_is_split_head_by_head() -> None:
    name = "model.layers.0.self_attn.query_key_value.weight"
    fused = torch.arange(2 * 3 * 2.0).unsqueeze(1)  # 2 heads of 2, one column: q0 q0 k0 k0 v0 v0 q1 q1 ...

    parts = dict(translate_parameter(name, fused, language_heads=2))

    assert parts["language.layers.0.self_attn.q_proj.weight"].flatten().tolist() == [0, 1, 6, 7]
    assert parts["language.layers.0.self_attn.k_proj.weight"].flatten().tolist() == [2, 3, 8, 9]
    assert parts["language.layers.0.self_attn.v_proj.weight"].flatten().tolist() == [4, 5, 10, 11]
