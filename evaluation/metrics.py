"""gIoU, cIoU, precision at a threshold and empty accuracy, from the agreement of predictions with targets.

Source: the released SegEarth-R1 evaluation (arXiv 2504.09644). It measures on the model's padded square; here masks
are compared at the image's own size, which is what a person gets.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.masks.agreement import Agreement, measure_agreement

THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9)

# The reference adds it to the sum of unions, so that a set without any pixel has a cIoU of 0.
UNION_SUM_OFFSET = 1e-10


@dataclass(frozen=True)
class Score:
    """How one answer compares with its target.

    Attributes:
        agreement: intersection and union, in pixels.
        is_target_empty: nothing was to be marked.
    """

    agreement: Agreement
    is_target_empty: bool

    @property
    def is_rightly_empty(self) -> bool:
        """Whether nothing was to be marked and nothing was."""
        return self.is_target_empty and self.agreement.union_px == 0


def score_answer(predicted: NDArray[np.bool_], target: NDArray[np.bool_]) -> Score:
    """Compare a predicted mask with its target, both bool (H, W)."""
    return Score(measure_agreement(predicted, target), is_target_empty=not target.any())


def giou(scores: Sequence[Score]) -> float | None:
    """Return the mean of the IoU of each answer, 0..1; None without answers."""
    if not scores:
        return None
    return sum(score.agreement.iou for score in scores) / len(scores)


def ciou(scores: Sequence[Score]) -> float | None:
    """Return the sum of intersections over the sum of unions, 0..1; None without answers."""
    if not scores:
        return None
    intersection_px = sum(score.agreement.intersection_px for score in scores)
    union_px = sum(score.agreement.union_px for score in scores)
    return intersection_px / (union_px + UNION_SUM_OFFSET)


def precision_at(scores: Sequence[Score], threshold: float) -> float | None:
    """Return the share of answers whose IoU is strictly above `threshold`, 0..1; None without answers."""
    if not scores:
        return None
    return sum(score.agreement.iou > threshold for score in scores) / len(scores)


def empty_accuracy(scores: Sequence[Score]) -> float | None:
    """Return the share of empty targets that got an empty answer, 0..1; None where no target is empty."""
    empty_targets = [score for score in scores if score.is_target_empty]
    if not empty_targets:
        return None
    return sum(score.is_rightly_empty for score in empty_targets) / len(empty_targets)
