"""Reads an experiment from its TOML file; an unknown key, a wrong type or a missing table is an error."""

import dataclasses
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from serving.errors import CheckpointError
from serving.model.checkpoint import CONFIG_NAME, load_config
from serving.model.checkpoints import is_small_form, locate
from serving.model.config import MINI, RELEASED, EfficientNetLiteConfig, SegEarthConfig, SwinConfig
from serving.model.released_config import build_released_config, read_config_fields
from training.errors import ExperimentInvalidError
from training.joint.experiment import Experiment

_Config = TypeVar("_Config")
_ENCODERS: dict[str, type[SwinConfig | EfficientNetLiteConfig]] = {
    "swin": SwinConfig,
    "efficientnet_lite0": EfficientNetLiteConfig,
}


def load_experiment(path: Path) -> Experiment:
    """Return the experiment in a TOML file; paths in it are relative to where the program runs.

    Raises:
        ExperimentInvalidError: the file is missing, is not TOML, or holds something that no experiment has.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ExperimentInvalidError(f"There is no experiment {path.name} that can be read here.") from error
    except tomllib.TOMLDecodeError as error:
        raise ExperimentInvalidError(f"{path.name} is not valid TOML: {error}.") from error
    experiment = build_config(Experiment, table)
    if experiment.preset == "checkpoint" and not experiment.start.checkpoint:
        raise ExperimentInvalidError('preset = "checkpoint" needs start.checkpoint to name a folder.')
    change_config(_preset(experiment), experiment.model, where="model")  # so that a slip shows before anything is read
    return experiment


def build_model_config(experiment: Experiment) -> SegEarthConfig:
    """Return the model's config: the preset, or the checkpoint's, with the experiment's changes.

    Raises:
        ExperimentInvalidError: a change names nothing that the model has, or there is no such checkpoint.
    """
    base = _preset(experiment)
    if experiment.preset == "checkpoint":
        try:
            base = read_checkpoint_config(locate(experiment.start.checkpoint))
        except CheckpointError as error:
            raise ExperimentInvalidError(f"start.checkpoint cannot be used: {error}") from error
    return change_config(base, experiment.model, where="model")


def read_checkpoint_config(place: Path) -> SegEarthConfig:
    """Return the config of a checkpoint in either form.

    Raises:
        CheckpointError: there is none, or it does not fit this version.
    """
    if place.is_dir() and is_small_form(place):
        return load_config(place)
    folder = place if place.is_dir() else place.parent
    path = folder / CONFIG_NAME
    fields = read_config_fields(path) if path.is_file() else None
    return build_released_config(fields, name=str(place))


def build_config(kind: type[_Config], table: Mapping[str, Any], where: str = "") -> _Config:
    """Return a config dataclass filled from a table, nested tables included.

    Raises:
        ExperimentInvalidError: a key is unknown or missing, or a value is of another type.
    """
    hints = _known_fields(kind, table, where)
    values: dict[str, Any] = {}
    for name, value in table.items():
        here = _path(where, name)
        if dataclasses.is_dataclass(hints[name]) and isinstance(hints[name], type):
            values[name] = build_config(hints[name], _as_table(value, here), here)
        else:
            values[name] = _checked_value(hints[name], value, here)
    for field in dataclasses.fields(kind):  # type: ignore[arg-type] # only config dataclasses come here
        has_default = field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
        if field.name not in table and not has_default:
            raise ExperimentInvalidError(f"The experiment lacks {_path(where, field.name)}.")
    try:
        return kind(**values)
    except ValueError as error:
        raise ExperimentInvalidError(f"{where or 'The experiment'} cannot be used: {error}.") from error


def change_config(base: _Config, changes: Mapping[str, Any], *, where: str) -> _Config:
    """Return a config dataclass with some fields changed, nested tables included.

    Raises:
        ExperimentInvalidError: a key is unknown, or a value is of another type.
    """
    hints = _known_fields(type(base), changes, where)
    values: dict[str, Any] = {}
    for name, value in changes.items():
        here, current = _path(where, name), getattr(base, name)
        if not dataclasses.is_dataclass(current):
            values[name] = _checked_value(hints[name], value, here)
            continue
        table = _as_table(value, here)
        if isinstance(current, SwinConfig | EfficientNetLiteConfig):
            # The one part that comes in two kinds; another kind starts from its own defaults.
            kind = table.get("kind", current.kind)
            if kind not in _ENCODERS:
                raise ExperimentInvalidError(f"{here}.kind is one of {', '.join(_ENCODERS)}, not {kind!r}.")
            current = current if kind == current.kind else _ENCODERS[kind]()
        values[name] = change_config(current, table, where=here)
    return dataclasses.replace(base, **values)  # type: ignore[type-var] # only config dataclasses come here


def _preset(experiment: Experiment) -> SegEarthConfig:
    return MINI if experiment.preset == "mini" else RELEASED


def _known_fields(kind: type, table: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return the annotation of every field, after looking for keys that are none."""
    hints = get_type_hints(kind)
    for name in table:
        if name not in hints:
            known = ", ".join(sorted(hints))
            raise ExperimentInvalidError(f"{_path(where, name)} is unknown here; there are: {known}.")
    return hints


def _as_table(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ExperimentInvalidError(f"{where} is a table, not {value!r}.")
    return value


def _checked_value(annotation: Any, value: Any, where: str) -> Any:
    """Return `value` as the annotated type: int for float and list for tuple are taken, nothing else is bent."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        if value in arguments:
            return value
        raise ExperimentInvalidError(f"{where} is one of {', '.join(map(str, arguments))}, not {value!r}.")
    if origin is tuple and isinstance(value, list):
        kinds = arguments[:1] * len(value) if arguments[-1] is Ellipsis else arguments
        if len(kinds) == len(value):
            return tuple(_checked_value(kind, item, where) for kind, item in zip(kinds, value, strict=True))
    if annotation is float and type(value) is int:
        return float(value)
    if type(value) is (origin or annotation) and origin is not tuple:
        return value
    raise ExperimentInvalidError(f"{where} cannot be {value!r}; it is {getattr(annotation, '__name__', annotation)}.")


def _path(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name
