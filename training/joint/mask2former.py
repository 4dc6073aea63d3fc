"""The parameters of a COCO Mask2Former (Swin-B) that SegEarth starts from, under our names.

Its classification and its learned queries are not taken. Two convolutions of the pixel decoder have no bias there;
theirs stays at 0 here.
"""

import pickle
import re
from collections.abc import Iterable
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from serving.model.segearth import SegEarth
from training.errors import StartUnusableError

# Applied in this order to the names after the part's prefix is replaced.
_PREFIXES = {
    "backbone.": "encoder.",
    "sem_seg_head.pixel_decoder.": "pixel_decoder.",
    "sem_seg_head.predictor.": "mask_decoder.",
}
_RENAMED = (
    (r"^pixel_decoder\.transformer\.level_embed$", "pixel_decoder.level_embed"),
    (r"^pixel_decoder\.transformer\.encoder\.layers\.", "pixel_decoder.layers."),
    (r"^pixel_decoder\.(adapter_1|layer_1)\.norm\.", r"pixel_decoder.\1.1."),
    (r"^pixel_decoder\.(adapter_1|layer_1)\.weight$", r"pixel_decoder.\1.0.weight"),
)
_NOT_TAKEN = re.compile(
    r"\.relative_position_index$|^mask_decoder\.(query_feat|static_query|query_embed|class_embed)\.|^criterion\."
)
_WITHOUT_BIAS = {"pixel_decoder.adapter_1.0.bias", "pixel_decoder.layer_1.0.bias"}


def load_mask2former(model: SegEarth, path: Path) -> None:
    """Fill encoder, pixel decoder and mask decoder.

    Args:
        model: with the sizes of the file.
        path: .safetensors, or .pth and .bin that hold tensors alone. Detectron2's .pkl is a pickle that could run
            anything, so it is converted elsewhere first.

    Raises:
        StartUnusableError: the file cannot be read, or is not of this model.
    """
    tensors = _translate(_read(path))
    wanted = _parameters(model)
    with torch.no_grad():
        for name, values in wanted:
            if name in _WITHOUT_BIAS and name not in tensors:
                values.zero_()
                continue
            if name not in tensors:
                raise StartUnusableError(f"start.mask2former lacks {name}.")
            if tensors[name].shape != values.shape:
                raise StartUnusableError(
                    f"{name} has shape {tuple(tensors[name].shape)} in start.mask2former; "
                    f"the model needs {tuple(values.shape)}."
                )
            values.copy_(tensors.pop(name))
    if left := sorted(tensors.keys() - _WITHOUT_BIAS):
        raise StartUnusableError(f"start.mask2former holds {left[0]}, which the model does not have.")


def _parameters(model: SegEarth) -> Iterable[tuple[str, nn.Parameter]]:
    for name, parameter in model.named_parameters():
        if name.startswith(tuple(_PREFIXES.values())) and not name.startswith("mask_decoder.presence."):
            yield name, parameter


def _translate(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    translated: dict[str, Tensor] = {}
    for name, values in tensors.items():
        for theirs, ours in _PREFIXES.items():
            if name.startswith(theirs):
                name = ours + name.removeprefix(theirs)
                break
        for pattern, replacement in _RENAMED:
            name = re.sub(pattern, replacement, name)
        if not _NOT_TAKEN.search(name):
            translated[name] = values
    return translated


def _read(path: Path) -> dict[str, Tensor]:
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        if path.suffix in (".pth", ".bin", ".pt"):
            state = torch.load(path, weights_only=True, map_location="cpu")
            state = state.get("model", state)
            return {str(name): values for name, values in state.items() if isinstance(values, Tensor)}
    except FileNotFoundError as error:
        raise StartUnusableError(f"There is no file {path.name} to start from.") from error
    except (SafetensorError, pickle.UnpicklingError, RuntimeError, EOFError, AttributeError) as error:
        raise StartUnusableError(f"{path.name} holds no weights that can be read safely.") from error
    raise StartUnusableError(f"{path.name}: please give Mask2Former's weights as .safetensors or .pth.")
