"""Which checkpoint a name means, and of which form it is."""

from pathlib import Path

import pytest

from serving.errors import CheckpointMismatchError, CheckpointMissingError, TemperaturesUnstorableError
from serving.model import checkpoints
from serving.model.checkpoints import is_small_form, locate, locate_small_form, read_checkpoint
from serving.model.config import MINI, RELEASED
from tests.fakes.tiny_released import TINY_RELEASED, write_tiny_checkpoint

ID = "earth-insights/SegEarth-R1-RRSIS-D"


def test_a_path_that_exists_wins_over_a_hub_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ID).mkdir(parents=True)

    assert locate(ID) == Path(ID)


def test_an_owner_and_a_name_are_fetched_from_the_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(checkpoints, "fetch", lambda hub_id: tmp_path / hub_id)

    assert locate(ID) == tmp_path / ID


def test_a_name_that_is_neither_says_what_can_be_named() -> None:
    with pytest.raises(CheckpointMissingError, match=r"there is no file or folder nowhere.*a hub id such as"):
        locate("nowhere")


@pytest.mark.parametrize(
    ("text", "expected"), [(MINI.to_json(), True), (TINY_RELEASED.to_json(), False), ("{}", False)]
)
def test_the_language_family_in_our_own_config_decides_the_form(tmp_path: Path, text: str, expected: bool) -> None:
    (tmp_path / "config.json").write_text(text)
    assert is_small_form(tmp_path) is expected


def test_temperatures_go_to_a_folder_of_the_small_form_alone(tmp_path: Path) -> None:
    with pytest.raises(TemperaturesUnstorableError, match="Leave out --fit"):
        locate_small_form(tmp_path)
    (tmp_path / "config.json").write_text(MINI.to_json())
    assert locate_small_form(tmp_path) == tmp_path
    with pytest.raises(TemperaturesUnstorableError):
        locate_small_form(tmp_path / "config.json")


def test_a_folder_without_a_config_is_in_the_released_form(tmp_path: Path) -> None:
    assert not is_small_form(tmp_path)


def test_a_checkpoint_consists_of_config_weights_and_tokenizer(tmp_path: Path) -> None:
    checkpoint = read_checkpoint(write_tiny_checkpoint(tmp_path), name="tiny")

    assert checkpoint.config == TINY_RELEASED
    assert sorted(path.name for path in checkpoint.files) == [
        "added_tokens.json",
        "config.json",
        "merges.txt",
        "model-00001-of-00001.safetensors",
        "tokenizer_config.json",
        "vocab.json",
    ]


def test_a_single_file_takes_config_and_tokenizer_from_beside_it(tmp_path: Path) -> None:
    write_tiny_checkpoint(tmp_path)
    weights = tmp_path / "model-00001-of-00001.safetensors"

    checkpoint = read_checkpoint(weights, name=str(weights))

    assert (checkpoint.config, checkpoint.weights) == (TINY_RELEASED, (weights,))


def test_a_single_file_alone_has_the_released_sizes(tmp_path: Path) -> None:
    write_tiny_checkpoint(tmp_path)
    (tmp_path / "config.json").unlink()

    assert read_checkpoint(tmp_path / "model-00001-of-00001.safetensors", name="x").config == RELEASED


def test_a_checkpoint_without_a_tokenizer_says_what_is_missing(tmp_path: Path) -> None:
    write_tiny_checkpoint(tmp_path, tokenizer=False)

    with pytest.raises(CheckpointMissingError, match=r"no tokenizer.*vocab\.json and merges\.txt"):
        read_checkpoint(tmp_path, name="x")


def test_a_damaged_config_is_an_error_and_no_reason_to_guess_the_form(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(CheckpointMismatchError):
        is_small_form(tmp_path)
