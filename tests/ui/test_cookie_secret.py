"""The secret survives restarts and is private."""

import stat
from pathlib import Path

from ui.cookie_secret import FILE_NAME, SECRET_BYTES, ensure_cookie_secret


def test_the_secret_stays_the_same_across_starts(tmp_path: Path) -> None:
    first = ensure_cookie_secret(tmp_path / "new folder")
    assert len(first) == SECRET_BYTES
    assert ensure_cookie_secret(tmp_path / "new folder") == first


def test_two_folders_have_two_secrets(tmp_path: Path) -> None:
    assert ensure_cookie_secret(tmp_path / "a") != ensure_cookie_secret(tmp_path / "b")


def test_only_the_owner_of_the_process_can_read_it(tmp_path: Path) -> None:
    ensure_cookie_secret(tmp_path)
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600


def test_nothing_but_the_secret_is_left_in_the_folder(tmp_path: Path) -> None:
    ensure_cookie_secret(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]
