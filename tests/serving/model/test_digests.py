"""Digests of large files follow every byte and are not made anew for an unchanged file."""

import os
from pathlib import Path

import pytest

from serving.model.digests import digest_files


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / name for name in ("a.safetensors", "b.safetensors")]
    for path in paths:
        path.write_bytes(path.name.encode() * 100)
    return paths


def test_the_order_of_the_files_does_not_matter_but_their_bytes_do(files: list[Path], tmp_path: Path) -> None:
    before = digest_files(files, cache_dir=tmp_path)
    assert digest_files(files[::-1], cache_dir=tmp_path) == before

    files[1].write_bytes(b"changed")

    assert digest_files(files, cache_dir=tmp_path) != before


def test_a_renamed_file_changes_the_digest(files: list[Path], tmp_path: Path) -> None:
    before = digest_files(files, cache_dir=tmp_path)
    renamed = files[0].rename(tmp_path / "c.safetensors")

    assert digest_files([renamed, files[1]], cache_dir=tmp_path) != before


def test_an_unchanged_file_is_not_read_again(files: list[Path], tmp_path: Path) -> None:
    before = digest_files(files, cache_dir=tmp_path)
    stat = files[0].stat()
    files[0].write_bytes(b"x" * stat.st_size)  # other bytes behind the same size and time: only reading would tell
    os.utime(files[0], ns=(stat.st_atime_ns, stat.st_mtime_ns))

    assert digest_files(files, cache_dir=tmp_path) == before


@pytest.mark.parametrize("content", ["not json", "[]", '{"x": [1, 2]}', '{"x": [1, 2, "zz"]}'])
def test_a_damaged_store_is_made_again(files: list[Path], tmp_path: Path, content: str) -> None:
    before = digest_files(files, cache_dir=tmp_path / "other")
    (tmp_path / "digests.json").write_text(content)

    assert digest_files(files, cache_dir=tmp_path) == before


def test_a_link_of_another_target_is_read_anew(files: list[Path], tmp_path: Path) -> None:
    link = tmp_path / "model.safetensors"
    link.symlink_to(files[0])
    before = digest_files([link], cache_dir=tmp_path)
    link.unlink()
    link.symlink_to(files[1])

    assert digest_files([link], cache_dir=tmp_path) != before
