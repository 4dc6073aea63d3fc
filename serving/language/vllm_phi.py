"""SegEarth-R1's language backbone for a vLLM engine, read from the released files where they lie.

vLLM loads a folder in transformers' layout. This one holds a config of Phi and links to the checkpoint's own files:
nothing is copied, and the engine's model class (`serving.vllm_process.vllm_models`) reads the reference's names.
"""

import hashlib
import os
import tempfile
from pathlib import Path

from serving.errors import BackendUnavailableError
from serving.language.codegen_files import TOKENIZER_NAMES
from serving.language.phi import MAX_POSITIONS, to_phi_config
from serving.language.question_tokenizer import QuestionTokenizer
from serving.language.vllm_start import build_supervisor
from serving.model.checkpoints import ReleasedCheckpoint
from serving.model.released_names import VOCABULARY_HEAD
from serving.model.weight_files import SAFETENSORS_SUFFIX, open_weights
from serving.placement import Placement
from serving.vllm_choice import VllmChoice
from serving.vllm_process.supervisor import EngineSupervisor

_PREFIX = "phi-linked-"


def has_vocabulary_head(checkpoint: ReleasedCheckpoint) -> bool:
    """Whether the weights can turn hidden states into words."""
    return any(VOCABULARY_HEAD in open_weights(path).shapes for path in checkpoint.weights)


def build_phi_supervisor(
    checkpoint: ReleasedCheckpoint,
    tokenizer: QuestionTokenizer,
    vllm: VllmChoice,
    placement: Placement,
    *,
    cache_dir: Path,
) -> EngineSupervisor:
    """Return what will start the engine.

    Args:
        checkpoint: in the released form.
        tokenizer: of that checkpoint.
        vllm: where vLLM is.
        placement: gives the precision.
        cache_dir: where the folder of links is put.

    Raises:
        BackendUnavailableError: vLLM does not read such files.
    """
    folder = link_checkpoint(checkpoint, end_id=tokenizer.end_id, cache_dir=cache_dir)
    return build_supervisor(folder, vllm, placement, architecture="SegEarthPhiForCausalLM", max_positions=MAX_POSITIONS)


def link_checkpoint(checkpoint: ReleasedCheckpoint, *, end_id: int, cache_dir: Path) -> Path:
    """Return a folder in transformers' layout whose weights are links to the checkpoint's.

    Args:
        checkpoint: in the released form.
        end_id: the token that ends a reply.
        cache_dir: where the folder is, or is put.

    Raises:
        BackendUnavailableError: the weights are pickle files, of which vLLM would read what we do not check.
    """
    if any(path.suffix != SAFETENSORS_SUFFIX for path in checkpoint.weights):
        raise BackendUnavailableError(
            "vLLM reads .safetensors files only, and these weights are in another form. "
            "Use the checkpoint's .safetensors files, or take --backend transformers."
        )
    config = to_phi_config(checkpoint.config.language)
    config.eos_token_id = end_id
    # Without a head of its own the model still takes a token after each question; any finite logits will do.
    config.tie_word_embeddings = not has_vocabulary_head(checkpoint)
    tokenizer = [path for name in TOKENIZER_NAMES if (path := checkpoint.tokenizer_folder / name).is_file()]
    files = [path.absolute() for path in (*checkpoint.weights, *tokenizer)]
    text = config.to_json_string(use_diff=False)
    digest = hashlib.sha256("\n".join([text, *map(os.fspath, files)]).encode())
    folder = cache_dir / f"{_PREFIX}{digest.hexdigest()[:16]}"
    if folder.is_dir():
        return folder
    cache_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache_dir) as temporary:
        complete = Path(temporary) / folder.name
        complete.mkdir()
        (complete / "config.json").write_text(text, encoding="utf-8")
        for file in files:
            (complete / file.name).symlink_to(file)
        if not folder.exists():  # another process was faster
            complete.rename(folder)  # in one step, so that a folder that is there is whole
    return folder
