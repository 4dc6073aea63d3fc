"""From weights on disk to a running vLLM engine and the backend that asks it; the same for every language model."""

from pathlib import Path

import torch
from torch import Tensor

from serving.language.question_tokenizer import QuestionTokenizer
from serving.language.vllm_backend import VllmBackend
from serving.model.config import LanguageConfig
from serving.placement import Placement
from serving.vllm_choice import VllmChoice
from serving.vllm_process.program import Patience, Program
from serving.vllm_process.settings import Architecture, EngineSettings
from serving.vllm_process.supervisor import EngineSupervisor
from serving.vllm_process.wire import Bounds


def build_supervisor(
    folder: Path, vllm: VllmChoice, placement: Placement, *, architecture: Architecture, max_positions: int
) -> EngineSupervisor:
    """Return what will start the engine.

    Args:
        folder: the language model's, in transformers' layout.
        vllm: where vLLM is, and what it may take.
        placement: gives the precision; of what is not quantised, and bf16 in place of fp32, where vLLM quantises.
        architecture: the model's class, as our plugin registers it.
        max_positions: longest prompt with its reply.
    """
    # Beside nf4 vLLM takes 16 bits only; the layers' inputs are rounded to bf16 there in any case.
    is_too_wide = vllm.quantisation is not None and placement.dtype is torch.float32
    dtype = torch.bfloat16 if is_too_wide else placement.dtype
    settings = EngineSettings(
        str(folder),
        dtype=str(dtype).removeprefix("torch."),
        quantisation=vllm.quantisation,
        architecture=architecture,
        max_positions=max_positions,
        max_sequences=vllm.max_sequences,
        kv_cache_gb=vllm.kv_cache_gb,
        gpu_memory_share=vllm.gpu_memory_share,
        tensor_parallel=vllm.tensor_parallel,
        data_parallel=vllm.data_parallel,
        extracts=vllm.extracts,
    )
    return EngineSupervisor(
        Program(vllm.python, vllm.environment),
        settings,
        patience=Patience(start_s=vllm.start_timeout_s),
        report=vllm.report,
    )


def start_backend(
    supervisor: EngineSupervisor,
    language: LanguageConfig,
    tokenizer: QuestionTokenizer,
    *,
    learned_tokens: Tensor | None,
    writes_text: bool = True,
) -> VllmBackend:
    """Start the engine and return the backend that asks it; closing the backend ends the engine.

    Args:
        supervisor: as `build_supervisor` returned it.
        language: sizes of what it serves.
        tokenizer: of what it serves.
        learned_tokens: see `VllmBackend`.
        writes_text: see `VllmBackend`.

    Raises:
        LanguageUnavailableError: the engine did not become ready.
        BackendUnavailableError: vLLM is not installed.
    """
    supervisor.start()
    # One position less: vLLM writes a token even where only hidden states are asked for.
    bounds = Bounds(language.hidden_size, language.vocabulary_size, supervisor.settings.max_positions - 1)
    return VllmBackend(supervisor, tokenizer, bounds=bounds, learned_tokens=learned_tokens, writes_text=writes_text)
