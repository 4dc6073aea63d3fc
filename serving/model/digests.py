"""SHA-256 of large files, kept beside their size and time, so that a start does not read gigabytes to know them."""

import hashlib
import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

_STORE_NAME = "digests.json"


def digest_files(paths: Sequence[Path], *, cache_dir: Path) -> str:
    """Return one SHA-256 over the names and contents of files, hex.

    Args:
        paths: what decides a mask, in any order.
        cache_dir: where the single digests are kept; a file whose size or time has changed is read again.
    """
    store = cache_dir / _STORE_NAME
    known = _read_store(store)
    digest = hashlib.sha256()
    changed = False
    for path in sorted(paths, key=lambda one: one.name):
        real = path.resolve()  # in the hub's cache, names are links to files named by content
        stat = real.stat()
        mark = [stat.st_size, stat.st_mtime_ns]
        entry = known.get(str(real))
        if entry is None or entry[:2] != mark:
            with real.open("rb") as file:
                entry = [*mark, hashlib.file_digest(file, "sha256").hexdigest()]
            known[str(real)] = entry
            changed = True
        digest.update(path.name.encode())
        digest.update(bytes.fromhex(str(entry[2])))
    if changed:
        _write_store(store, known)
    return digest.hexdigest()


def _read_store(path: Path) -> dict[str, list[int | str]]:
    """Return what is known; nothing where the store is missing or is no store (it can be made again)."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(stored, dict):
        return {}
    return {key: entry for key, entry in stored.items() if _is_entry(entry)}


def _is_entry(entry: object) -> bool:
    return (
        isinstance(entry, list)
        and len(entry) == 3
        and isinstance(entry[2], str)
        and len(entry[2]) == 64
        and not set(entry[2]) - set("0123456789abcdef")
    )


def _write_store(path: Path, known: dict[str, list[int | str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
        json.dump(known, file)
    os.replace(file.name, path)  # noqa: PTH105 (in one step, over what another process may have written)
