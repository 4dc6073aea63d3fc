"""Trains the click refiner that lies beside a model, from a folder of images, masks and questions."""

import dataclasses
from pathlib import Path

import torch

from serving.language.adapted_smollm2 import load_adapted_smollm2
from serving.language.smollm2_weights import ensure_smollm2
from serving.model.checkpoint import find_adapter, load_model
from serving.model.refiner import ClickRefiner, RefinerConfig
from serving.model.refiner_file import digest_features, read_refiner, save_refiner, to_channels_last
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
        out: folder that gets the refiner's file.
        start_from: folder with a refiner, which may have been trained on the features of other weights; None begins
            with one that knows nothing.

    Raises:
        CheckpointError: the model's weights, or the refiner to start from, are missing or do not fit.
        StartUnusableError: the run was begun with another model.
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
    keeper = FeatureKeeper(
        model, language, run_dir / f"features-{digest[:12]}", questions=recipe.questions, seed=recipe.seed
    )
    if start_from is None:
        pixel = model.config.pixel_decoder
        refiner = to_channels_last(ClickRefiner(RefinerConfig(mask_dim=pixel.mask_dim, level_dim=pixel.dim)))
    else:
        refiner, _ = read_refiner(start_from)
    trainer = RefinerTrainer(
        refiner,
        keeper,
        samples,
        dataclasses.replace(recipe, images=min(recipe.images, len(samples))),
        run_dir,
        features_digest=digest,
    )
    trainer.keep_images()
    trainer.run()
    save_refiner(refiner, out, features_digest=digest)
