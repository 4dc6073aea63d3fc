"""Which checkpoint a name means: hub id, folder or file; and of which of the two forms it is.

One rule decides the form. A folder whose config.json is in our own form (see `SegEarthConfig`) and whose language
family is "llama" is the small form: model.safetensors under our names, an adapter, SmolLM2 from the cache. Everything
else is the released form: the whole model, language backbone included, under the reference's names.
"""

from dataclasses import dataclass
from pathlib import Path

from serving.errors import CheckpointMissingError, TemperaturesUnstorableError
from serving.language.codegen_files import list_tokenizer_files
from serving.model.config import SegEarthConfig
from serving.model.hub import fetch, is_hub_id
from serving.model.released_config import CONFIG_NAME, build_released_config, is_own_form, read_config_fields
from serving.model.weight_files import find_weight_files


@dataclass(frozen=True)
class ReleasedCheckpoint:
    """A checkpoint in the released form, found whole on this machine.

    Attributes:
        config: sizes and wording.
        weights: its files of weights.
        tokenizer_folder: where the tokenizer's files are.
        files: everything that decides a mask: config, weights, tokenizer.
    """

    config: SegEarthConfig
    weights: tuple[Path, ...]
    tokenizer_folder: Path
    files: tuple[Path, ...]


def locate(model: str | Path) -> Path:
    """Return the folder or file that `model` names, downloading a hub id first.

    A path that exists wins over a hub id of the same spelling.

    Raises:
        CheckpointMissingError: it is neither there nor to be had.
    """
    path = Path(model).expanduser()
    if path.exists():
        return path
    if isinstance(model, str) and is_hub_id(model):
        return fetch(model)
    raise CheckpointMissingError(
        what=f"there is no file or folder {path.name or path}",
        remedy=(
            "Name the folder of a checkpoint, its .safetensors file, or a hub id such as "
            "earth-insights/SegEarth-R1-EarthReason."
        ),
    )


def is_small_form(place: Path) -> bool:
    """Whether a folder holds a model in the small form; see this module's rule.

    Raises:
        CheckpointMismatchError: its config.json cannot be read.
    """
    config = place / CONFIG_NAME
    if not config.is_file():
        return False
    fields = read_config_fields(config)
    language = fields.get("language")
    return is_own_form(fields) and isinstance(language, dict) and language.get("family") == "llama"


def locate_small_form(model: str | Path) -> Path:
    """Return the folder of a model in the small form, whose config is ours to write.

    Raises:
        CheckpointMissingError: it is nowhere.
        CheckpointMismatchError: its config.json cannot be read.
        TemperaturesUnstorableError: it is of the other form.
    """
    place = locate(model)
    if not place.is_dir() or not is_small_form(place):
        raise TemperaturesUnstorableError
    return place


def read_checkpoint(place: Path, *, name: str) -> ReleasedCheckpoint:
    """Return what a checkpoint in the released form consists of; no weight is read.

    Args:
        place: folder, or a single file of weights with the tokenizer (and a config, if it has one) beside it.
        name: what the person called it; a hub id or a path.

    Raises:
        CheckpointMissingError: weights or tokenizer are missing.
        CheckpointMismatchError: config or index do not fit.
    """
    folder = place if place.is_dir() else place.parent
    config_path = folder / CONFIG_NAME
    fields = read_config_fields(config_path) if config_path.is_file() else None
    weights = find_weight_files(place)
    tokenizer = list_tokenizer_files(folder)
    return ReleasedCheckpoint(
        config=build_released_config(fields, name=name),
        weights=tuple(weights),
        tokenizer_folder=folder,
        files=(*weights, *tokenizer, *([config_path] if fields is not None else [])),
    )
