"""The released form of a checkpoint into an engine: the reference's names, Phi inside, streamed from its files."""

from pathlib import Path

from torch import Tensor

from serving.engine import SegEarthEngine
from serving.language.backend import LanguageBackend
from serving.language.question_tokenizer import QuestionTokenizer
from serving.language.transformers_backend import TransformersBackend
from serving.model.checkpoint import SEGMENT_ANYTHING_NAME
from serving.model.checkpoints import ReleasedCheckpoint, read_checkpoint
from serving.model.digests import digest_files
from serving.model.released_checkpoint import EmptyModel, build_empty_model, fill_model, place_parameter
from serving.model.released_names import LANGUAGE_PREFIX
from serving.placement import Placement
from serving.segment_anything.weights import has_mobile_sam, load_mobile_sam
from serving.vllm_choice import VllmChoice


def load_released_form(
    place: Path,
    placement: Placement,
    *,
    name: str,
    cache_dir: Path,
    cache_bytes: int,
    sam_dir: Path | None = None,
    vllm: VllmChoice | None = None,
) -> SegEarthEngine:
    """Load a checkpoint, tensor by tensor.

    Args:
        place: its folder, or its file of weights.
        placement: where the weights go.
        name: what the person called it.
        cache_dir: where digests are kept.
        cache_bytes: bound on the kept image features.
        sam_dir: folder that may hold MobileSAM, which then answers clicks.
        vllm: serves the language backbone; None for this process.

    Raises:
        CheckpointError: weights are missing or do not fit.
        BackendUnavailableError: vLLM is not installed, or does not read such files.
        LanguageUnavailableError: its engine did not become ready.
    """
    checkpoint = read_checkpoint(place, name=name)
    config = checkpoint.config
    tokenizer = QuestionTokenizer(checkpoint.tokenizer_folder, config.instruction, family=config.language.family)
    tokenizer.check_vocabulary(config.language)
    model = build_empty_model(config)
    backend: LanguageBackend
    if vllm is None:
        backend = _fill_with_language(model, checkpoint, tokenizer, placement)
    else:
        backend = _fill_beside_vllm(model, checkpoint, tokenizer, placement, vllm, cache_dir=cache_dir)
    files, sam = list(checkpoint.files), None
    if sam_dir is not None and has_mobile_sam(sam_dir):
        files.append(sam_dir / SEGMENT_ANYTHING_NAME)
        sam = load_mobile_sam(sam_dir)
    return SegEarthEngine(
        model.segearth,
        backend,
        model_digest=digest_files(files, cache_dir=cache_dir),
        device=placement.device,
        cache_bytes=cache_bytes,
        batch_size=placement.batch_size,
        sam=sam,
    )


def _fill_with_language(
    model: EmptyModel, checkpoint: ReleasedCheckpoint, tokenizer: QuestionTokenizer, placement: Placement
) -> TransformersBackend:
    decoder = model.language.phi
    if placement.quantiser is None:
        fill_model(model, checkpoint.weights, dtype=placement.dtype, device=placement.device, place=place_parameter)
    else:
        placement.quantiser.prepare(decoder, dtype=placement.dtype)
        fill_model(
            model, checkpoint.weights, dtype=placement.dtype, device=placement.device, place=placement.quantiser.place
        )
    decoder.rotary_emb.to(placement.device)
    return TransformersBackend(decoder, tokenizer, learned_tokens=_learned_tokens(model))


def _fill_beside_vllm(
    model: EmptyModel,
    checkpoint: ReleasedCheckpoint,
    tokenizer: QuestionTokenizer,
    placement: Placement,
    vllm: VllmChoice,
    *,
    cache_dir: Path,
) -> LanguageBackend:
    """Fill what stays in this process, and let vLLM read the language backbone from the same files."""
    from serving.language.vllm_phi import build_phi_supervisor, has_vocabulary_head
    from serving.language.vllm_start import start_backend

    supervisor = build_phi_supervisor(checkpoint, tokenizer, vllm, placement, cache_dir=cache_dir)
    fill_model(model, checkpoint.weights, dtype=placement.dtype, device=placement.device, leave_out=(LANGUAGE_PREFIX,))
    return start_backend(
        supervisor,
        checkpoint.config.language,
        tokenizer,
        learned_tokens=_learned_tokens(model),
        writes_text=has_vocabulary_head(checkpoint),
    )


def _learned_tokens(model: EmptyModel) -> Tensor | None:
    learned = model.segearth.projector.learned_tokens
    return None if learned is None else learned.detach()
