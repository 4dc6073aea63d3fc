"""Mask losses: binary cross-entropy and Dice on sampled points, over the final and every earlier prediction.

Source: Mask2Former's point-based criterion as SegEarth-R1 uses it. Each description has one query and one target, so
nothing is matched.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class PointLossConfig:
    """How many points are compared, which, and how much each loss weighs.

    Attributes:
        points: compared per mask.
        oversample: candidates per point; the most uncertain are kept.
        importance: share of the points taken from those candidates; the rest is fresh and uniform.
        bce_weight: factor of the cross-entropy.
        dice_weight: factor of Dice.
    """

    points: int = 12_544
    oversample: float = 3.0
    importance: float = 0.75
    bce_weight: float = 5.0
    dice_weight: float = 5.0


@dataclass(frozen=True)
class MaskLosses:
    """Unweighted losses of one prediction, scalars: summed over masks, divided by their number."""

    bce: Tensor
    dice: Tensor


def mask_losses(
    mask_logits: Tensor,
    targets: Tensor,
    config: PointLossConfig,
    *,
    generator: torch.Generator | None = None,
) -> MaskLosses:
    """Compare one prediction with its target at points that favour uncertain places.

    Args:
        mask_logits: before the threshold, (B, 1, H, W), any float dtype.
        targets: (B, 1, H', W'), 0 or 1 (or bool); its size may differ from the logits'.
        config: which points.
        generator: on the device of `mask_logits`; None draws from torch's own.

    Returns:
        the two losses, float32.
    """
    if mask_logits.shape[:2] != targets.shape[:2] or mask_logits.shape[1] != 1:
        raise ValueError(f"expected one mask per image, got {mask_logits.shape} and {targets.shape}")
    logits, targets = mask_logits.float(), targets.float()
    with torch.no_grad():
        points = uncertain_points(
            logits,
            config.points,
            oversample=config.oversample,
            importance=config.importance,
            generator=generator,
        )
        point_targets = sample_points(targets, points).squeeze(1)  # (B, P)
    point_logits = sample_points(logits, points).squeeze(1)  # (B, P)
    return MaskLosses(bce=bce_loss(point_logits, point_targets), dice=dice_loss(point_logits, point_targets))


def total_mask_loss(
    predictions: Sequence[Tensor],
    targets: Tensor,
    config: PointLossConfig,
    *,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Return the weighted sum over all predictions (deep supervision), a float32 scalar.

    Args:
        predictions: mask logits of every stage of the decoder, each (B, 1, H, W); drawn for in this order.
        targets: (B, 1, H', W'), 0 or 1.
        config: points and weights.
        generator: see `mask_losses`.
    """
    if not predictions:
        raise ValueError("expected at least one prediction")
    losses = [mask_losses(logits, targets, config, generator=generator) for logits in predictions]
    return torch.stack([config.bce_weight * one.bce + config.dice_weight * one.dice for one in losses]).sum()


def bce_loss(logits: Tensor, targets: Tensor, *, mask_count: float | None = None) -> Tensor:
    """Return the mean binary cross-entropy over points, summed over masks and divided by `mask_count`.

    Args:
        logits: (masks, P).
        targets: (masks, P), 0..1.
        mask_count: masks to average over (across processes it differs from the number given); at least 1.
    """
    losses = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    return losses.mean(dim=1).sum() / _mask_count(logits, mask_count)


def dice_loss(logits: Tensor, targets: Tensor, *, mask_count: float | None = None) -> Tensor:
    """Return 1 - Dice over points (1 added above and below), summed over masks, divided by `mask_count`.

    Args:
        logits: (masks, P).
        targets: (masks, P), 0..1.
        mask_count: see `bce_loss`.
    """
    probabilities = logits.sigmoid()
    overlap = 2 * (probabilities * targets).sum(dim=1)
    total = probabilities.sum(dim=1) + targets.sum(dim=1)
    return (1 - (overlap + 1) / (total + 1)).sum() / _mask_count(logits, mask_count)


def sample_points(features: Tensor, points_xy: Tensor) -> Tensor:
    """Return `features` at points, bilinearly; half-pixel convention, zero outside.

    Args:
        features: (B, C, H, W).
        points_xy: (B, P, 2), x then y, both 0..1 over the picture.

    Returns:
        (B, C, P).
    """
    grid = 2 * points_xy.to(features.dtype).unsqueeze(2) - 1  # (B, P, 1, 2)
    return F.grid_sample(features, grid, align_corners=False).squeeze(3)


def uncertain_points(
    mask_logits: Tensor,
    count: int,
    *,
    oversample: float,
    importance: float,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Return points in 0..1, most of them where the logits are close to 0.

    Args:
        mask_logits: (B, 1, H, W).
        count: points per image.
        oversample: candidates are `count * oversample` uniform points.
        importance: `floor(importance * count)` points are the candidates with the smallest |logit|.
        generator: see `mask_losses`.

    Returns:
        (B, count, 2), x then y: the most uncertain first, then fresh uniform points.
    """
    batch, device = mask_logits.shape[0], mask_logits.device
    kept = int(importance * count)
    candidates = torch.rand(batch, int(count * oversample), 2, device=device, generator=generator)
    certainty = sample_points(mask_logits, candidates).squeeze(1).abs()  # (B, candidates)
    chosen = certainty.neg().topk(kept, dim=1).indices  # (B, kept)
    uncertain = candidates.gather(1, chosen.unsqueeze(2).expand(-1, -1, 2))
    fresh = torch.rand(batch, count - kept, 2, device=device, generator=generator)
    return torch.cat([uncertain, fresh], dim=1)


def _mask_count(logits: Tensor, mask_count: float | None) -> float:
    return max(float(logits.shape[0] if mask_count is None else mask_count), 1.0)
