"""The secret that signs owners' cookies: made once per data folder, so that people keep their conversations."""

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

FILE_NAME = "cookie.secret"
SECRET_BYTES = 32


def ensure_cookie_secret(folder: Path) -> bytes:
    """Return the secret kept in `folder`, making it where there is none; only this user can read the file."""
    path = folder / FILE_NAME
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        # Written elsewhere (mkstemp's files are private), then linked: all of it or nothing, and the first one wins.
        handle, temporary = tempfile.mkstemp(dir=folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(secrets.token_bytes(SECRET_BYTES))
            with suppress(FileExistsError):  # another process was faster; its secret counts
                path.hardlink_to(temporary)
        finally:
            Path(temporary).unlink()
    return path.read_bytes()
