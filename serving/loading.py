"""From a choice of model to an engine that answers: either form of checkpoint, CPU or CUDA."""

from pathlib import Path

import torch

from serving.engine import FEATURE_CACHE_BYTES, SegEarthEngine
from serving.errors import DeviceUnavailableError
from serving.model.checkpoints import is_small_form, locate
from serving.model_choice import ModelChoice
from serving.placement import BATCH_SIZES, Placement, choose_quantiser
from serving.vllm_choice import VllmChoice


def load_engine(
    choice: ModelChoice,
    *,
    cache_dir: Path,
    device: str = "auto",
    threads: int | None = None,
    cache_bytes: int = FEATURE_CACHE_BYTES,
    batch_size: int | None = None,
    max_tiles: int = 0,
    sam_dir: Path | None = None,
    vllm: VllmChoice | None = None,
) -> SegEarthEngine:
    """Load the chosen model.

    Args:
        choice: which weights, in which precision.
        cache_dir: where converted language weights and digests are, or are put.
        device: "auto" (CUDA where there is one), "cpu" or "cuda".
        threads: CPU threads for torch; None leaves its choice.
        cache_bytes: bound on the kept image features.
        batch_size: images or questions computed together at most; None takes what suits the device.
        max_tiles: in which a small form looks at a large image, at most; 0 for one look whatever the size.
        sam_dir: folder that may hold MobileSAM, which answers clicks for the released form; a small form has its own.
        vllm: serves the language backbone, and quantises it; None for this process.

    Raises:
        CheckpointError: weights are missing or do not fit.
        DeviceUnavailableError: there is no such device.
        QuantisationUnavailableError: bitsandbytes is not installed.
        BackendUnavailableError: vLLM is not installed, or does not serve this model.
        LanguageUnavailableError: vLLM's engine did not become ready.
    """
    if threads is not None:
        torch.set_num_threads(threads)
    # Before anything is read: a missing device or package should not cost a minute of loading.
    quantiser = choose_quantiser(choice.quantisation) if vllm is None else None
    chosen_device = choose_device(device)
    size = batch_size or BATCH_SIZES.get(chosen_device.type, 1)
    placement = Placement(chosen_device, choice.precision, quantiser, size)
    located = locate(choice.model)
    # Each form imports what the other does not need, which is memory that counts here.
    if located.is_dir() and is_small_form(located):
        from serving.small_form import load_small_form

        return load_small_form(
            located, placement, cache_dir=cache_dir, cache_bytes=cache_bytes, max_tiles=max_tiles, vllm=vllm
        )
    from serving.released_form import load_released_form

    return load_released_form(
        located,
        placement,
        name=str(choice.model),
        cache_dir=cache_dir,
        cache_bytes=cache_bytes,
        sam_dir=sam_dir,
        vllm=vllm,
    )


def choose_device(name: str) -> torch.device:
    """Return the device of that name; "auto" takes CUDA where there is one.

    Raises:
        DeviceUnavailableError: there is no CUDA device.
    """
    has_cuda = torch.cuda.is_available()
    if name == "cuda" and not has_cuda:
        raise DeviceUnavailableError
    return torch.device(("cuda" if has_cuda else "cpu") if name == "auto" else name)
