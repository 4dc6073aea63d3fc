"""Trains the click refiner that lies beside a model, from a folder of images, masks and questions."""

import dataclasses
import shutil
from pathlib import Path

import torch

from serving.language.adapted_smollm2 import load_adapted_smollm2
from serving.language.smollm2_weights import ensure_smollm2
from serving.model.checkpoint import SEGMENT_ANYTHING_NAME, find_adapter, load_model
from serving.model.refiner import ClickRefiner, RefinerConfig
from serving.model.refiner_file import digest_features, read_refiner, save_refiner, to_channels_last
from serving.refinement.suggestions import SUGGESTION_CHANNELS, Suggester
from serving.segment_anything.weights import load_mobile_sam
from training.errors import StartUnusableError
from training.half_precision import fastest_dtype
from training.refiner.kept_features import FeatureKeeper
from training.refiner.recipe import RefinerRecipe
from training.refiner.trainer import RefinerTrainer
from training.sources import detect_kind, load_images


def train_refiner_of(
    model_dir: Path,
    root: Path,
    *,
    run_dir: Path,
    cache_dir: Path,
    recipe: RefinerRecipe,
    threads: int,
    out: Path,
    sam_dir: Path | None,
    start_from: Path | None = None,
) -> None:
    """Train the refiner of a small model, or go on where an earlier run stopped.

    Args:
        model_dir: the model whose features are read; it is not changed.
        root: a pack, or a plain folder; its split train is used.
        run_dir: kept features, checkpoint and losses.
        cache_dir: where the language weights are kept.
        recipe: the numbers.
        threads: CPU threads.
        out: folder that gets the refiner's file, and that of what suggests to it.
        sam_dir: folder with Segment Anything's weights, which suggest to the refiner; None for one that is not told.
        start_from: folder with a refiner, which may have been trained on the features of other weights; None begins
            with one that knows nothing.

    Raises:
        CheckpointError: the model's weights, or the refiner to start from, are missing or do not fit.
        StartUnusableError: the run was begun with another model, or the refiner to start from reads suggestions and
            there are none.
        TrainingDataError: the folder is not in the form.
    """
    torch.set_num_threads(threads)
    torch.manual_seed(recipe.seed)
    model = load_model(model_dir)
    digest = digest_features(model)
    samples = load_images(detect_kind(root), root, "train")
    language = load_adapted_smollm2(
        ensure_smollm2(cache_dir), model.config.instruction, adapter=find_adapter(model_dir), dtype=fastest_dtype()
    )
    suggester = None if sam_dir is None else Suggester(load_mobile_sam(sam_dir))
    channels = 0 if suggester is None else SUGGESTION_CHANNELS
    keeper = FeatureKeeper(
        model,
        language,
        run_dir / f"features-{digest[:12]}{'' if suggester is None else '-sam'}",
        questions=recipe.questions,
        seed=recipe.seed,
        suggester=suggester,
    )
    if start_from is None:
        pixel = model.config.pixel_decoder
        config = RefinerConfig(mask_dim=pixel.mask_dim, level_dim=pixel.dim, suggestion_channels=channels)
        refiner = to_channels_last(ClickRefiner(config))
    else:
        refiner = _take_up(start_from, channels)
    trainer = RefinerTrainer(
        refiner,
        keeper,
        samples,
        dataclasses.replace(recipe, images=min(recipe.images, len(samples))),
        run_dir,
        features_digest=digest,
        suggester=suggester,
    )
    trainer.keep_images()
    trainer.run()
    save_refiner(refiner, out, features_digest=digest)
    if sam_dir is not None and not (out / SEGMENT_ANYTHING_NAME).is_file():
        shutil.copyfile(sam_dir / SEGMENT_ANYTHING_NAME, out / SEGMENT_ANYTHING_NAME)


def _take_up(folder: Path, suggestion_channels: int) -> ClickRefiner:
    """Return the refiner in `folder`; one that was not told suggestions begins by not listening to them."""
    stored, _ = read_refiner(folder)
    if stored.config.suggestion_channels == suggestion_channels:
        return stored
    if stored.config.suggestion_channels:
        raise StartUnusableError("The refiner to start from reads suggestions. Please leave out --no-suggestions.")
    refiner = ClickRefiner(dataclasses.replace(stored.config, suggestion_channels=suggestion_channels))
    tensors = stored.state_dict()
    old = tensors["fine.0.weight"]
    tensors["fine.0.weight"] = torch.cat([old, old.new_zeros(len(old), suggestion_channels, *old.shape[2:])], 1)
    refiner.load_state_dict(tensors)
    return to_channels_last(refiner)
