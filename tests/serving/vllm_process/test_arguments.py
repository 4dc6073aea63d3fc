"""What is asked of vLLM is what our settings say; no vLLM is needed to see that."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from serving.vllm_process.arguments import build_arguments
from serving.vllm_process.runtime_folder import name_plugins
from serving.vllm_process.settings import EngineSettings


@pytest.fixture
def settings(tmp_path: Path) -> EngineSettings:
    (tmp_path / "config.json").write_text(json.dumps({"num_hidden_layers": 24}))
    return EngineSettings(str(tmp_path))


def build(settings: EngineSettings, *, has_cuda: bool = False) -> dict[str, Any]:
    return build_arguments(settings, spool=Path("/spool"), has_cuda=has_cuda)


def test_sizes_of_the_spread_are_handed_straight_on(settings: EngineSettings) -> None:
    arguments = build(replace(settings, tensor_parallel=4, data_parallel=2), has_cuda=True)
    assert arguments["tensor_parallel_size"] == 4
    assert arguments["data_parallel_size"] == 2


def test_what_is_served_and_with_how_much_is_what_was_asked_for(settings: EngineSettings) -> None:
    asked = replace(
        settings,
        dtype="bfloat16",
        architecture="SegEarthPhiForCausalLM",
        max_positions=2048,
        max_batched_tokens=512,
        max_sequences=5,
    )
    arguments = build(asked)
    assert arguments["model"] == settings.model
    assert arguments["dtype"] == "bfloat16"
    assert arguments["hf_overrides"] == {"architectures": ["SegEarthPhiForCausalLM"]}
    assert arguments["max_model_len"] == 2048
    assert arguments["max_num_batched_tokens"] == 512
    assert arguments["max_num_seqs"] == 5


def test_nf4_is_bitsandbytes_in_vllm_and_loads_the_plugin_for_it(settings: EngineSettings) -> None:
    quantised = replace(settings, quantisation="nf4")
    assert build(quantised)["quantization"] == "bitsandbytes"
    assert build(settings)["quantization"] is None
    assert name_plugins(quantised).split(",") == ["segearth", "segearth_nf4"]
    assert name_plugins(settings) == "segearth"


def test_memory_is_bytes_on_a_cpu_and_a_share_on_a_gpu(settings: EngineSettings) -> None:
    asked = replace(settings, kv_cache_gb=1.5, gpu_memory_share=0.25)
    on_cpu, on_gpu = build(asked), build(asked, has_cuda=True)
    assert on_cpu["kv_cache_memory_bytes"] == 1_610_612_736
    assert "gpu_memory_utilization" not in on_cpu
    assert on_gpu["gpu_memory_utilization"] == 0.25
    assert "kv_cache_memory_bytes" not in on_gpu


def test_the_last_layer_s_states_are_kept_unless_that_is_switched_off(settings: EngineSettings) -> None:
    kept = build(settings)
    layers = kept["speculative_config"]["draft_model_config"]["hf_config"]["eagle_aux_hidden_state_layer_ids"]
    assert layers == [24]
    assert kept["kv_transfer_config"]["kv_connector_extra_config"] == {"shared_storage_path": "/spool"}
    assert "speculative_config" not in build(replace(settings, extracts=False))
