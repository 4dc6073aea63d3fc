"""Which model answers, in which precision; plain values, chosen at start and never asked for again."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

Precision = Literal["fp32", "bf16", "fp16"]
Quantisation = Literal["int8", "nf4"]

PRECISIONS: tuple[Precision, ...] = get_args(Precision)
QUANTISATIONS: tuple[Quantisation, ...] = get_args(Quantisation)


@dataclass(frozen=True)
class ModelChoice:
    """What to load.

    Attributes:
        model: a folder, a file of weights, or a hub id such as "earth-insights/SegEarth-R1-EarthReason".
        precision: of weights and activations.
        quantisation: of the language backbone's linear layers; None leaves them in `precision`.
    """

    model: str | Path
    precision: Precision = "fp32"
    quantisation: Quantisation | None = None
