"""The small model's language backbone for a vLLM engine: its weights with the adapter merged, on disk."""

from pathlib import Path

from serving.language.merged_smollm2 import ensure_merged_smollm2
from serving.language.vllm_start import build_supervisor
from serving.model.config import SegEarthConfig
from serving.placement import Placement
from serving.vllm_choice import VllmChoice
from serving.vllm_process.supervisor import EngineSupervisor

_MAX_POSITIONS = 8192  # of SmolLM2


def build_smollm2_supervisor(
    config: SegEarthConfig, vllm: VllmChoice, placement: Placement, *, cache_dir: Path, adapter: Path | None
) -> EngineSupervisor:
    """Return what will start the engine, its weights ready on disk.

    Args:
        config: of the small model.
        vllm: where vLLM is.
        placement: gives the precision.
        cache_dir: where the merged weights are, or are put.
        adapter: folder of the trained adapter, or None.

    Raises:
        CheckpointMissingError: the language weights are not there.
    """
    folder = ensure_merged_smollm2(cache_dir, config.instruction, adapter=adapter, dtype=placement.dtype)
    return build_supervisor(
        folder, vllm, placement, architecture="SegEarthLlamaForCausalLM", max_positions=_MAX_POSITIONS
    )
