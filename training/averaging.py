"""Means of weights: over the steps of one phase, and after several phases of one training.

Source: "Model soups" (arXiv 2203.05482), "Averaging Weights Leads to Wider Optima" (arXiv 1803.05407). Running means
and variances of the normalisations are averaged like weights. The place prior is not: it is taught all at once, and
what earlier phases have of it knows nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from training.checkpointing import load_checkpoint, save_checkpoint
from training.errors import StartUnusableError

START = "start"
"""The name, among those of phases, of the weights that a run was told to go on from."""

_TAUGHT_AT_ONCE = "place_prior."

Weights = Mapping[str, Tensor]


def moving_average(model: nn.Module, decay: float) -> AveragedModel:
    """Return an exponential moving average that begins with the weights of `model` as they are."""
    return AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)


def keep_weights(run_dir: Path, phase: str, weights: Weights) -> None:
    """Write the weights that a phase ended with, if they will be averaged."""
    save_checkpoint(_path(run_dir, phase), weights)


def require_weights(run_dir: Path, phases: Collection[str]) -> None:
    """Raise `StartUnusableError` unless the weights after all these phases were kept."""
    for phase in sorted(phases):
        if not _path(run_dir, phase).is_file():
            raise StartUnusableError(
                f"The recipe has a mean over several phases, and this run has no {_path(run_dir, phase).name}. Please "
                "copy it from the run of the model to start from, or train without --start-from."
            )


def average_phases(run_dir: Path, shares: Sequence[tuple[str, float]]) -> dict[str, Tensor]:
    """Return the mean of what `keep_weights` kept; whole numbers and the place prior are those of the last phase.

    Args:
        run_dir: of the training.
        shares: phases with their shares, which add up to 1.

    Raises:
        StartUnusableError: the weights of a phase are not there.
    """
    if abs(sum(share for _, share in shares) - 1) > 1e-6:
        raise ValueError(f"the shares add up to 1, got {shares}")
    require_weights(run_dir, [phase for phase, _ in shares])
    parts = [(_load(run_dir, phase), share) for phase, share in shares]
    last = parts[-1][0]
    return {
        name: torch.stack([weights[name] * share for weights, share in parts]).sum(0)
        if tensor.is_floating_point() and not name.startswith(_TAUGHT_AT_ONCE)
        else tensor
        for name, tensor in last.items()
    }


def _load(run_dir: Path, phase: str) -> Weights:
    weights = load_checkpoint(_path(run_dir, phase))
    assert weights is not None
    return weights


def _path(run_dir: Path, phase: str) -> Path:
    return run_dir / f"after_{phase}.pt"
