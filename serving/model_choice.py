"""Which model answers, in which precision; plain values, chosen at start and never asked for again."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from serving.errors import BackendUnavailableError

Precision = Literal["fp32", "bf16", "fp16"]
Quantisation = Literal["int8", "nf4"]
Backend = Literal["transformers", "vllm"]

PRECISIONS: tuple[Precision, ...] = get_args(Precision)
QUANTISATIONS: tuple[Quantisation, ...] = get_args(Quantisation)


@dataclass(frozen=True)
class ModelChoice:
    """What to load.

    Attributes:
        model: a folder, a file of weights, or a hub id such as "earth-insights/SegEarth-R1-EarthReason".
        precision: of weights and activations.
        quantisation: of the language backbone's linear layers; None leaves them in `precision`.
        backend: what runs the language backbone: this process, or vLLM in one of its own.
        tensor_parallel: GPUs that vLLM spreads one copy of the language backbone over.
        data_parallel: copies of the language backbone that vLLM keeps.
    """

    model: str | Path
    precision: Precision = "fp32"
    quantisation: Quantisation | None = None
    backend: Backend = "transformers"
    tensor_parallel: int = 1
    data_parallel: int = 1

    def changed(
        self,
        model: str | None,
        precision: Precision | None,
        quantisation: Quantisation | None,
        backend: Backend | None = None,
    ) -> "ModelChoice":
        """Return the choice with what is given put in place; None leaves a part as it is."""
        return replace(
            self,
            model=model or self.model,
            precision=precision or self.precision,
            quantisation=quantisation or self.quantisation,
            backend=backend or self.backend,
        )

    def spread(self, tensor_parallel: int | None, data_parallel: int | None) -> "ModelChoice":
        """Return the choice spread over GPUs so; None leaves a part as it is.

        Raises:
            BackendUnavailableError: something is given, and vLLM is not what runs the language backbone.
        """
        if self.backend != "vllm" and (tensor_parallel or data_parallel):
            raise BackendUnavailableError(
                "Only vLLM spreads the language model over GPUs. Add --backend vllm, "
                "or leave out --tensor-parallel and --data-parallel."
            )
        return replace(
            self,
            tensor_parallel=tensor_parallel or self.tensor_parallel,
            data_parallel=data_parallel or self.data_parallel,
        )


@dataclass(frozen=True)
class ModelCost:
    """What one precision of a model costs.

    Attributes:
        precision: of the weights.
        quantisation: of the language backbone's linear layers.
        weights_bytes: memory of the weights once they are loaded.
        loading_bytes: highest memory of the whole process while they are loaded, about.
    """

    precision: Precision
    quantisation: Quantisation | None
    weights_bytes: int
    loading_bytes: int


@dataclass(frozen=True)
class ModelDescription:
    """Whether a model's weights can be had, and what they cost.

    Attributes:
        findings: what is there, by name: "weights" and, for the small model, "language model".
        download_bytes: still to be fetched from the hub.
        download_folder: where that would go; None where nothing is to be fetched.
        chosen: the cost of the precision that was asked for; None for the small model, which fits everywhere.
        costs: of every precision.
        problem: why the weights cannot be had now, though what they cost is known; None where they can.
    """

    findings: dict[str, str]
    download_bytes: int = 0
    download_folder: Path | None = None
    chosen: ModelCost | None = None
    costs: tuple[ModelCost, ...] = ()
    problem: str | None = None
