"""The mini model's own training: its phases, from the ImageNet encoder to the folder that ships."""

import dataclasses
import json
from collections.abc import Collection, Sequence
from pathlib import Path

import torch

from serving.language.smollm2 import QuestionTokenizer, SmolLM2
from serving.language.smollm2_weights import ensure_smollm2
from serving.model.checkpoint import load_config, load_model
from serving.model.config import ENCODER_STRIDES, MINI, SegEarthConfig
from serving.model.segearth import SegEarth, to_channels_last
from training.absences import find_labels
from training.averaging import START
from training.descriptions import DescriptionTable, build_table, collect_texts
from training.errors import ExperimentChangedError, StartUnusableError
from training.export import export_model
from training.groups import ask_for_groups
from training.half_precision import fastest_dtype
from training.initialisation import constant_visual_tokens, initialise_mini, standardise_descriptions
from training.loop import MiniTrainer
from training.plots import plot_training
from training.recipe import MINI_RECIPE, Recipe
from training.samples import ImageSample
from training.sources import detect_kind, leave_out, load_images


def train_mini_model(
    root: Path,
    *,
    run_dir: Path,
    cache_dir: Path,
    threads: int,
    out: Path,
    left_out: Collection[str] = (),
    recipe: Recipe = MINI_RECIPE,
    start_from: Path | None = None,
) -> None:
    """Train the mini model, or go on where an earlier run stopped.

    Args:
        root: a pack, or a plain folder; its splits train and val are used.
        run_dir: checkpoints, tables and plots.
        cache_dir: where SmolLM2's weights are kept.
        threads: CPU threads.
        out: where the model is written.
        left_out: sources that are neither trained nor validated on, to see what the model makes of places it never saw.
        recipe: the phases.
        start_from: folder of a model whose phases are the recipe's first ones; the others follow. None begins with the
            first phase, from the ImageNet encoder.

    Raises:
        TrainingDataError: the folder is not in the form, or has no such source.
        StartUnusableError: `start_from` was trained by other phases, or the recipe needs one and none is given.
        ExperimentChangedError: the run was begun with other sources or another recipe.
        CheckpointMissingError: SmolLM2's weights are not there.
    """
    whole = load_split_samples(root, ())
    train_samples, val_samples = drop_sources(*whole, left_out)
    remember_experiment(run_dir, {sample.source for sample in train_samples}, recipe.name)
    torch.set_num_threads(threads)
    torch.manual_seed(recipe.seed)
    folder = ensure_smollm2(cache_dir)
    language = SmolLM2(folder, QuestionTokenizer(folder, MINI.instruction), dtype=fastest_dtype())
    if start_from is None:
        if START in recipe.list_averaged_phases():
            raise StartUnusableError(
                f"The recipe {recipe.name} goes on from a model. Please name it with --start-from."
            )
        model, table = _begin(whole, train_samples, language, recipe, run_dir)
        trainer = MiniTrainer(model, language, table, train_samples, val_samples, recipe, run_dir)
        trainer.run()
    else:
        first_phase = count_trained_phases(load_config(start_from), recipe)
        model = take_up_model(start_from)
        model.config = dataclasses.replace(model.config, input_size=recipe.side)
        trainer = MiniTrainer(model, language, None, train_samples, val_samples, recipe, run_dir)
        trainer.take_over(start_from)
        trainer.run(first_phase=first_phase)
    model.config = dataclasses.replace(model.config, presence_threshold=trainer.calibrate_presence())
    export_model(
        model,
        trainer.adapters,
        out,
        recipe=recipe,
        seconds=trainer.seconds,
        sources=sorted({sample.source for sample in train_samples}),
    )
    plot_training(run_dir, out / "training.png")


def count_trained_phases(config: SegEarthConfig, recipe: Recipe) -> int:
    """Return how many of a recipe's phases a model has behind it.

    Raises:
        StartUnusableError: it was not trained by this recipe's first phases, or the next one needs the model untrained.
    """
    trained = [phase["name"] for phase in config.training.get("recipe", {}).get("phases", [])]
    names = [phase.name for phase in recipe.phases]
    if not trained or names[: len(trained)] != trained or len(trained) == len(names):
        raise StartUnusableError(
            f"The model to start from was trained by the phases {', '.join(trained) or 'of no recipe'}; the recipe "
            f"{recipe.name} goes on from {', '.join(names[:-1]) or 'no model'}. Please choose another model or recipe."
        )
    if any(phase.language == "table" for phase in recipe.phases[len(trained) :]):
        raise StartUnusableError(
            f"The recipe {recipe.name} goes on with a phase that reads the untrained language model. Please start "
            "without a model."
        )
    return len(trained)


def take_up_model(folder: Path) -> SegEarth:
    """Return the model in `folder` as it is trained on: with a part that it may have been made without.

    Raises:
        CheckpointMissingError: a file is missing.
        CheckpointMismatchError: the weights are not those of its config.
    """
    stored = load_model(folder)
    model = SegEarth(dataclasses.replace(stored.config, place_waves=MINI.place_waves))
    model.load_state_dict({**model.state_dict(), **stored.state_dict()})
    return to_channels_last(model)


def _begin(
    whole: Sequence[Sequence[ImageSample]],
    train_samples: Sequence[ImageSample],
    language: SmolLM2,
    recipe: Recipe,
    run_dir: Path,
) -> tuple[SegEarth, DescriptionTable]:
    """Return the model as the first phase finds it, and what the untrained language model says of every question."""
    model = SegEarth(configure(recipe))
    initialise_mini(model, language)
    train_texts = collect_texts(train_samples)
    # Every source's, so that runs which leave out different ones can share the file.
    texts = sorted({text for samples in whole for text in collect_texts(samples)})
    table = build_table(language, constant_visual_tokens(model), texts, run_dir / "descriptions.safetensors")
    standardise_descriptions(model, table.look_up([train_texts])[0])
    return to_channels_last(model), table


def configure(recipe: Recipe) -> SegEarthConfig:
    """Return the config of the untrained model that a recipe begins with."""
    in_side = recipe.language_side // ENCODER_STRIDES[-1]
    return dataclasses.replace(
        MINI,
        input_size=recipe.side,
        compressor=dataclasses.replace(MINI.compressor, in_side=in_side, halvings=recipe.token_halvings),
        mask_decoder=dataclasses.replace(MINI.mask_decoder, layers=recipe.mask_decoder_layers),
        language=dataclasses.replace(MINI.language, lora_rank=recipe.lora_rank),
    )


def load_split_samples(root: Path, left_out: Collection[str]) -> tuple[list[ImageSample], list[ImageSample]]:
    """Return the images of train and of val without those of some sources; train is asked for groups of classes too.

    Raises:
        TrainingDataError: the folder is not in the form, or has no such source in train.
    """
    kind = detect_kind(root)
    train = [ask_for_groups(sample, find_labels(sample)) for sample in load_images(kind, root, "train")]
    return drop_sources(train, load_images(kind, root, "val"), left_out)


def drop_sources(
    train: Sequence[ImageSample], val: Sequence[ImageSample], left_out: Collection[str]
) -> tuple[list[ImageSample], list[ImageSample]]:
    """Return train and val without the images of some sources; a source may be in train alone.

    Raises:
        TrainingDataError: train has no such source, or nothing is left.
    """
    return leave_out(train, left_out), leave_out(val, {sample.source for sample in val}.intersection(left_out))


def remember_experiment(run_dir: Path, sources: Collection[str], recipe: str) -> None:
    """Write which sources a run learns from and by which recipe, or compare them with those that it was begun with.

    Raises:
        ExperimentChangedError: they differ.
    """
    path = run_dir / "experiment.json"
    run_dir.mkdir(parents=True, exist_ok=True)
    experiment = {"recipe": recipe, "sources": sorted(sources)}
    if not path.is_file():
        path.write_text(json.dumps(experiment) + "\n", encoding="utf-8")
    elif json.loads(path.read_text(encoding="utf-8")) != experiment:
        raise ExperimentChangedError(
            f"The run in {run_dir.name} was begun with other sources or another recipe. Please give another --run-dir, "
            "or the same --leave-out and --recipe as then."
        )
