"""From the small model's weights to a vLLM engine that serves its language backbone."""

from pathlib import Path

from torch import Tensor

from serving.language.merged_smollm2 import ensure_merged_smollm2
from serving.language.question_tokenizer import QuestionTokenizer
from serving.language.vllm_backend import VllmBackend
from serving.model.config import SegEarthConfig
from serving.placement import Placement
from serving.vllm_choice import VllmChoice
from serving.vllm_process.program import Patience, Program
from serving.vllm_process.settings import EngineSettings
from serving.vllm_process.supervisor import EngineSupervisor
from serving.vllm_process.wire import Bounds


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
    settings = EngineSettings(
        str(folder),
        dtype=str(placement.dtype).removeprefix("torch."),
        max_sequences=vllm.max_sequences,
        kv_cache_gb=vllm.kv_cache_gb,
        gpu_memory_share=vllm.gpu_memory_share,
        tensor_parallel=vllm.tensor_parallel,
        data_parallel=vllm.data_parallel,
    )
    return EngineSupervisor(
        Program(vllm.python, vllm.environment),
        settings,
        patience=Patience(start_s=vllm.start_timeout_s),
        report=vllm.report,
    )


def start_smollm2(
    supervisor: EngineSupervisor, config: SegEarthConfig, *, learned_tokens: Tensor | None
) -> VllmBackend:
    """Start the engine and return the backend that asks it; closing the backend ends the engine.

    Args:
        supervisor: as `build_smollm2_supervisor` returned it.
        config: of the small model.
        learned_tokens: see `VllmBackend`.

    Raises:
        LanguageUnavailableError: the engine did not become ready.
        BackendUnavailableError: vLLM is not installed.
    """
    supervisor.start()
    language, settings = config.language, supervisor.settings
    # One position less: vLLM writes a token even where only hidden states are asked for.
    bounds = Bounds(language.hidden_size, language.vocabulary_size, settings.max_positions - 1)
    tokenizer = QuestionTokenizer(Path(settings.model), config.instruction)
    return VllmBackend(supervisor, tokenizer, bounds=bounds, learned_tokens=learned_tokens)
