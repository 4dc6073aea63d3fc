"""The files that a checkpoint's weights lie in, and what they hold, tensor by tensor; values are read one at a time."""

import json
import math
import pickle
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, cast

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from serving.errors import CheckpointMismatchError, CheckpointMissingError

SAFETENSORS_SUFFIX = ".safetensors"
PICKLE_SUFFIXES = (".bin", ".pth", ".pt")

# Preferred first. A name is a whole checkpoint, or with ".index.json" behind it the list of its shards.
_WHOLE_NAMES = ("model.safetensors", "pytorch_model.bin")
_INDEX_SUFFIX = ".index.json"

# Rows are read in blocks of about this size, so that a large tensor needs no second place for all of it.
BLOCK_BYTES = 64 * 1024**2


def find_weight_files(place: Path) -> list[Path]:
    """Return the files of a checkpoint, in the order of its index.

    Args:
        place: a folder, or one file that holds all weights.

    Raises:
        CheckpointMissingError: there are none, or a shard is missing.
        CheckpointMismatchError: the index cannot be read.
    """
    if place.is_file():
        if place.suffix not in (SAFETENSORS_SUFFIX, *PICKLE_SUFFIXES):
            raise CheckpointMismatchError(
                f"{place.name} is no file of weights. Please name a .safetensors file or the folder that holds it."
            )
        return [place]
    for name in _WHOLE_NAMES:
        if (place / name).is_file():
            return [place / name]
        if (place / f"{name}{_INDEX_SUFFIX}").is_file():
            return _read_index(place / f"{name}{_INDEX_SUFFIX}")
    for pattern in ("*.safetensors", "pytorch_model*.bin", "*.pth"):
        if loose := sorted(place.glob(pattern)):
            return loose
    raise CheckpointMissingError(
        what=f"no .safetensors file in {place.name or place}",
        remedy="Download the whole checkpoint, or name another folder with --model.",
    )


class WeightFile(Protocol):
    """One open file of weights."""

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Key -> shape of every tensor, in the order in which they lie."""
        ...

    def read(self, name: str) -> Iterator[tuple[slice, Tensor]]:
        """Yield the rows of one tensor, block by block, with where they belong; a scalar is one row."""
        ...


class SafetensorsFile:
    """Reads the header at once and values when asked."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with _translated(path), safe_open(path, framework="pt") as file:
            names = cast(list[str], file.keys())
            self._shapes = {name: tuple(cast(list[int], file.get_slice(name).get_shape())) for name in names}

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Key -> shape of every tensor."""
        return self._shapes

    def read(self, name: str) -> Iterator[tuple[slice, Tensor]]:
        """Yield the rows of one tensor, block by block.

        Raises:
            CheckpointMismatchError: the file is damaged.
        """
        shape = self._shapes[name]
        if not shape or 0 in shape:
            with _translated(self._path), safe_open(self._path, framework="pt") as file:
                yield slice(0, shape[0] if shape else 1), file.get_tensor(name).reshape(shape or (1,))
            return
        step = max(1, BLOCK_BYTES // (4 * math.prod(shape[1:])))
        for start in range(0, shape[0], step):
            part = slice(start, min(start + step, shape[0]))
            # Opened anew: what an open file has read counts as our memory until it is closed.
            with _translated(self._path), safe_open(self._path, framework="pt") as file:
                yield part, file.get_slice(name)[part]


class PickleFile:
    """Reads a PyTorch file in the mode that runs nothing of it."""

    def __init__(self, path: Path) -> None:
        self._state = _load_pickle(path)

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Key -> shape of every tensor."""
        return {name: tuple(values.shape) for name, values in self._state.items()}

    def read(self, name: str) -> Iterator[tuple[slice, Tensor]]:
        """Yield one tensor as one block."""
        values = self._state[name]
        values = values if values.dim() else values[None]
        yield slice(0, len(values)), values


def open_weights(path: Path) -> WeightFile:
    """Open one file of weights.

    Raises:
        CheckpointMismatchError: the file is damaged, or a pickle with more than weights in it.
    """
    return SafetensorsFile(path) if path.suffix == SAFETENSORS_SUFFIX else PickleFile(path)


def _read_index(path: Path) -> list[Path]:
    try:
        weight_map = json.loads(path.read_text(encoding="utf-8"))["weight_map"]
        names = list(dict.fromkeys(cast(Mapping[str, str], weight_map).values()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointMismatchError(f"The list of weights in {path.name} cannot be read: {error}.") from error
    for name in names:
        if Path(name).name != name:  # an index names its neighbours, never another place
            raise CheckpointMismatchError(f"The list of weights in {path.name} names {name}, which is no file name.")
        if not (path.parent / name).is_file():
            raise CheckpointMissingError(
                what=f"the shard {name}, which {path.name} lists", remedy="Download the checkpoint again, whole."
            )
    return [path.parent / name for name in names]


def _load_pickle(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a pickle file; nothing in it is run.

    Raises:
        CheckpointMismatchError: it holds more than weights, or is damaged.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except pickle.UnpicklingError as error:
        raise CheckpointMismatchError(
            f"{path.name} is a pickle file with more in it than weights, and such a file can run any program. "
            "It is refused. Please use the checkpoint's .safetensors files."
        ) from error
    except (RuntimeError, OSError, EOFError, ValueError) as error:
        raise CheckpointMismatchError(f"{path.name} is damaged or cut short. Please copy it again.") from error
    if isinstance(state, dict) and isinstance(state.get("state_dict"), dict):
        state = state["state_dict"]
    if not isinstance(state, dict) or not all(isinstance(values, Tensor) for values in state.values()):
        raise CheckpointMismatchError(f"{path.name} holds no table of names and weights.")
    return state


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except (SafetensorError, OSError) as error:
        raise CheckpointMismatchError(
            f"The weights in {path.name} are damaged or cut short. Please copy or download the file again."
        ) from error
