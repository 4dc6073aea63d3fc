"""vLLM's own arguments from our settings; plain values, so that what is asked of vLLM can be tried without it."""

import json
from pathlib import Path
from typing import Any

from serving.vllm_process.settings import EngineSettings


def build_arguments(settings: EngineSettings, *, spool: Path, has_cuda: bool) -> dict[str, Any]:
    """Return the arguments of vLLM's `AsyncEngineArgs`, by name.

    Args:
        settings: what is served, and with how much.
        spool: folder where hidden states are left.
        has_cuda: whether vLLM runs on a GPU.
    """
    return {
        "model": settings.model,
        "dtype": settings.dtype,
        "hf_overrides": {"architectures": [settings.architecture]},
        "quantization": None if settings.quantisation is None else "bitsandbytes",
        "enforce_eager": True,
        "enable_prompt_embeds": True,
        "enable_prefix_caching": True,
        "max_model_len": settings.max_positions,
        "max_num_batched_tokens": settings.max_batched_tokens,
        "max_num_seqs": settings.max_sequences,
        "tensor_parallel_size": settings.tensor_parallel,
        "data_parallel_size": settings.data_parallel,
        "disable_log_stats": True,
        **_memory(settings, has_cuda=has_cuda),
        **(_extraction(settings, spool) if settings.extracts else {}),
    }


def _memory(settings: EngineSettings, *, has_cuda: bool) -> dict[str, Any]:
    if has_cuda:
        return {"gpu_memory_utilization": settings.gpu_memory_share}
    return {"kv_cache_memory_bytes": int(settings.kv_cache_gb * 1024**3)}


def _extraction(settings: EngineSettings, spool: Path) -> dict[str, Any]:
    layers = json.loads((Path(settings.model) / "config.json").read_text(encoding="utf-8"))["num_hidden_layers"]
    return {
        "speculative_config": {
            "method": "extract_hidden_states",
            "num_speculative_tokens": 1,
            "draft_model_config": {"hf_config": {"eagle_aux_hidden_state_layer_ids": [layers]}},
        },
        "kv_transfer_config": {
            "kv_connector": "HiddenStatesConnector",
            "kv_connector_module_path": "serving.vllm_process.vllm_connector",
            "kv_role": "kv_producer",
            "kv_connector_extra_config": {"shared_storage_path": str(spool)},
        },
    }
