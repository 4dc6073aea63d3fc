"""The small form of a checkpoint into an engine: our own names, SmolLM2 and its adapter."""

from pathlib import Path

import structlog

from serving.engine import SegEarthEngine
from serving.errors import RefinerOutdatedError
from serving.language.adapted_smollm2 import load_adapted_smollm2
from serving.language.smollm2_weights import ensure_smollm2
from serving.language.transformers_backend import TransformersBackend
from serving.model.checkpoint import digest_checkpoint, find_adapter, load_model
from serving.model.refiner import ClickRefiner
from serving.model.refiner_file import digest_features, load_refiner
from serving.model.segearth import SegEarth
from serving.placement import Placement

_LOG = structlog.get_logger()


def load_small_form(folder: Path, placement: Placement, *, cache_dir: Path, cache_bytes: int) -> SegEarthEngine:
    """Load config.json, model.safetensors and the adapter in `folder`, and SmolLM2 from the cache.

    Raises:
        CheckpointError: weights are missing or do not fit.
    """
    model = load_model(folder)
    refiner = _find_refiner(folder, model)
    model.to(placement.device, placement.dtype)
    language = load_adapted_smollm2(
        ensure_smollm2(cache_dir), model.config.instruction, adapter=find_adapter(folder), dtype=placement.dtype
    )
    language.to(placement.device)
    decoder = language.decoder
    if placement.quantiser is not None:
        placement.quantiser.quantise(decoder, dtype=placement.dtype, device=placement.device)
    learned = model.projector.learned_tokens
    backend = TransformersBackend(
        decoder,
        language.tokenizer,
        learned_tokens=None if learned is None else learned.detach(),
    )
    return SegEarthEngine(
        model,
        backend,
        model_digest=digest_checkpoint(folder),
        device=placement.device,
        cache_bytes=cache_bytes,
        refiner=refiner,
    )


def _find_refiner(folder: Path, model: SegEarth) -> ClickRefiner | None:
    """Return the refiner that reads this model's features; None where clicks have to do without."""
    try:
        return load_refiner(folder, features_digest=digest_features(model))
    except RefinerOutdatedError as error:
        _LOG.warning("refiner_not_used", reason=str(error))
        return None
