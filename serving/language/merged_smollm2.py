"""SmolLM2 with the trained adapter merged into it, on disk, for an engine that loads a folder.

Merged rather than served by vLLM's own LoRA support: there is one adapter, so nothing would be shared, and each layer
would pay for it at each step.
"""

import hashlib
import shutil
import tempfile
from pathlib import Path

import torch

from serving.language.adapted_smollm2 import load_adapted_smollm2
from serving.language.smollm2_weights import ensure_smollm2
from serving.model.checkpoint import ADAPTER_NAMES, WEIGHTS_NAME
from serving.model.config import InstructionConfig

_PREFIX = "smollm2-merged-"


def ensure_merged_smollm2(
    cache_dir: Path, instruction: InstructionConfig, *, adapter: Path | None, dtype: torch.dtype
) -> Path:
    """Return a folder in transformers' layout, made first where it is not there yet.

    Args:
        cache_dir: where it is put, and where the weights without the adapter are.
        instruction: the words around the visual tokens.
        adapter: folder of a peft adapter, or None.
        dtype: of the weights; they are merged in it, as they are without vLLM.

    Raises:
        CheckpointMissingError: the language weights are not there.
    """
    base = ensure_smollm2(cache_dir)
    if adapter is None:
        return base
    digest = hashlib.sha256(str(dtype).encode() + str((base / WEIGHTS_NAME).stat().st_mtime_ns).encode())
    for name in ADAPTER_NAMES:
        digest.update((adapter / name).read_bytes())
    folder = cache_dir / f"{_PREFIX}{digest.hexdigest()[:16]}"
    if folder.is_dir():
        return folder
    language = load_adapted_smollm2(base, instruction, adapter=adapter, dtype=dtype)
    with tempfile.TemporaryDirectory(dir=cache_dir) as temporary:
        complete = Path(temporary) / folder.name
        language.causal_model.save_pretrained(complete)
        for file in base.glob("token*"):
            shutil.copy(file, complete)
        if not folder.exists():  # another process was faster
            complete.rename(folder)  # in one step, so that a folder that is there is whole
    return folder
