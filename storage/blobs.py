"""Bytes kept under their own SHA-256 in a local folder: the same bytes are stored once and never change."""

import errno
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO

from storage.errors import BlobMissingError, StorageFullError, StorageUnwritableError

_DIGEST = re.compile(r"[0-9a-f]{64}")
_CHUNK_BYTES = 1 << 20
_FULL = {errno.ENOSPC, errno.EDQUOT}


class LocalBlobStore:
    """A folder of blobs; safe for several threads and processes at once.

    A blob appears whole or not at all: it is written beside its place, flushed to the disk, and renamed.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._incoming = self._root / "incoming"
        with translate_os_errors():
            self._incoming.mkdir(parents=True, exist_ok=True)

    def put_bytes(self, content: bytes) -> str:
        """Store `content` and return its digest, hex.

        Raises:
            StorageFullError: no space left.
            StorageUnwritableError: the folder does not let us write.
        """
        digest = digest_of(content)
        if self.has(digest):
            return digest
        with self._written_beside() as file:
            file.write(content)
        self._move_in(Path(file.name), digest)
        return digest

    def put_file(self, source: Path) -> str:
        """Store a copy of the file at `source` and return its digest, hex; errors as `put_bytes`."""
        hasher = hashlib.sha256()
        with source.open("rb") as reading, self._written_beside() as file:
            while chunk := reading.read(_CHUNK_BYTES):
                hasher.update(chunk)
                file.write(chunk)
        digest = hasher.hexdigest()
        self._move_in(Path(file.name), digest)
        return digest

    def has(self, digest: str) -> bool:
        """Whether the blob is here."""
        return self.place_of(digest).is_file()

    def path_of(self, digest: str) -> Path:
        """Return where the blob lies, to read only.

        Raises:
            BlobMissingError: it is not here.
        """
        if not self.has(digest):
            raise BlobMissingError
        return self.place_of(digest)

    def open(self, digest: str) -> BinaryIO:
        """Open the blob for reading; errors as `path_of`."""
        try:
            return self.place_of(digest).open("rb")
        except FileNotFoundError as error:
            raise BlobMissingError from error

    def read(self, digest: str) -> bytes:
        """Return the blob's bytes; errors as `path_of`."""
        with self.open(digest) as file:
            return file.read()

    def remove(self, digest: str) -> None:
        """Remove the blob; one that is not here is removed already."""
        with translate_os_errors():
            self.place_of(digest).unlink(missing_ok=True)

    def list_digests(self) -> Iterator[str]:
        """Yield the digest of every blob, in no order."""
        for place in self._root.glob("??/*"):
            if _DIGEST.fullmatch(place.name):
                yield place.name

    def place_of(self, digest: str) -> Path:
        """Return where the blob lies if it is here."""
        if not _DIGEST.fullmatch(digest):
            raise ValueError(f"not a SHA-256 digest: {digest!r}")
        return self._root / digest[:2] / digest

    @contextmanager
    def _written_beside(self) -> Iterator[IO[bytes]]:
        """Yield a new file in the folder of what comes in; it is on the disk afterwards, or gone on failure."""
        with translate_os_errors():
            file = tempfile.NamedTemporaryFile(dir=self._incoming, delete=False)  # noqa: SIM115 - closed below
            try:
                with file:
                    yield file
                    file.flush()
                    os.fsync(file.fileno())
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise

    def _move_in(self, written: Path, digest: str) -> None:
        place = self.place_of(digest)
        with translate_os_errors():
            if place.is_file():
                written.unlink()
                return
            place.parent.mkdir(exist_ok=True)
            written.replace(place)
            _flush_folder(place.parent)


def digest_of(content: bytes) -> str:
    """Return the SHA-256 of `content`, hex."""
    return hashlib.sha256(content).hexdigest()


@contextmanager
def translate_os_errors() -> Iterator[None]:
    """Turn what the operating system says while something is written into a `StorageError`."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFullError from error
        raise StorageUnwritableError from error


def _flush_folder(folder: Path) -> None:
    """Make a rename outlast a power cut; Windows has no such call and does not need it."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
