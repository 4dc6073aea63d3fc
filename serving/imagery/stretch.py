"""Measurements of any type to 8 bits: a percentile stretch that looks at valid pixels only."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LOW_PERCENTILE = 2.0
HIGH_PERCENTILE = 98.0

_SAMPLE_PIXELS = 4_000_000  # a percentile of 4 million pixels moves by less than one grey level
_CHUNK_PIXELS = 4_000_000  # bounds the memory that the arithmetic takes beside the band


@dataclass(frozen=True)
class Stretch:
    """The value shown black and the value shown white.

    Attributes:
        low: shown as 0.
        high: shown as 255; equal to `low` where all valid pixels hold one value.
    """

    low: float
    high: float

    @property
    def is_constant(self) -> bool:
        """Whether there is nothing to stretch."""
        return self.low == self.high

    def apply(self, band: NDArray[np.generic]) -> NDArray[np.uint8]:
        """Return `band`, real, (H, W), as uint8; NaN becomes 0, values outside are clipped.

        A constant band becomes mid-grey, or black where its value is 0.
        """
        shown = np.empty(band.shape, dtype=np.uint8)
        rows = max(1, _CHUNK_PIXELS // max(1, band.shape[1]))
        for start in range(0, band.shape[0], rows):
            # float64: the values of a 32-bit integer band may lie too close together for float32.
            chunk = band[start : start + rows].astype(np.float64)
            if self.is_constant:
                levels = np.full(chunk.shape, 0.0 if self.low == 0 else 128.0)
                levels[np.isnan(chunk)] = 0.0
            else:
                # Clipped first: infinity times anything stays finite that way. Halves: the range of float64
                # itself would overflow.
                half_span = self.high / 2 - self.low / 2
                clipped = np.nan_to_num(np.clip(chunk, self.low, self.high), nan=self.low)
                levels = (clipped / 2 - self.low / 2) / half_span * 255.0
            shown[start : start + rows] = np.rint(levels).astype(np.uint8)
        return shown


def measure_stretch(band: NDArray[np.generic], usable: NDArray[np.bool_]) -> Stretch | None:
    """Return the stretch between the 2nd and 98th percentile of the usable pixels of one band.

    Where those two are equal (a few bright objects on a constant ground), the smallest and the largest value.

    Args:
        band: real values, (H, W).
        usable: bool, (H, W); True where the value is a finite measurement.

    Returns:
        None when no pixel is usable.
    """
    step = max(1, math.ceil(math.sqrt(band.size / _SAMPLE_PIXELS)))
    sample = band[::step, ::step][usable[::step, ::step]]
    if sample.size == 0:
        sample = band[usable]
    if sample.size == 0:
        return None
    low, high = np.percentile(sample.astype(np.float64), (LOW_PERCENTILE, HIGH_PERCENTILE))
    if low == high:
        values = band[usable]
        low, high = values.min(), values.max()
    return Stretch(float(low), float(high))
