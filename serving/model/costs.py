"""What a checkpoint costs in disk and memory, known before any weight is read."""

from collections.abc import Callable
from pathlib import Path

from huggingface_hub.constants import HF_HUB_CACHE
from torch import nn

from serving.errors import CheckpointMissingError
from serving.model.checkpoint import digest_checkpoint
from serving.model.checkpoints import is_small_form, locate, read_checkpoint
from serving.model.config import SegEarthConfig
from serving.model.hub import describe_files, find_cached, is_hub_id
from serving.model.released_checkpoint import build_empty_model, check_plan
from serving.model.released_config import build_released_config
from serving.model.weight_files import open_weights
from serving.model_choice import (
    PRECISIONS,
    QUANTISATIONS,
    ModelChoice,
    ModelCost,
    ModelDescription,
    Precision,
    Quantisation,
)

_BYTES: dict[Precision, int] = {"fp32": 4, "bf16": 2, "fp16": 2}

# Per weight: 4 bits and, for each block of 64, an 8-bit scale; for each 256 of those 4 bytes more.
_NF4_BYTES = 0.5 + 1 / 64 + 4 / (64 * 256)
# 8 bits, and 4 bytes for each row, of which there is one for 2,048 weights or more.
_INT8_BYTES = 1 + 4 / 2048

# 1,588,495,416 parameters, those that only training needs included, stored in bf16.
RELEASED_BYTES = 2 * 1_588_495_416

# Python, PyTorch and transformers with what they grow by while loading, and what bitsandbytes adds; each a little above
# what was measured (docs/performance.md).
PROCESS_BYTES = 500_000_000
QUANTISER_BYTES = 250_000_000


def describe_checkpoint(choice: ModelChoice, *, language_weights: Callable[[], str]) -> ModelDescription:
    """Return whether the chosen weights can be had, and what they cost.

    Args:
        choice: the model.
        language_weights: says where the small model's language weights are.

    Raises:
        CheckpointError: the weights cannot be had, or do not fit; the sentence says why.
    """
    text = str(choice.model)
    path = Path(text).expanduser()
    if not path.exists() and is_hub_id(text) and find_cached(text) is None:
        costs = list_costs(build_released_config(None, name=text))
        try:
            files = describe_files(text)
        except CheckpointMissingError as error:
            finding = f"not here; a download would take about {RELEASED_BYTES / 1e9:.1f} GB"
            return ModelDescription(
                {"weights": finding}, chosen=_choose(costs, choice), costs=costs, problem=str(error)
            )
        finding = f"{text}, {len(files.names)} files to be downloaded ({files.size_bytes / 1e9:.1f} GB)"
        return ModelDescription(
            {"weights": finding}, files.size_bytes, Path(HF_HUB_CACHE), _choose(costs, choice), costs
        )
    place = locate(choice.model)
    if place.is_dir() and is_small_form(place):
        digest = digest_checkpoint(place)
        return ModelDescription({"mask model": f"{place.name}, {digest[:12]}", "language model": language_weights()})
    checkpoint = read_checkpoint(place, name=text)
    check_plan(
        [open_weights(weights).shapes for weights in checkpoint.weights], build_empty_model(checkpoint.config).shapes()
    )
    size_bytes = sum(one.stat().st_size for one in checkpoint.weights)
    costs = list_costs(checkpoint.config)
    count = len(checkpoint.weights)
    finding = f"{checkpoint.config.name}, {size_bytes / 1e9:.1f} GB in {count} files; every name and shape fits"
    return ModelDescription({"weights": finding}, chosen=_choose(costs, choice), costs=costs)


def list_costs(config: SegEarthConfig) -> tuple[ModelCost, ...]:
    """Return the cost of every precision, quantised and not."""
    model = build_empty_model(config)
    linear = sum(module.weight.numel() for module in model.language.phi.modules() if isinstance(module, nn.Linear))
    parameters = [*model.segearth.parameters(), *model.language.phi.parameters()]
    total = sum(parameter.numel() for parameter in parameters)
    largest = max(parameter.numel() for parameter in parameters)

    def measure(precision: Precision, quantisation: Quantisation | None) -> ModelCost:
        size = _BYTES[precision]
        per_linear = {None: float(size), "nf4": _NF4_BYTES, "int8": _INT8_BYTES}[quantisation]
        weights_bytes = int((total - linear) * size + linear * per_linear)
        process_bytes = PROCESS_BYTES + (0 if quantisation is None else QUANTISER_BYTES)
        # One tensor stands twice while it is on its way.
        return ModelCost(precision, quantisation, weights_bytes, process_bytes + weights_bytes + largest * size)

    return tuple(measure(precision, kind) for precision in PRECISIONS for kind in (None, *QUANTISATIONS))


def _choose(costs: tuple[ModelCost, ...], choice: ModelChoice) -> ModelCost:
    return next(
        cost for cost in costs if (cost.precision, cost.quantisation) == (choice.precision, choice.quantisation)
    )
