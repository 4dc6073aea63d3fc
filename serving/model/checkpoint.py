"""A model's folder: config.json, model.safetensors and the language adapter; in and out, with its digest."""

import dataclasses
import hashlib
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from serving.calibration import Temperatures
from serving.errors import CheckpointMismatchError, CheckpointMissingError
from serving.model.config import SegEarthConfig
from serving.model.segearth import SegEarth, to_channels_last

CONFIG_NAME = "config.json"
WEIGHTS_NAME = "model.safetensors"
REFINER_NAME = "refiner.safetensors"
SEGMENT_ANYTHING_NAME = "segment_anything.safetensors"
ADAPTER_NAMES = ("adapter_config.json", "adapter_model.safetensors")


def save_model(model: SegEarth, folder: Path) -> None:
    """Write the config and the weights, float32 stored as float16 (half the size; masks agree, see the model card)."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CONFIG_NAME).write_text(model.config.to_json() + "\n", encoding="utf-8")
    tensors = {
        name: (tensor.half() if tensor.dtype == torch.float32 else tensor).contiguous()
        for name, tensor in model.state_dict().items()
    }
    save_file(tensors, folder / WEIGHTS_NAME)


def store_temperatures(folder: Path, temperatures: Temperatures) -> str:
    """Write temperatures into the config of the model in `folder`; return the model's digest from now on.

    The digest changes: it stands for all that an answer states, and the confidence of a pixel is part of that.

    Raises:
        CheckpointMissingError: there is no model.
        CheckpointMismatchError: its config is not one that this version reads.
    """
    config = dataclasses.replace(
        load_config(folder), mask_temperature=temperatures.mask, presence_temperature=temperatures.presence
    )
    (folder / CONFIG_NAME).write_text(config.to_json() + "\n", encoding="utf-8")
    return digest_checkpoint(folder)


def load_config(folder: Path) -> SegEarthConfig:
    """Return the config of the model in `folder`.

    Raises:
        CheckpointMissingError: there is none.
        CheckpointMismatchError: it is not one that this version reads.
    """
    path = require_file(folder, CONFIG_NAME)
    try:
        return SegEarthConfig.from_json(path.read_text(encoding="utf-8"))
    except (ValueError, TypeError, KeyError) as error:
        raise CheckpointMismatchError(
            f"The model's {CONFIG_NAME} does not fit this version of SegEarth Chat: {error}."
        ) from error


def load_model(folder: Path) -> SegEarth:
    """Return the model in `folder`, float32, in evaluation mode.

    Raises:
        CheckpointMissingError: a file is missing.
        CheckpointMismatchError: a key or a shape is not the model's; the sentence names the first.
    """
    config = load_config(folder)
    path = require_file(folder, WEIGHTS_NAME)
    try:
        tensors = load_file(path)
    except (SafetensorError, OSError) as error:
        raise CheckpointMismatchError(
            f"The weights in {WEIGHTS_NAME} are damaged or cut short. Please copy the model's folder again."
        ) from error
    model = SegEarth(config)
    wanted = model.state_dict()
    for name in sorted(wanted.keys() | tensors.keys()):
        if name not in tensors:
            raise CheckpointMismatchError(f"The weights lack {name}. Please copy the model's folder again.")
        if name not in wanted:
            raise CheckpointMismatchError(f"The weights hold {name}, which this model does not have.")
        if tensors[name].shape != wanted[name].shape:
            found, expected = tuple(tensors[name].shape), tuple(wanted[name].shape)
            raise CheckpointMismatchError(f"{name} has shape {found} in the weights; the model needs {expected}.")
    model.load_state_dict({name: tensor.to(wanted[name].dtype) for name, tensor in tensors.items()})
    return to_channels_last(model).eval()


def find_adapter(folder: Path) -> Path | None:
    """Return `folder` when it holds an adapter for the language backbone, else None."""
    return folder if all((folder / name).is_file() for name in ADAPTER_NAMES) else None


def digest_checkpoint(folder: Path, *, includes_refiner: bool = True) -> str:
    """Return the SHA-256 over all files that decide a mask, hex.

    Args:
        folder: of the model.
        includes_refiner: also over the refiner and what suggests to it, which decide what a click does; without them,
            the digest is of what decides the answer to a question.

    Raises:
        CheckpointMissingError: a file is missing.
    """
    digest = hashlib.sha256()
    of_clicks = (REFINER_NAME, SEGMENT_ANYTHING_NAME) if includes_refiner else ()
    optional = [name for name in of_clicks if (folder / name).is_file()]
    names = [CONFIG_NAME, WEIGHTS_NAME, *(ADAPTER_NAMES if find_adapter(folder) else ()), *optional]
    for name in names:
        digest.update(name.encode())
        with require_file(folder, name).open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def require_file(folder: Path, name: str) -> Path:
    """Return a file of the model in `folder`.

    Raises:
        CheckpointMissingError: it is not there.
    """
    path = folder / name
    if not path.is_file():
        raise CheckpointMissingError(
            what=f"no {name} in the model's folder",
            remedy="Fetch the repository with all of models/mini, or name another folder in SEGEARTH_MODEL_DIR.",
        )
    return path
