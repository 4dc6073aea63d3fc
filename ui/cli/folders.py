"""A folder that is to be written to is looked at before anything is loaded."""

import os
import tempfile
from pathlib import Path

from ui.cli.errors import FolderUnusableError

# A question and its picture take about as much.
PROBE_BYTES = 2 * 1024 * 1024


def ensure_writable(folder: Path, *, setting: str) -> None:
    """Make the folder where it is not there, and see that something can be written into it.

    Args:
        folder: where is written.
        setting: the variable that names another folder.

    Raises:
        FolderUnusableError: the disk is full, or the folder cannot be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(bytes(PROBE_BYTES))
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as error:
        raise FolderUnusableError(folder, setting=setting, reason=error.strerror or str(error)) from error
