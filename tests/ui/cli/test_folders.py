"""A folder that cannot be written to is a sentence before anything is loaded."""

import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ui.cli.errors import FolderUnusableError
from ui.cli.folders import PROBE_BYTES, ensure_writable


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk with less room than a question takes; needs root."""
    place = tmp_path / "disk"
    place.mkdir()
    options = f"size={PROBE_BYTES // 2}"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "none", str(place)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("NO FULL DISK: this process may not mount one")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_folder_is_made_and_nothing_is_left_in_it(tmp_path: Path) -> None:
    ensure_writable(tmp_path / "new" / "data", setting="SEGEARTH_DATA_DIR")
    assert list((tmp_path / "new" / "data").iterdir()) == []


def test_a_full_disk_is_named_with_the_way_out(full_disk: Path) -> None:
    with pytest.raises(FolderUnusableError) as caught:
        ensure_writable(full_disk / "data", setting="SEGEARTH_DATA_DIR")
    assert os.strerror(errno.ENOSPC) in str(caught.value)
    assert "set SEGEARTH_DATA_DIR to another folder" in str(caught.value)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FolderUnusableError, match="Not a directory"):
        ensure_writable(tmp_path / "file" / "data", setting="SEGEARTH_DATA_DIR")
