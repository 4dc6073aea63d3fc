"""A checkpoint of SegEarth-R1 into the model, tensor by tensor: never two copies of it in memory.

The whole plan - every name, every shape - is checked before a value is read. Values go straight to their place, in the
dtype that is asked for; what nobody reads (see `released_names.UNUSED`) is left on the disk.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from accelerate import init_empty_weights
from torch import Tensor, nn

from serving.errors import CheckpointMismatchError
from serving.language.phi import PhiBackbone, is_fused, split_names
from serving.model.config import SegEarthConfig
from serving.model.heap import release_freed_memory
from serving.model.released_names import LANGUAGE_PREFIX, is_unused, release_name, translate_name, translate_parameter
from serving.model.segearth import SegEarth
from serving.model.weight_files import WeightFile, open_weights

# Puts one loaded parameter into the module that owns it, under its own name there.
Place = Callable[[nn.Module, str, Tensor], None]
Shape = tuple[int, ...]


@dataclass(frozen=True)
class EmptyModel:
    """Both halves of one model; parameters have shapes and no values yet."""

    segearth: SegEarth
    language: PhiBackbone

    def shapes(self) -> dict[str, Shape]:
        """Return our name -> shape of everything that a checkpoint has to bring."""
        both = {**self.segearth.state_dict(), **add_prefix(self.language.phi.state_dict())}
        return {name: tuple(values.shape) for name, values in both.items()}

    def owner(self, name: str) -> tuple[nn.Module, str]:
        """Return the module that holds our parameter `name`, and what the parameter is called there."""
        root: nn.Module = self.segearth
        if name.startswith(LANGUAGE_PREFIX):
            root, name = self.language.phi, name.removeprefix(LANGUAGE_PREFIX)
        path, _, own = name.rpartition(".")
        return root.get_submodule(path), own


def build_empty_model(config: SegEarthConfig) -> EmptyModel:
    """Return the model with parameters that take no memory; what is computed (index tables, frequencies) is there."""
    with init_empty_weights(include_buffers=False):
        segearth = SegEarth(config)
    return EmptyModel(segearth.eval(), PhiBackbone(config.language, device="meta").eval())


def add_prefix(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return a state of `PhiModel` under our names."""
    return {LANGUAGE_PREFIX + name: values for name, values in state.items()}


def fill_model(
    model: EmptyModel,
    paths: Sequence[Path],
    *,
    dtype: torch.dtype,
    device: torch.device,
    place: Place | None = None,
    leave_out: tuple[str, ...] = (),
) -> None:
    """Give every parameter its value.

    Args:
        model: from `build_empty_model`; perhaps with its linear layers made ready for quantised weights.
        paths: the checkpoint's files.
        dtype: of every parameter.
        device: of every parameter.
        place: puts a parameter into its module; by itself where None.
        leave_out: our names that start so are checked and stay empty; somebody else reads them.

    Raises:
        CheckpointMismatchError: a name or a shape is not the model's (nothing is loaded then), or a file is damaged.
    """
    place = place or place_parameter
    shapes = model.shapes()
    check_plan([open_weights(path).shapes for path in paths], shapes)
    heads = model.language.config.heads
    for path in paths:
        file = open_weights(path)
        for theirs, stored_shape in file.shapes.items():
            if is_unused(theirs) or translate_name(theirs).startswith(leave_out):
                continue
            values = _read(file, theirs, stored_shape, dtype=dtype, device=device)
            for name, part in translate_parameter(theirs, values, language_heads=heads):
                place(*model.owner(name), part.contiguous())
            del values
            release_freed_memory()


def check_plan(files: Sequence[Mapping[str, Shape]], shapes: Mapping[str, Shape]) -> None:
    """Compare what the files hold with what the model needs.

    Args:
        files: key -> shape of each file, in the checkpoint's names.
        shapes: our name -> shape.

    Raises:
        CheckpointMismatchError: a key is unknown, missing, there twice, or of another shape; the sentence names it.
    """
    found: set[str] = set()
    for file in files:
        for theirs, stored_shape in file.items():
            if is_unused(theirs):
                continue
            for name in _check_tensor(theirs, stored_shape, shapes):
                if name in found:
                    raise CheckpointMismatchError(f"The weights hold {theirs} twice. Please download them again.")
                found.add(name)
    for name in shapes:
        if name not in found:
            raise CheckpointMismatchError(
                f"The weights lack {_their_name(name)}. Please download the checkpoint again, whole."
            )


def place_parameter(module: nn.Module, name: str, values: Tensor) -> None:
    """Let `values` be the parameter or buffer `name` of `module`."""
    if name in dict(module.named_buffers(recurse=False)):
        setattr(module, name, values)
    else:
        setattr(module, name, nn.Parameter(values, requires_grad=False))


def _check_tensor(theirs: str, stored: Shape, shapes: Mapping[str, Shape]) -> list[str]:
    """Return our names of one of the checkpoint's tensors, after a look at its shape."""
    ours = translate_name(theirs)
    names = split_names(ours) if is_fused(ours) else [ours]
    for name in names:
        if name not in shapes:
            raise CheckpointMismatchError(f"The weights hold {theirs}, which this model does not have.")
    first = shapes[names[0]]
    expected = (sum(shapes[name][0] for name in names), *first[1:]) if is_fused(ours) else first
    if stored != expected:
        raise CheckpointMismatchError(f"{theirs} has shape {stored} in the weights; the model needs {expected}.")
    return names


def _their_name(name: str) -> str:
    """Return the checkpoint's name of one of ours; ours for a part that no released checkpoint has."""
    try:
        return release_name(name)
    except ValueError:
        return name


def _read(file: WeightFile, name: str, shape: Shape, *, dtype: torch.dtype, device: torch.device) -> Tensor:
    values = torch.empty(shape or (1,), dtype=dtype, device=device)
    for part, block in file.read(name):
        values[part] = block.to(device).to(dtype)
    return values.reshape(shape)
