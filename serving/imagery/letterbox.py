"""Resize-and-pad an image to the model's square, and the exact inverse for logits and masks."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Letterbox:
    """Geometry of one image inside the model's square.

    Attributes:
        height: native rows.
        width: native columns.
        side: rows and columns of the square.

    Source: the released SegEarth-R1 preprocessing; the longer side becomes `side`, the rest is padded with
    black, an odd remainder at the bottom or the right.
    """

    height: int
    width: int
    side: int

    def __post_init__(self) -> None:
        if min(self.height, self.width, self.side) < 1:
            raise ValueError(f"sizes must be positive, got {self}")

    @property
    def inner_height(self) -> int:
        """Rows of the resized image; at least 1 (the reference fails where an extreme aspect ratio gives 0)."""
        if self.width > self.height:
            # The ratio first, in double precision, then the product, then truncation: as the reference rounds.
            return max(1, int(self.height * (self.side / self.width)))
        return self.side

    @property
    def inner_width(self) -> int:
        """Columns of the resized image; at least 1."""
        if self.width > self.height:
            return self.side
        return max(1, int(self.width * (self.side / self.height)))

    @property
    def top(self) -> int:
        """Padding rows above."""
        return (self.side - self.inner_height) // 2

    @property
    def left(self) -> int:
        """Padding columns to the left."""
        return (self.side - self.inner_width) // 2

    def fit_image(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return `rgb`, uint8 (height, width, 3), inside the square, uint8 (side, side, 3)."""
        return self._fit(rgb, cv2.INTER_LINEAR)

    def fit_mask(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return `mask`, bool (height, width), inside the square, nearest neighbour; padding is False."""
        return self._fit(mask.astype(np.uint8), cv2.INTER_NEAREST).astype(bool)

    def restore_logits(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return float32 (side, side) logits on the native grid, (height, width): padding cut, bilinear resize."""
        if logits.shape != (self.side, self.side):
            raise ValueError(f"expected logits {(self.side, self.side)}, got {logits.shape}")
        inner = logits[self.top : self.top + self.inner_height, self.left : self.left + self.inner_width]
        restored = cv2.resize(np.ascontiguousarray(inner), (self.width, self.height), interpolation=cv2.INTER_LINEAR)
        return np.asarray(restored, dtype=np.float32)

    def _fit(self, pixels: NDArray[np.uint8], interpolation: int) -> NDArray[np.uint8]:
        if pixels.shape[:2] != (self.height, self.width):
            raise ValueError(f"expected pixels {(self.height, self.width)}, got {pixels.shape[:2]}")
        resized = cv2.resize(pixels, (self.inner_width, self.inner_height), interpolation=interpolation)
        square = np.zeros((self.side, self.side, *pixels.shape[2:]), dtype=np.uint8)
        square[self.top : self.top + self.inner_height, self.left : self.left + self.inner_width] = resized
        return square
