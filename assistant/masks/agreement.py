"""How far two masks agree: intersection and union counts, and IoU from them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# The reference adds it to the union of one image; an exact half overlap therefore counts as just below 0.5.
UNION_OFFSET = 1e-5


@dataclass(frozen=True)
class Agreement:
    """Pixel counts of two masks laid on each other.

    Attributes:
        intersection_px: pixels that are True in both.
        union_px: pixels that are True in at least one.
    """

    intersection_px: int
    union_px: int

    @property
    def iou(self) -> float:
        """Intersection over union, 0..1; 1 when both masks are empty.

        Source: the released SegEarth-R1 evaluation: I / (U + 1e-5), and 1 where U = 0.
        """
        if self.union_px == 0:
            return 1.0
        return self.intersection_px / (self.union_px + UNION_OFFSET)


def measure_agreement(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> Agreement:
    """Count the pixels that two masks share and that they cover together.

    Args:
        first: bool, (H, W), for example `Mask.pixels`.
        second: bool, of the same shape.

    Raises:
        TypeError: an array is not bool.
        ValueError: the shapes differ.
    """
    if first.dtype != np.bool_ or second.dtype != np.bool_:
        raise TypeError(f"masks are bool, got {first.dtype} and {second.dtype}")
    if first.shape != second.shape:
        raise ValueError(f"masks differ in shape: {first.shape} and {second.shape}")
    return Agreement(
        intersection_px=int(np.count_nonzero(first & second)),
        union_px=int(np.count_nonzero(first | second)),
    )
