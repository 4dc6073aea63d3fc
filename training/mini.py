"""The mini model's own training: its two phases, from the ImageNet encoder to the folder that ships."""

import dataclasses
from pathlib import Path

import torch

from serving.language.smollm2 import QuestionTokenizer, SmolLM2
from serving.language.smollm2_weights import ensure_smollm2
from serving.model.config import MINI
from serving.model.segearth import SegEarth, to_channels_last
from training.descriptions import build_table, collect_texts
from training.export import export_model
from training.initialisation import constant_visual_tokens, initialise_mini, standardise_descriptions
from training.loop import MiniTrainer
from training.plots import plot_training
from training.recipe import MINI_RECIPE
from training.sources import detect_kind, load_images


def train_from_imagenet(root: Path, *, run_dir: Path, cache_dir: Path, threads: int, out: Path) -> None:
    """Train the mini model, or go on where an earlier run stopped.

    Args:
        root: a pack, or a plain folder; its splits train and val are used.
        run_dir: checkpoints, tables and plots.
        cache_dir: where SmolLM2's weights are kept.
        threads: CPU threads.
        out: where the model is written.

    Raises:
        TrainingDataError: the folder is not in the form.
        CheckpointMissingError: SmolLM2's weights are not there.
    """
    torch.set_num_threads(threads)
    torch.manual_seed(MINI_RECIPE.seed)
    folder = ensure_smollm2(cache_dir)
    language = SmolLM2(folder, QuestionTokenizer(folder, MINI.instruction), dtype=torch.bfloat16)
    model = SegEarth(MINI)
    initialise_mini(model, language)
    kind = detect_kind(root)
    train_samples, val_samples = load_images(kind, root, "train"), load_images(kind, root, "val")
    train_texts = collect_texts(train_samples)
    texts = sorted({*train_texts, *collect_texts(val_samples)})
    table = build_table(language, constant_visual_tokens(model), texts, run_dir / "descriptions.safetensors")
    standardise_descriptions(model, table.look_up([train_texts])[0])
    to_channels_last(model)
    trainer = MiniTrainer(model, language, table, train_samples, val_samples, MINI_RECIPE, run_dir)
    trainer.run()
    model.config = dataclasses.replace(model.config, presence_threshold=trainer.calibrate_presence())
    export_model(
        model,
        trainer.adapters,
        out,
        recipe=MINI_RECIPE,
        seconds=trainer.seconds,
        sources=sorted({sample.source for sample in train_samples}),
    )
    plot_training(run_dir, out / "training.png")
