"""`segearth train`: make the mini model's weights from a pack of images, masks and questions."""

import dataclasses
from pathlib import Path
from typing import Annotated

import torch
import typer

from evaluation.pack import Pack
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
from training.samples import load_samples


def train(
    root: Annotated[Path, typer.Argument(help="Folder with manifest.jsonl and questions.jsonl.")],
    run_dir: Annotated[Path, typer.Option(help="Checkpoints, tables and plots; an interrupted run goes on.")],
    cache_dir: Annotated[Path, typer.Option(help="Where the language weights are kept.")],
    threads: Annotated[int, typer.Option(help="CPU threads.")] = 2,
    out: Annotated[Path, typer.Option(help="Where the trained model is written.")] = Path("models/mini"),
) -> None:
    """Train the mini model, or go on where an earlier run stopped."""
    torch.set_num_threads(threads)
    torch.manual_seed(MINI_RECIPE.seed)
    folder = ensure_smollm2(cache_dir)
    language = SmolLM2(folder, QuestionTokenizer(folder, MINI.instruction), dtype=torch.bfloat16)
    model = SegEarth(MINI)
    initialise_mini(model, language)
    pack = Pack(root)
    train_samples, val_samples = load_samples(pack, "train"), load_samples(pack, "val")
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


if __name__ == "__main__":
    typer.run(train)
