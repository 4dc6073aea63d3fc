"""The file of MobileSAM's weights: out, in, and from the published ones."""

import pickle
import re
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from serving.errors import CheckpointMismatchError
from serving.model.checkpoint import SEGMENT_ANYTHING_NAME, require_file
from serving.segment_anything.mobile_sam import MobileSam

# Never used here: ImageNet's classes, masks as prompts, how many batches the normalisation has seen.
_LEFT_OUT = re.compile(
    r"image_encoder\.(norm_)?head\.|prompt_encoder\.mask_downscaling\.|.*(num_batches_tracked|attention_bias_idxs)$"
)
# Applied in turn, each to what the one before has made of the name.
_RENAMED = [
    (re.compile(pattern), ours)
    for pattern, ours in (
        (r"^image_encoder\.", "encoder."),
        (r"^encoder\.patch_embed\.seq\.", "encoder.stem."),
        (r"^encoder\.layers\.(\d)\.blocks\.", r"encoder.stages.\1."),
        (r"^encoder\.layers\.(\d)\.downsample\.", r"encoder.merges.\1."),
        (r"\.conv1\.", ".widen."),
        (r"\.conv2\.", ".depthwise."),
        (r"\.conv3\.", ".project."),
        (r"\.local_conv\.", ".local."),
        (r"\.c\.weight$", ".weight"),
        (r"\.bn\.weight$", ".scale"),
        (r"\.bn\.bias$", ".shift"),
        (r"\.bn\.running_mean$", ".mean"),
        (r"\.bn\.running_var$", ".variance"),
        (r"\.attn\.attention_biases$", ".attention.biases"),
        (r"\.attn\.proj\.", ".attention.project."),
        (r"\.attn\.", ".attention."),
        (r"\.mlp\.fc1\.", ".mlp.widen."),
        (r"\.mlp\.fc2\.", ".mlp.project."),
        (r"\.neck\.0\.", ".neck.reduce."),
        (r"\.neck\.1\.", ".neck.reduce_norm."),
        (r"\.neck\.2\.", ".neck.smooth."),
        (r"\.neck\.3\.", ".neck.smooth_norm."),
        (r"\.pe_layer\.positional_encoding_gaussian_matrix$", ".shared_embedding.positional_embedding"),
        (r"\.point_embeddings\.", ".point_embed."),
        (r"\.norm([1-4])\.", r".layer_norm\1."),
        (r"\.norm_final_attn\.", ".layer_norm_final_attn."),
        (r"\.output_upscaling\.0\.", ".upscale_conv1."),
        (r"\.output_upscaling\.1\.", ".upscale_layer_norm."),
        (r"\.output_upscaling\.3\.", ".upscale_conv2."),
        (r"^(mask_decoder\..*(?:mlps\.\d|head))\.layers\.0\.", r"\1.proj_in."),
        (r"^(mask_decoder\..*(?:mlps\.\d|head))\.layers\.1\.", r"\1.layers.0."),
        (r"^(mask_decoder\..*(?:mlps\.\d|head))\.layers\.2\.", r"\1.proj_out."),
    )
]


def convert_published(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return MobileSAM's published state dict under the names of `MobileSam`, without what it never uses."""
    return {_rename(name): tensor for name, tensor in state.items() if not _LEFT_OUT.match(name)}


def read_published(path: Path) -> MobileSam:
    """Return the model that MobileSAM's published file, mobile_sam.pt, holds.

    Raises:
        CheckpointMismatchError: the file is damaged, or something else.
    """
    model = MobileSam()
    try:
        model.load_state_dict(convert_published(torch.load(path, weights_only=True, map_location="cpu")))
    except (OSError, RuntimeError, TypeError, pickle.UnpicklingError, AttributeError, EOFError) as error:
        raise CheckpointMismatchError(
            f"{path.name} does not hold MobileSAM's published weights. Please fetch mobile_sam.pt again."
        ) from error
    return model.eval().requires_grad_(False)


def save_mobile_sam(model: MobileSam, folder: Path) -> None:
    """Write the weights, float32 stored as float16."""
    tensors = {name: tensor.half().contiguous() for name, tensor in model.state_dict().items()}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / SEGMENT_ANYTHING_NAME
    save_file(tensors, path)
    path.chmod(0o644)  # safetensors writes for the owner alone


def has_mobile_sam(folder: Path) -> bool:
    """Return whether the weights lie in `folder`."""
    return (folder / SEGMENT_ANYTHING_NAME).is_file()


def load_mobile_sam(folder: Path) -> MobileSam:
    """Return the model in `folder`, float32, frozen, in evaluation mode.

    Raises:
        CheckpointMissingError: there is none.
        CheckpointMismatchError: the file is damaged, or a key or a shape is not the model's.
    """
    path = require_file(folder, SEGMENT_ANYTHING_NAME)
    model = MobileSam()
    try:
        model.load_state_dict({name: tensor.float() for name, tensor in load_file(path).items()})
    except (SafetensorError, OSError, RuntimeError) as error:
        raise CheckpointMismatchError(
            f"The weights in {SEGMENT_ANYTHING_NAME} are damaged or of another version. "
            "Please copy the model's folder again."
        ) from error
    return model.eval().requires_grad_(False)


def _rename(name: str) -> str:
    for pattern, ours in _RENAMED:
        name = pattern.sub(ours, name)
    return name
