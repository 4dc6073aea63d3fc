"""Which model answers, in which precision; plain values, chosen at start and never asked for again."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

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
    """

    model: str | Path
    precision: Precision = "fp32"
    quantisation: Quantisation | None = None
    backend: Backend = "transformers"

    def changed(
        self,
        model: str | None,
        precision: Precision | None,
        quantisation: Quantisation | None,
        backend: Backend | None = None,
    ) -> "ModelChoice":
        """Return the choice with what is given put in place; None leaves a part as it is."""
        return ModelChoice(
            model or self.model,
            precision or self.precision,
            quantisation or self.quantisation,
            backend or self.backend,
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
