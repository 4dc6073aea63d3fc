"""Where the language weights are looked for."""

from pathlib import Path

import pytest

from serving.errors import CheckpointMissingError
from serving.language import smollm2_files
from serving.language.smollm2_files import FOLDER_NAME, find_converted, find_gguf


def test_weights_that_were_not_converted_are_not_found(tmp_path: Path) -> None:
    (tmp_path / FOLDER_NAME).mkdir()
    assert find_converted(tmp_path) is None


def test_converted_weights_are_found(tmp_path: Path) -> None:
    (tmp_path / FOLDER_NAME).mkdir()
    (tmp_path / FOLDER_NAME / "model.safetensors").touch()
    assert find_converted(tmp_path) == tmp_path / FOLDER_NAME


def test_the_installed_wheel_carries_the_gguf() -> None:
    with find_gguf().open("rb") as file:
        assert file.read(4) == b"GGUF"


def test_a_missing_wheel_is_an_error_that_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smollm2_files, "WHEEL_PACKAGE", "no_such_package")
    with pytest.raises(CheckpointMissingError, match="make install"):
        find_gguf()
