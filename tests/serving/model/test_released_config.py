"""Sizes come from the reference's config.json, words from the checkpoint's name, or all of it from our own form."""

import dataclasses
import json
from pathlib import Path

import pytest

from evaluation.parity.synthetic_weights import build_reference_config
from serving.errors import CheckpointMismatchError
from serving.model.config import RELEASED
from serving.model.released_config import RELEASED_REFERRING, build_released_config, read_config_fields
from tests.fakes.tiny_released import TINY_RELEASED


def test_the_released_sizes_are_read_back_from_the_reference_s_form() -> None:
    assert build_released_config(build_reference_config(RELEASED), name="SegEarth-R1-EarthReason") == RELEASED


def test_without_a_config_the_sizes_are_the_released_ones() -> None:
    assert build_released_config(None, name="weights.safetensors") == RELEASED


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("earth-insights/SegEarth-R1-EarthReason", "Reasoning"),
        ("earth-insights/SegEarth-R1-RRSIS-D", "Referring"),
        ("/models/refsegrs/", "Referring"),
        ("/models/mine", "Reasoning"),
    ],
)
def test_the_wording_follows_from_what_the_checkpoint_was_trained_on(name: str, word: str) -> None:
    assert f"doing {word} Segmentation" in build_released_config(None, name=name).instruction.after_image


def test_the_original_name_in_the_config_counts_too() -> None:
    fields = {"_name_or_path": "earth-insights/SegEarth-R1-RRSIS-D"}
    assert build_released_config(fields, name="/models/mine") == RELEASED_REFERRING


def test_our_own_form_says_everything_itself() -> None:
    wording = dataclasses.replace(TINY_RELEASED.instruction, after_image=", mark the cells:\n")
    mine = dataclasses.replace(TINY_RELEASED, instruction=wording, pixel_mean=(1.0, 2.0, 3.0))

    assert build_released_config(json.loads(mine.to_json()), name="a RRSIS-D lookalike") == mine


def test_another_size_of_language_model_changes_what_depends_on_it() -> None:
    fields = build_reference_config(RELEASED) | {"hidden_size": 512, "num_attention_heads": 8, "num_hidden_layers": 3}
    config = build_released_config(fields, name="small")

    assert (config.language.hidden_size, config.language.layers, config.language.key_value_heads) == (512, 3, 8)
    assert (config.compressor.token_dim, config.projector.text_dim, config.language.rotary_dim) == (512, 512, 32)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"swin_type": "large"}, "swin_type = 'large'; SegEarth-R1 has 'base'"),
        ({"mm_projector_type": "linear"}, "mm_projector_type"),
        ({"hidden_size": "wide"}, "hidden_size = 'wide', which is no size"),
        ({"num_attention_heads": 7}, "7 heads for a hidden size of 2048"),
    ],
)
def test_another_architecture_is_refused_by_its_field(change: dict[str, object], message: str) -> None:
    with pytest.raises(CheckpointMismatchError, match=message):
        build_released_config(build_reference_config(RELEASED) | change, name="x")


def test_our_own_form_of_another_version_is_refused() -> None:
    fields = json.loads(TINY_RELEASED.to_json()) | {"from_the_future": 1}
    with pytest.raises(CheckpointMismatchError, match="from_the_future"):
        build_released_config(fields, name="x")


@pytest.mark.parametrize("text", ["{", "[1]"])
def test_a_damaged_config_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(CheckpointMismatchError, match=r"config\.json"):
        read_config_fields(tmp_path / "config.json")
