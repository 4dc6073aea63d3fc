"""Blobs appear whole or not at all, once, under their own digest."""

import errno
import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.blobs import LocalBlobStore
from storage.errors import BlobMissingError, StorageFullError, StorageUnwritableError

NOWHERE = "0" * 64


def files_below(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file())


@pytest.fixture
def blobs(tmp_path: Path) -> LocalBlobStore:
    return LocalBlobStore(tmp_path / "blobs")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # one store for all: contents do not meet
@given(content=st.binary(max_size=200))
def test_bytes_come_back_under_their_digest(blobs: LocalBlobStore, content: bytes) -> None:
    digest = blobs.put_bytes(content)
    assert digest == hashlib.sha256(content).hexdigest()
    assert blobs.read(digest) == content
    assert blobs.path_of(digest).read_bytes() == content


def test_a_file_and_its_bytes_are_one_blob(blobs: LocalBlobStore, tmp_path: Path) -> None:
    content = os.urandom(3_000_000)  # more than one chunk
    (tmp_path / "upload").write_bytes(content)
    assert blobs.put_file(tmp_path / "upload") == blobs.put_bytes(content)
    assert [path.read_bytes() for path in files_below(tmp_path / "blobs")] == [content]
    assert (tmp_path / "upload").exists()


def test_the_same_bytes_from_many_threads_are_stored_once(blobs: LocalBlobStore, tmp_path: Path) -> None:
    (tmp_path / "upload").write_bytes(b"x" * 100_000)
    with ThreadPoolExecutor(8) as threads:
        digests = set(threads.map(lambda _: blobs.put_file(tmp_path / "upload"), range(32)))
    assert len(digests) == 1
    assert len(files_below(tmp_path / "blobs")) == 1


def test_a_blob_that_is_not_here_is_said(blobs: LocalBlobStore) -> None:
    assert not blobs.has(NOWHERE)
    for look in (blobs.path_of, blobs.open, blobs.read):
        with pytest.raises(BlobMissingError, match="missing from the data folder"):
            look(NOWHERE)


@pytest.mark.parametrize(
    "name", ["", "../" * 22, "0" * 63, "0" * 65, "A" * 64, "0" * 63 + "/", "/etc/passwd", "0" * 64 + "\n"]
)
def test_only_a_digest_names_a_blob(blobs: LocalBlobStore, name: str) -> None:
    with pytest.raises(ValueError, match="not a SHA-256 digest"):
        blobs.path_of(name)


def test_a_removed_blob_is_gone_and_may_come_again(blobs: LocalBlobStore) -> None:
    digest = blobs.put_bytes(b"again")
    blobs.remove(digest)
    blobs.remove(digest)
    assert not blobs.has(digest)
    assert blobs.put_bytes(b"again") == digest
    assert blobs.read(digest) == b"again"


def test_the_list_names_every_blob_and_nothing_else(blobs: LocalBlobStore, tmp_path: Path) -> None:
    digests = {blobs.put_bytes(bytes([number])) for number in range(20)}
    (tmp_path / "blobs" / "incoming" / "tmp123").write_bytes(b"half")
    (tmp_path / "blobs" / "aa").mkdir(exist_ok=True)
    (tmp_path / "blobs" / "aa" / ".DS_Store").write_bytes(b"")
    assert set(blobs.list_digests()) == digests


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (errno.ENOSPC, StorageFullError),
        (errno.EDQUOT, StorageFullError),
        (errno.EACCES, StorageUnwritableError),
        (errno.EROFS, StorageUnwritableError),
    ],
)
@pytest.mark.parametrize("from_file", [False, True])
def test_a_failing_disk_is_said_and_leaves_nothing_behind(
    blobs: LocalBlobStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    code: int,
    error: type[Exception],
    from_file: bool,
) -> None:
    (tmp_path / "upload").write_bytes(b"content")

    def fail(descriptor: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(error):
        blobs.put_file(tmp_path / "upload") if from_file else blobs.put_bytes(b"content")
    monkeypatch.undo()
    assert files_below(tmp_path / "blobs") == []
    assert blobs.read(blobs.put_bytes(b"content")) == b"content"


def test_a_root_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageUnwritableError, match="cannot be written"):
        LocalBlobStore(tmp_path / "file" / "blobs")


def test_a_store_opened_again_finds_its_blobs(tmp_path: Path) -> None:
    digest = LocalBlobStore(tmp_path).put_bytes(b"kept")
    assert LocalBlobStore(tmp_path).read(digest) == b"kept"
