"""A Hugging Face Space: how it is recognised, and what is set differently there."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Where a Space's lasting disk is mounted, when it has one.
LASTING_DISK = Path("/data")
FOLDER_NAME = "segearth-chat"
# The page of a Space on the hub shows the app, which has an address of its own, in a frame.
HUB = "https://huggingface.co"


@dataclass(frozen=True)
class Space:
    """The Space that this process runs in.

    Attributes:
        id: owner and name, "owner/name".
        lends_gpu: a GPU is lent for one call at a time (ZeroGPU).
    """

    id: str
    lends_gpu: bool


def find_space(environment: Mapping[str, str]) -> Space | None:
    """Return the Space that `environment` speaks of, or None outside of one."""
    space_id = environment.get("SPACE_ID", "")
    if environment.get("SYSTEM") != "spaces" or not space_id:
        return None
    return Space(space_id, lends_gpu=environment.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true"))


def space_defaults(*, lasting: Path, passing: Path) -> dict[str, Any]:
    """Return the settings that a Space needs unless its owner sets them.

    Args:
        lasting: where its lasting disk would be mounted.
        passing: a folder for temporary files, which goes with every restart.
    """
    folder = (lasting if _is_writable(lasting) else passing) / FOLDER_NAME
    return {
        "host": "0.0.0.0",  # the hub's proxy is another machine
        "data_dir": folder,
        "cache_dir": folder / "cache",
        "frame_ancestors": HUB,
    }


def _is_writable(folder: Path) -> bool:
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)
