"""The loss: what the language model says, and the masks of every decoder layer on sampled points."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from serving.language.sequence import IGNORED_LABEL
from serving.model.features import MaskPrediction
from training.joint.experiment import LossConfig
from training.losses import mask_losses


@dataclass(frozen=True)
class JointLosses:
    """Weighted sums that make the total; float32 scalars.

    Attributes:
        language: next-token cross-entropy over the reply.
        bce: over the final and every earlier prediction.
        dice: the same.
        presence: whether the thing asked for is in the image; 0 where the model does not say.
    """

    language: Tensor
    bce: Tensor
    dice: Tensor
    presence: Tensor

    @property
    def total(self) -> Tensor:
        """What is minimised."""
        return self.language + self.bce + self.dice + self.presence

    def to_row(self) -> dict[str, float]:
        """Return the numbers by name."""
        parts = {"total": self.total, "language": self.language, "bce": self.bce, "dice": self.dice}
        return {name: float(value.detach()) for name, value in {**parts, "presence": self.presence}.items()}


def supervise_masks(prediction: MaskPrediction, targets: Tensor, config: LossConfig) -> tuple[Tensor, Tensor]:
    """Return weighted cross-entropy and Dice, summed over all predictions (deep supervision).

    Args:
        prediction: for B images with Q questions each.
        targets: 0 or 1, (B, Q, S, S).
        config: points and weights; the points are drawn from torch's own generator.
    """
    wanted = targets.flatten(0, 1)[:, None]  # (B·Q, 1, S, S): each question is a mask of its own
    losses = [
        mask_losses(logits.flatten(0, 1)[:, None], wanted, config.points)
        for logits in (prediction.mask_logits, *prediction.auxiliary_mask_logits)
    ]
    bce, dice = torch.stack([one.bce for one in losses]).sum(), torch.stack([one.dice for one in losses]).sum()
    return config.points.bce_weight * bce, config.points.dice_weight * dice


def supervise_presence(prediction: MaskPrediction, is_present: Tensor, config: LossConfig) -> Tensor:
    """Return the weighted cross-entropy of "is it there", 0 where the model does not say.

    Args:
        prediction: for B images with Q questions each.
        is_present: bool, (B, Q).
        config: the weight.
    """
    if prediction.presence_logits is None:
        return prediction.mask_logits.new_zeros((), dtype=torch.float32)
    wanted = is_present.float()
    loss = functional.binary_cross_entropy_with_logits(prediction.presence_logits.float(), wanted)
    return config.presence_weight * loss


def select_predictors(labels: Tensor) -> tuple[Tensor, Tensor]:
    """Return where hidden states predict a label, bool (B, L), and those labels, (N,), in the same order.

    Args:
        labels: (B, L), `IGNORED_LABEL` where nothing is learned. Position i predicts the label at i + 1.
    """
    following = functional.pad(labels[:, 1:], (0, 1), value=IGNORED_LABEL)
    is_predictor = following != IGNORED_LABEL
    return is_predictor, following[is_predictor]
