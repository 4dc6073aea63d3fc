"""A model's folder comes back equal, and a damaged one is named."""

import dataclasses
import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from serving.calibration import Temperatures
from serving.errors import CheckpointMismatchError, CheckpointMissingError
from serving.model.checkpoint import (
    CONFIG_NAME,
    REFINER_NAME,
    SEGMENT_ANYTHING_NAME,
    WEIGHTS_NAME,
    digest_checkpoint,
    load_config,
    load_model,
    save_model,
    store_temperatures,
)
from serving.model.config import MINI, RELEASED, SegEarthConfig
from serving.model.segearth import SegEarth


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    torch.manual_seed(0)
    save_model(SegEarth(MINI), folder)
    return folder


@pytest.fixture
def copy(saved: Path, tmp_path: Path) -> Path:
    for name in (CONFIG_NAME, WEIGHTS_NAME):
        (tmp_path / name).write_bytes((saved / name).read_bytes())
    return tmp_path


@pytest.mark.parametrize("config", [MINI, RELEASED, dataclasses.replace(MINI, training={"seed": 3})])
def test_a_config_survives_json(config: SegEarthConfig) -> None:
    assert SegEarthConfig.from_json(config.to_json()) == config


def test_weights_come_back_within_half_precision(saved: Path) -> None:
    torch.manual_seed(0)
    written, loaded = SegEarth(MINI).state_dict(), load_model(saved).state_dict()
    assert written.keys() == loaded.keys()
    for name, tensor in written.items():
        assert loaded[name].dtype == tensor.dtype, name
        # float16 keeps 11 bits; 6e-8 is its smallest step near zero.
        torch.testing.assert_close(loaded[name], tensor, rtol=2**-11, atol=6e-8, msg=name)


def test_the_digest_follows_every_byte(copy: Path) -> None:
    before = digest_checkpoint(copy)
    assert digest_checkpoint(copy) == before
    config = json.loads((copy / CONFIG_NAME).read_text())
    (copy / CONFIG_NAME).write_text(json.dumps({**config, "mask_threshold": 0.4}))
    assert digest_checkpoint(copy) != before


@pytest.mark.parametrize("name", [REFINER_NAME, SEGMENT_ANYTHING_NAME])
def test_what_answers_clicks_is_in_the_digest_but_not_in_that_of_answers(copy: Path, name: str) -> None:
    before, of_answers = digest_checkpoint(copy), digest_checkpoint(copy, includes_refiner=False)
    (copy / name).write_bytes(b"another one")
    assert digest_checkpoint(copy) != before
    assert digest_checkpoint(copy, includes_refiner=False) == of_answers


def test_stored_temperatures_change_the_config_and_the_digest_alone(copy: Path) -> None:
    before, config = digest_checkpoint(copy), load_config(copy)
    digest = store_temperatures(copy, Temperatures(mask=1.5, presence=0.8))
    assert digest == digest_checkpoint(copy) != before
    assert load_config(copy) == dataclasses.replace(config, mask_temperature=1.5, presence_temperature=0.8)


def test_a_config_from_before_temperatures_has_none(copy: Path) -> None:
    fields = json.loads((copy / CONFIG_NAME).read_text())
    del fields["mask_temperature"], fields["presence_temperature"]
    (copy / CONFIG_NAME).write_text(json.dumps(fields))
    config = load_config(copy)
    assert (config.mask_temperature, config.presence_temperature) == (1.0, 1.0)


@pytest.mark.parametrize("name", [CONFIG_NAME, WEIGHTS_NAME])
def test_a_missing_file_is_named_with_its_remedy(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(CheckpointMissingError, match=f"no {name}.*Fetch the repository"):
        load_model(copy)


def test_a_weight_too_few_too_many_or_misshapen_is_named(copy: Path) -> None:
    tensors = load_file(copy / WEIGHTS_NAME)
    victim = "projector.query_projector.weight"
    save_file({name: value for name, value in tensors.items() if name != victim}, copy / WEIGHTS_NAME)
    with pytest.raises(CheckpointMismatchError, match=f"lack {victim}"):
        load_model(copy)
    save_file({**tensors, "stowaway": torch.zeros(1)}, copy / WEIGHTS_NAME)
    with pytest.raises(CheckpointMismatchError, match="hold stowaway"):
        load_model(copy)
    save_file({**tensors, victim: torch.zeros(3, 4)}, copy / WEIGHTS_NAME)
    with pytest.raises(CheckpointMismatchError, match=rf"{victim} has shape \(3, 4\)"):
        load_model(copy)


def test_cut_short_weights_are_called_damaged(copy: Path) -> None:
    whole = (copy / WEIGHTS_NAME).read_bytes()
    (copy / WEIGHTS_NAME).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CheckpointMismatchError, match="damaged or cut short"):
        load_model(copy)


def test_a_config_of_another_version_is_refused(copy: Path) -> None:
    config = json.loads((copy / CONFIG_NAME).read_text())
    (copy / CONFIG_NAME).write_text(json.dumps({**config, "from_the_future": 1}))
    with pytest.raises(CheckpointMismatchError, match="from_the_future"):
        load_config(copy)
