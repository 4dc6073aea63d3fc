"""What the engine is set up with follows from what was chosen; nothing is started here."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from serving.language.vllm_start import build_supervisor
from serving.model_choice import Precision
from serving.placement import Placement
from serving.vllm_choice import VllmChoice
from serving.vllm_process.settings import EngineSettings

CHOICE = VllmChoice(Path("/nonexistent/python"), {}, lambda _: None)


def build(choice: VllmChoice, precision: Precision = "fp32") -> EngineSettings:
    placement = Placement(torch.device("cpu"), precision, None)
    supervisor = build_supervisor(
        Path("/model"), choice, placement, architecture="SegEarthPhiForCausalLM", max_positions=2048
    )
    return supervisor.settings


def test_the_engine_gets_what_vllm_may_take() -> None:
    choice = replace(
        CHOICE, kv_cache_gb=2.5, gpu_memory_share=0.25, max_sequences=3, tensor_parallel=4, data_parallel=2
    )
    assert build(choice, "bf16") == EngineSettings(
        "/model",
        dtype="bfloat16",
        architecture="SegEarthPhiForCausalLM",
        max_positions=2048,
        kv_cache_gb=2.5,
        gpu_memory_share=0.25,
        max_sequences=3,
        tensor_parallel=4,
        data_parallel=2,
    )


@pytest.mark.parametrize(("precision", "beside_nf4"), [("fp32", "bfloat16"), ("bf16", "bfloat16"), ("fp16", "float16")])
def test_beside_nf4_the_engine_computes_in_sixteen_bits(precision: Precision, beside_nf4: str) -> None:
    settings = build(replace(CHOICE, quantisation="nf4"), precision)
    assert (settings.quantisation, settings.dtype) == ("nf4", beside_nf4)


def test_without_nf4_the_precision_is_what_was_asked_for() -> None:
    assert build(CHOICE, "fp32").dtype == "float32"
