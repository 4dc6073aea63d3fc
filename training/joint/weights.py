"""Weights of a network in and out, under the names of the form that its checkpoint has.

The small form (SmolLM2) keeps our own names; the released form (Phi) has the reference's, query, key and value fused
and the head that predicts words included.
"""

from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from serving.errors import CheckpointError
from serving.language.phi import is_fused, split_names
from serving.model.checkpoint import WEIGHTS_NAME
from serving.model.checkpoints import is_small_form
from serving.model.released_names import LANGUAGE_PREFIX, is_unused, release_name, translate_name, translate_parameter
from serving.model.weight_files import find_weight_files, open_weights
from training.errors import StartUnusableError
from training.joint.network import JointNetwork

HEAD = "lm_head.weight"  # the same name on both sides


def our_weights(network: JointNetwork) -> dict[str, Tensor]:
    """Return every weight under our names, language backbone and head included; adapters are left aside."""
    body = {
        LANGUAGE_PREFIX + name.replace(".base_layer.", "."): values
        for name, values in network.language.body.state_dict().items()
        if ".lora_" not in name
    }
    return {**network.segearth.state_dict(), **body, HEAD: network.language.head.weight}


def to_released_names(weights: dict[str, Tensor], *, language_heads: int) -> dict[str, Tensor]:
    """Return our weights under the reference's names."""
    released: dict[str, Tensor] = {}
    for name, values in weights.items():
        theirs = name if name == HEAD else release_name(name)
        if not is_fused(theirs):
            released[theirs] = values
        elif theirs not in released:
            parts = [weights[part] for part in split_names(translate_name(theirs))]
            by_head = [part.unflatten(0, (language_heads, -1)) for part in parts]  # each (heads, head_dim, ...)
            released[theirs] = torch.stack(by_head, 1).flatten(0, 2)
    return released


def take_over(network: JointNetwork, place: Path) -> list[str]:
    """Fill a network from a checkpoint as far as names and shapes agree; return the names of what was left as it was.

    Args:
        network: without adapters in its backbone, where that is Phi.
        place: the folder of a checkpoint in either form, or a file in the released one.

    Raises:
        StartUnusableError: the weights cannot be read, or nothing of them fits.
    """
    is_small = place.is_dir() and is_small_form(place)
    wanted = network.segearth.state_dict() if is_small else our_weights(network)
    filled: set[str] = set()
    try:
        named = load_file(place / WEIGHTS_NAME).items() if is_small else _read_released(network, place)
        with torch.no_grad():
            for name, values in named:
                if name in wanted and wanted[name].shape == values.shape:
                    wanted[name].copy_(values)
                    filled.add(name)
    except (CheckpointError, OSError) as error:
        raise StartUnusableError(f"The weights in {place.name} cannot be used: {error}") from error
    if not filled:
        raise StartUnusableError(f"No weight in {place.name} fits this model.")
    return sorted(wanted.keys() - filled)


def _read_released(network: JointNetwork, place: Path) -> Iterator[tuple[str, Tensor]]:
    """Yield the weights of a checkpoint in the released form under our names, one at a time."""
    for path in find_weight_files(place):
        file = open_weights(path)
        for theirs, shape in file.shapes.items():
            if is_unused(theirs) and theirs != HEAD:
                continue
            values = torch.cat([rows for _, rows in file.read(theirs)]).reshape(shape)
            if theirs == HEAD:
                yield HEAD, values
            else:
                yield from translate_parameter(theirs, values, language_heads=network.config.language.heads)
