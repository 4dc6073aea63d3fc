"""The mini model's own training: its two phases, from the ImageNet encoder to the folder that ships."""

import dataclasses
import json
from collections.abc import Collection
from pathlib import Path

import torch

from serving.language.smollm2 import QuestionTokenizer, SmolLM2
from serving.language.smollm2_weights import ensure_smollm2
from serving.model.config import MINI
from serving.model.segearth import SegEarth, to_channels_last
from training.descriptions import build_table, collect_texts
from training.errors import ExperimentChangedError
from training.export import export_model
from training.initialisation import constant_visual_tokens, initialise_mini, standardise_descriptions
from training.loop import MiniTrainer
from training.plots import plot_training
from training.recipe import MINI_RECIPE
from training.samples import ImageSample
from training.sources import detect_kind, leave_out, load_images


def train_from_imagenet(
    root: Path, *, run_dir: Path, cache_dir: Path, threads: int, out: Path, left_out: Collection[str] = ()
) -> None:
    """Train the mini model, or go on where an earlier run stopped.

    Args:
        root: a pack, or a plain folder; its splits train and val are used.
        run_dir: checkpoints, tables and plots.
        cache_dir: where SmolLM2's weights are kept.
        threads: CPU threads.
        out: where the model is written.
        left_out: sources that are neither trained nor validated on, to see what the model makes of places it never saw.

    Raises:
        TrainingDataError: the folder is not in the form, or has no such source.
        ExperimentChangedError: the run was begun with other sources.
        CheckpointMissingError: SmolLM2's weights are not there.
    """
    train_samples, val_samples = load_split_samples(root, left_out)
    remember_sources(run_dir, {sample.source for sample in train_samples})
    torch.set_num_threads(threads)
    torch.manual_seed(MINI_RECIPE.seed)
    folder = ensure_smollm2(cache_dir)
    language = SmolLM2(folder, QuestionTokenizer(folder, MINI.instruction), dtype=torch.bfloat16)
    model = SegEarth(MINI)
    initialise_mini(model, language)
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


def load_split_samples(root: Path, left_out: Collection[str]) -> tuple[list[ImageSample], list[ImageSample]]:
    """Return the images of train and of val without those of some sources.

    Raises:
        TrainingDataError: the folder is not in the form, or has no such source in train.
    """
    kind = detect_kind(root)
    train, val = load_images(kind, root, "train"), load_images(kind, root, "val")
    return leave_out(train, left_out), leave_out(val, {sample.source for sample in val}.intersection(left_out))


def remember_sources(run_dir: Path, sources: Collection[str]) -> None:
    """Write which sources a run learns from, or compare them with those that it was begun with.

    Raises:
        ExperimentChangedError: they differ.
    """
    path = run_dir / "sources.json"
    run_dir.mkdir(parents=True, exist_ok=True)
    if not path.is_file():
        path.write_text(json.dumps(sorted(sources)) + "\n", encoding="utf-8")
    elif json.loads(path.read_text(encoding="utf-8")) != sorted(sources):
        raise ExperimentChangedError(
            f"The run in {run_dir.name} was begun with other sources. Please give another --run-dir, or the same "
            "--leave-out as then."
        )
