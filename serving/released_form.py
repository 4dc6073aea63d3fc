"""The released form of a checkpoint into an engine: the reference's names, Phi inside, streamed from its files."""

from pathlib import Path

from serving.engine import SegEarthEngine
from serving.language.question_tokenizer import QuestionTokenizer
from serving.language.transformers_backend import TransformersBackend
from serving.model.checkpoints import read_checkpoint
from serving.model.digests import digest_files
from serving.model.released_checkpoint import build_empty_model, fill_model, place_parameter
from serving.placement import Placement


def load_released_form(
    place: Path, placement: Placement, *, name: str, cache_dir: Path, cache_bytes: int
) -> SegEarthEngine:
    """Load a checkpoint, tensor by tensor.

    Args:
        place: its folder, or its file of weights.
        placement: where the weights go.
        name: what the person called it.
        cache_dir: where digests are kept.
        cache_bytes: bound on the kept image features.

    Raises:
        CheckpointError: weights are missing or do not fit.
    """
    checkpoint = read_checkpoint(place, name=name)
    config = checkpoint.config
    tokenizer = QuestionTokenizer(checkpoint.tokenizer_folder, config.instruction, family=config.language.family)
    tokenizer.check_vocabulary(config.language)
    model = build_empty_model(config)
    decoder = model.language.phi
    if placement.quantiser is None:
        fill_model(model, checkpoint.weights, dtype=placement.dtype, device=placement.device, place=place_parameter)
    else:
        placement.quantiser.prepare(decoder, dtype=placement.dtype)
        fill_model(
            model, checkpoint.weights, dtype=placement.dtype, device=placement.device, place=placement.quantiser.place
        )
    decoder.rotary_emb.to(placement.device)
    learned = model.segearth.projector.learned_tokens
    backend = TransformersBackend(decoder, tokenizer, learned_tokens=None if learned is None else learned.detach())
    return SegEarthEngine(
        model.segearth,
        backend,
        model_digest=digest_files(checkpoint.files, cache_dir=cache_dir),
        device=placement.device,
        cache_bytes=cache_bytes,
    )
