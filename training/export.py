"""Turns a finished (or half-finished) training into the folder that ships."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from serving.model.checkpoint import ADAPTER_NAMES, save_model
from serving.model.segearth import SegEarth
from training.adapters import Adapters
from training.recipe import Recipe


def export_model(
    model: SegEarth, adapters: Adapters, folder: Path, *, recipe: Recipe, seconds: float, sources: Sequence[str]
) -> None:
    """Write config, weights and adapter to `folder`.

    Args:
        model: the trained parts.
        adapters: the trained part of the language backbone.
        folder: where; files of an earlier export are replaced.
        recipe: how it was trained, kept in the config.
        seconds: time spent in training steps.
        sources: data sets that it was trained on.
    """
    training = {"recipe": asdict(recipe), "seconds": round(seconds), "sources": sorted(sources)}
    model.config = replace(model.config, training=training)
    save_model(model, folder)
    adapters.save(folder)
    for extra in folder.iterdir():
        if extra.name == "README.md" and "library_name: peft" in extra.read_text(encoding="utf-8"):
            extra.unlink()  # peft's empty template; the model card is written after the evaluation
    for file in folder.iterdir():
        file.chmod(0o644)  # safetensors writes for the owner alone
    missing = [name for name in ADAPTER_NAMES if not (folder / name).is_file()]
    if missing:
        raise FileNotFoundError(f"the adapter was not written: {missing}")
