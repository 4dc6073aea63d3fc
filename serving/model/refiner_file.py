"""The refiner's file: weights, sizes, and the digest of the features that it was trained on."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from serving.errors import CheckpointMismatchError, RefinerOutdatedError
from serving.model.checkpoint import REFINER_NAME
from serving.model.refiner import ClickRefiner, RefinerConfig
from serving.model.segearth import SegEarth

_FEATURE_PARTS = ("encoder.", "pixel_decoder.")


def digest_features(model: SegEarth) -> str:
    """Return a SHA-256, hex, over the weights that make an image's features.

    The same for the trained model and for its folder, which keeps float16; the language backbone and the mask decoder
    may change without changing it.
    """
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        if name.startswith(_FEATURE_PARTS):
            stored = tensor.detach().cpu().contiguous()
            stored = stored.half() if stored.is_floating_point() else stored
            digest.update(f"{name}{tuple(stored.shape)}".encode())
            digest.update(stored.numpy().tobytes())
    return digest.hexdigest()


def save_refiner(refiner: ClickRefiner, folder: Path, *, features_digest: str) -> None:
    """Write the refiner beside the model, float32 stored as float16."""
    tensors = {name: tensor.half().contiguous() for name, tensor in refiner.state_dict().items()}
    metadata = {"config": json.dumps(asdict(refiner.config)), "features": features_digest}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / REFINER_NAME
    save_file(tensors, path, metadata=metadata)
    path.chmod(0o644)  # safetensors writes for the owner alone


def load_refiner(folder: Path, *, features_digest: str) -> ClickRefiner | None:
    """Return the refiner in `folder`, float32, in evaluation mode; None when there is none.

    Args:
        folder: of the model.
        features_digest: of the model whose features it is to read.

    Raises:
        RefinerOutdatedError: it was trained on other weights' features.
        CheckpointMismatchError: the file is damaged, or a key or a shape is not the refiner's.
    """
    if not (folder / REFINER_NAME).is_file():
        return None
    refiner, trained_on = read_refiner(folder)
    if trained_on != features_digest:
        raise RefinerOutdatedError
    return refiner


def read_refiner(folder: Path) -> tuple[ClickRefiner, str]:
    """Return the refiner in `folder`, float32, in evaluation mode, and the digest of the features it was trained on.

    Raises:
        CheckpointMismatchError: the file is missing or damaged, or a key or a shape is not the refiner's.
    """
    try:
        with safe_open(folder / REFINER_NAME, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118 (no mapping)
        sizes = json.loads(metadata["config"])
        refiner = ClickRefiner(RefinerConfig(**{**sizes, "dims": tuple(sizes["dims"])}))
        refiner.load_state_dict(tensors)
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise CheckpointMismatchError(
            f"The refiner in {REFINER_NAME} is damaged or of another version. Please copy the model's folder again, "
            "or remove the file: clicks then work without it."
        ) from error
    return to_channels_last(refiner).eval(), metadata.get("features", "")


def to_channels_last(refiner: ClickRefiner) -> ClickRefiner:
    """Lay the weights out as depthwise convolutions are fast on a CPU; returns the same refiner."""
    # torch annotates memory_format for tensors only; for modules it converts every 4-D parameter in place.
    refiner.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return refiner
