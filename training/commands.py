"""The commands `train mini`, `train refiner`, `train convert-sam`, `train reading` and `train experiment`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from serving.errors import ServingError
from training.errors import TrainingError

EXIT_FAILED = 2


def build_train_app(*, cache_dir: Path | None = None) -> typer.Typer:
    """Return the `train` commands.

    Args:
        cache_dir: where the language weights are kept; None makes people say it.
    """
    app = typer.Typer(help="Train a model; every training goes on where it stopped.", no_args_is_help=True)
    settings = {"default_map": {"cache_dir": str(cache_dir)}} if cache_dir is not None else {}
    app.command("mini", context_settings=settings)(train_mini)
    app.command("refiner", context_settings=settings)(train_refiner)
    app.command("convert-sam")(convert_sam)
    app.command("reading")(train_reading)
    app.command("experiment", context_settings=settings)(train_experiment)
    return app


def train_mini(
    root: Annotated[Path, typer.Argument(help="A pack (manifest.jsonl, questions.jsonl) or a plain folder.")],
    run_dir: Annotated[Path, typer.Option(help="Checkpoints, tables and plots; an interrupted run goes on.")],
    cache_dir: Annotated[Path, typer.Option(help="Where the language weights are kept.")],
    threads: Annotated[int, typer.Option(help="CPU threads.")] = 2,
    out: Annotated[Path, typer.Option(help="Where the trained model is written.")] = Path("models/mini"),
    leave_out: Annotated[
        str, typer.Option(help="Sources to train without, separated by commas: how are places that it never saw?")
    ] = "",
    recipe: Annotated[
        str, typer.Option(help="Which phases: full, further, or one of the short ones of training/recipe.py.")
    ] = "full",
    start_from: Annotated[
        Path | None,
        typer.Option(help="Folder of a model that has the recipe's first phases behind it; the others follow."),
    ] = None,
) -> None:
    """Train the mini model from its ImageNet encoder or from a model, or go on where an earlier run stopped."""
    from training.mini import train_mini_model
    from training.recipe import RECIPES

    left_out = [name.strip() for name in leave_out.split(",") if name.strip()]
    if recipe not in RECIPES:
        raise typer.BadParameter(f"there is no recipe {recipe}; please choose {', '.join(RECIPES)}")
    with _speak_errors():
        train_mini_model(
            root,
            run_dir=run_dir,
            cache_dir=cache_dir,
            threads=threads,
            out=out,
            left_out=left_out,
            recipe=RECIPES[recipe],
            start_from=start_from,
        )


def train_refiner(
    root: Annotated[Path, typer.Argument(help="A pack (manifest.jsonl, questions.jsonl) or a plain folder.")],
    run_dir: Annotated[Path, typer.Option(help="Kept features, checkpoint and losses; an interrupted run goes on.")],
    cache_dir: Annotated[Path, typer.Option(help="Where the language weights are kept.")],
    model_dir: Annotated[Path, typer.Option(help="The small model whose features are read.")] = Path("models/mini"),
    steps: Annotated[int, typer.Option(min=1, help="Optimiser steps.")] = 900,
    images: Annotated[int, typer.Option(min=1, help="Images whose features are kept, 7 MB each.")] = 480,
    threads: Annotated[int, typer.Option(help="CPU threads.")] = 2,
    out: Annotated[
        Path | None, typer.Option(help="Folder that gets refiner.safetensors. Default: the model's.")
    ] = None,
    start_from: Annotated[
        Path | None,
        typer.Option(help="Folder with a refiner to go on from; it may belong to other weights. Default: begin anew."),
    ] = None,
    sam_dir: Annotated[
        Path, typer.Option(help="Folder with the weights of MobileSAM, which suggests masks to the head.")
    ] = Path("models/mini"),
    suggestions: Annotated[
        bool, typer.Option("--suggestions/--no-suggestions", help="Whether the head is told of them.")
    ] = True,
) -> None:
    """Train the head that answers clicks, on the features of a model that rests; resumable."""
    from training.refiner.recipe import RefinerRecipe
    from training.refiner.running import train_refiner_of

    with _speak_errors():
        train_refiner_of(
            model_dir,
            root,
            run_dir=run_dir,
            cache_dir=cache_dir,
            recipe=RefinerRecipe(steps=steps, images=images),
            threads=threads,
            out=model_dir if out is None else out,
            sam_dir=sam_dir if suggestions else None,
            start_from=start_from,
        )


def convert_sam(
    published: Annotated[Path, typer.Argument(help="MobileSAM's published weights, mobile_sam.pt.")],
    out: Annotated[Path, typer.Option(help="Folder that gets segment_anything.safetensors.")] = Path("models/mini"),
) -> None:
    """Write the weights that suggest masks to the click refiner, from MobileSAM's published ones."""
    from serving.segment_anything.weights import read_published, save_mobile_sam

    with _speak_errors():
        save_mobile_sam(read_published(published), out)


def train_reading(
    out: Annotated[Path, typer.Option(help="Where the tables that read picks are written.")] = Path(
        "assistant/routing/learned_reading.safetensors"
    ),
    purposes_out: Annotated[Path, typer.Option(help="Where the table of what messages are for is written.")] = Path(
        "assistant/routing/purposes.safetensors"
    ),
) -> None:
    """Train what reads picks ("the largest ship") and what a message is for, where no rule does; a minute."""
    from training.reading.fitting import fit_reading
    from training.reading.purpose_fitting import fit_purposes

    fit_reading(out)
    fit_purposes(purposes_out)


def train_experiment(
    config: Annotated[Path, typer.Argument(help="The experiment, TOML; see training/experiments.")],
    cache_dir: Annotated[Path, typer.Option(help="Where the language weights are kept.")],
    run_dir: Annotated[
        Path | None, typer.Option(help="Checkpoints and losses; an interrupted run goes on. Default: runs/NAME.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Where the trained model is written. Default: RUN_DIR/model.")
    ] = None,
    stop_after: Annotated[int | None, typer.Option(min=1, help="Stop after so many steps, with a checkpoint.")] = None,
    on_cpu: Annotated[bool, typer.Option("--cpu", help="Use the CPU even where there is a GPU.")] = False,
) -> None:
    """Train or fine-tune a model by one file: SegEarth-R1, its ablations, or the mini model on your images.

    Several GPUs: accelerate launch --no_python segearth train experiment CONFIG.
    """
    from training.joint.running import run_experiment

    with _speak_errors():
        run_experiment(config, cache_dir=cache_dir, run_dir=run_dir, out=out, stop_after=stop_after, on_cpu=on_cpu)


@contextmanager
def _speak_errors() -> Iterator[None]:
    """Turn our own errors into their sentence on stderr and exit code 2."""
    try:
        yield
    except (TrainingError, ServingError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(EXIT_FAILED) from error
