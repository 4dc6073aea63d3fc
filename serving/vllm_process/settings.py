"""How the language engine's process is set up; plain values, handed to it as JSON on its standard input."""

import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

# What the process runs unless a test names another engine.
VLLM_ENTRY = "serving.vllm_process.vllm_engine:open_vllm_engine"


# The classes that our plugin registers.
Architecture = Literal["SegEarthLlamaForCausalLM", "SegEarthPhiForCausalLM"]

# What vLLM can make of a model while it loads it.
VllmQuantisation = Literal["nf4"]


@dataclass(frozen=True)
class EngineSettings:
    """What the engine serves, and with how much.

    Attributes:
        model: folder in transformers' layout, adapters merged.
        dtype: "float32", "bfloat16" or "float16".
        quantisation: of the linear layers; None leaves them in `dtype`.
        architecture: the model class as our plugin registers it.
        max_positions: longest prompt, with what is written after it.
        max_batched_tokens: positions per step; a longer prompt is read in pieces.
        max_sequences: requests that are worked on at once; the others wait their turn inside the engine.
        kv_cache_gb: memory for keys and values on a CPU.
        gpu_memory_share: share of a GPU's memory, 0..1; the rest is for encoder and mask head.
        tensor_parallel: GPUs that one copy of the model is spread over.
        data_parallel: copies of the model.
        extracts: hand out hidden states; False only to measure what that costs.
        entry: "module:function" that opens the engine.
    """

    model: str
    dtype: str = "float32"
    quantisation: VllmQuantisation | None = None
    architecture: Architecture = "SegEarthLlamaForCausalLM"
    max_positions: int = 8192
    max_batched_tokens: int = 1024
    max_sequences: int = 16
    kv_cache_gb: float = 1.0
    gpu_memory_share: float = 0.5
    tensor_parallel: int = 1
    data_parallel: int = 1
    extracts: bool = True
    entry: str = VLLM_ENTRY


@dataclass(frozen=True)
class Orders:
    """What one start of the process is told.

    Attributes:
        settings: what to serve.
        key: the secret that every request carries; a new one at each start.
    """

    settings: EngineSettings
    key: str

    def to_json(self) -> str:
        """Return one line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, line: str) -> "Orders":
        """Return what `to_json` wrote."""
        read: dict[str, Any] = json.loads(line)
        return cls(EngineSettings(**read["settings"]), read["key"])
