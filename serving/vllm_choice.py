"""How vLLM is to serve the language backbone; plain values, chosen at start."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from serving.errors import BackendUnavailableError
from serving.model_choice import Quantisation
from serving.vllm_process.settings import VllmQuantisation

INSTALL_ADVICE = "Install it with `make install-vllm`, or name an interpreter that has it with SEGEARTH_VLLM_PYTHON."


@dataclass(frozen=True)
class VllmChoice:
    """Where vLLM is, and how much it may take.

    Attributes:
        python: the interpreter that has vLLM.
        environment: of its process, complete.
        report: told in a few words how far the start is.
        start_timeout_s: after which a start has failed.
        kv_cache_gb: memory for keys and values on a CPU.
        gpu_memory_share: of a GPU's memory, 0..1; the rest is for encoder and mask head.
        max_sequences: requests that are worked on at once.
        tensor_parallel: GPUs that one copy of the model is spread over.
        data_parallel: copies of the model.
        quantisation: of the model's linear layers.
        extracts: hand out hidden states, which masks need; False only to measure what that costs.
    """

    python: Path
    environment: Mapping[str, str]
    report: Callable[[str], None]
    start_timeout_s: float = 300.0
    kv_cache_gb: float = 1.0
    gpu_memory_share: float = 0.5
    max_sequences: int = 16
    tensor_parallel: int = 1
    data_parallel: int = 1
    quantisation: VllmQuantisation | None = None
    extracts: bool = True


def choose_quantisation(asked: Quantisation | None) -> VllmQuantisation | None:
    """Return what vLLM is to quantise to.

    Raises:
        BackendUnavailableError: it does not quantise so.
    """
    if asked == "int8":
        raise BackendUnavailableError(
            "vLLM quantises the language model to nf4, not to int8. Take --quantize nf4, "
            "or --dtype bf16 without it, or --backend transformers."
        )
    return asked
