"""Losses of the mini model on all cells of the low-resolution logits: masks, and whether anything is there."""

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional

from serving.model.features import MaskPrediction


@dataclass(frozen=True)
class LossWeights:
    """How much each part counts; 5 and 5 are the paper's."""

    bce: float = 5.0
    dice: float = 5.0
    presence: float = 2.0


@dataclass(frozen=True)
class LossParts:
    """Weighted sums that make the total; scalars.

    Attributes:
        bce: over the final and every earlier prediction.
        dice: the same, over questions whose target is present.
        presence: whether the thing asked for is in the image.
    """

    bce: Tensor
    dice: Tensor
    presence: Tensor

    @property
    def total(self) -> Tensor:
        """What is minimised."""
        return self.bce + self.dice + self.presence


def dense_losses(
    prediction: MaskPrediction,
    targets: Tensor,
    is_known: Tensor,
    is_present: Tensor,
    is_judged: Tensor,
    weights: LossWeights = LossWeights(),
) -> LossParts:
    """Compare predictions with the share of each cell that the target covers.

    Args:
        prediction: the mask decoder's outputs.
        targets: 0..1, (B, Q, h, w), the size of the logits.
        is_known: bool, of the same shape, False where masks are not to be learned.
        is_present: bool, (B, Q).
        is_judged: bool, (B, Q), False where presence is not to be learned.
        weights: factors of the parts.

    The deep supervision is the paper's; its sampled points are not needed at this size.
    """
    known = is_known.flatten(2).float()
    knowns = known.sum().clamp(min=1)
    flat = targets.flatten(2) * known
    present = is_present.float()
    presents = present.sum().clamp(min=1)
    bce = dice = flat.new_zeros(())
    for logits in (prediction.mask_logits, *prediction.auxiliary_mask_logits):
        logits = logits.float().flatten(2)
        each_bce = functional.binary_cross_entropy_with_logits(logits, flat, reduction="none")
        bce = bce + (each_bce * known).sum() / knowns
        probability = logits.sigmoid() * known
        overlap = 2 * (probability * flat).sum(-1) + 1
        dice_each = 1 - overlap / (probability.sum(-1) + flat.sum(-1) + 1)
        dice = dice + (dice_each * present).sum() / presents
    if prediction.presence_logits is None:
        presence = flat.new_zeros(())
    else:
        each = functional.binary_cross_entropy_with_logits(
            prediction.presence_logits.float(), present, reduction="none"
        )
        judged = is_judged.float()
        presence = (each * judged).sum() / judged.sum().clamp(min=1)
    return LossParts(weights.bce * bce, weights.dice * dice, weights.presence * presence)
