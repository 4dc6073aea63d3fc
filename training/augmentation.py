"""Random geometry for one image and its targets, with the questions that stay true under it."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.parts import PartBox
from training.samples import QuestionSample
from training.wording import is_ranked, is_spatial, mirror_text

TARGET_STRIDE = 4
_OVERSAMPLING = 2  # targets are warped at twice their final size, then averaged: small things keep their share


@dataclass(frozen=True)
class Geometry:
    """How the native image is laid into the model's square.

    Attributes:
        matrix: float64 (2, 3), native (x, y) pixel centres to the square's.
        left_right: columns reversed.
        top_bottom: rows reversed.
        is_turned: rotated by other than 0°, so that words of place are no longer true.
        is_cropped: parts of the image may lie outside the square.
    """

    matrix: NDArray[np.float64]
    left_right: bool
    top_bottom: bool
    is_turned: bool
    is_cropped: bool

    def question_text(self, question: QuestionSample) -> str | None:
        """Return the question as it is true of the transformed image, or None when it is not."""
        if question.is_of_whole_class:
            return question.text  # "left its bed" and "right now" are no words of place
        spatial, ranked = is_spatial(question.text), is_ranked(question.text) or question.kind == "size"
        if (spatial or question.kind in ("position", "relation")) and (self.is_turned or self.is_cropped):
            return None
        if ranked and self.is_cropped:
            return None
        return mirror_text(question.text, left_right=self.left_right, top_bottom=self.top_bottom)


def draw_geometry(rng: np.random.Generator, height: int, width: int, side: int) -> Geometry:
    """Draw a geometry: half of the time one that keeps words of place usable, else turned, zoomed and shifted."""
    base = side / max(height, width)
    left_right, top_bottom = bool(rng.random() < 0.5), bool(rng.random() < 0.35)
    if rng.random() < 0.5:
        scale, angle, shift = base * rng.uniform(0.7, 1.0), 0.0, (0.0, 0.0)
        turned = cropped = False
    else:
        scale = base * float(np.exp(rng.uniform(np.log(0.5), np.log(2.2))))
        angle = float(rng.integers(0, 4) * 90 + rng.uniform(-12, 12))
        slack = side * 0.25 + max(0.0, (scale / base - 1) * side / 2)
        shift = (float(rng.uniform(-slack, slack)), float(rng.uniform(-slack, slack)))
        turned = cropped = True
    radians = np.deg2rad(angle)
    linear = scale * np.array([[np.cos(radians), -np.sin(radians)], [np.sin(radians), np.cos(radians)]])
    linear = linear @ np.diag([-1.0 if left_right else 1.0, -1.0 if top_bottom else 1.0])
    centre_native = np.array([(width - 1) / 2, (height - 1) / 2])
    centre_square = np.array([(side - 1) / 2, (side - 1) / 2]) + np.array(shift)
    matrix = np.column_stack([linear, centre_square - linear @ centre_native])
    return Geometry(matrix, left_right, top_bottom, turned, cropped)


def warp_image(rgb: NDArray[np.uint8], geometry: Geometry, side: int) -> NDArray[np.uint8]:
    """Return uint8 (side, side, 3); black outside the image, as the letterbox pads."""
    scale = float(np.sqrt(abs(np.linalg.det(geometry.matrix[:, :2]))))
    interpolation = cv2.INTER_AREA if scale < 0.5 else cv2.INTER_LINEAR
    warped = cv2.warpAffine(rgb, geometry.matrix, (side, side), flags=interpolation, borderValue=(0, 0, 0))
    return np.asarray(warped, np.uint8)


def warp_target(mask: NDArray[np.uint8], geometry: Geometry, side: int) -> NDArray[np.uint8]:
    """Return the share of each stride-4 cell that the target covers, uint8 0..255, (side/4, side/4)."""
    fine = side // TARGET_STRIDE * _OVERSAMPLING
    ratio = fine / side
    # Pixel centres: square x -> fine x is (x + 0.5)·ratio - 0.5.
    matrix = geometry.matrix * ratio
    matrix[:, 2] += (ratio - 1) / 2
    warped = cv2.warpAffine(mask * 255, matrix, (fine, fine), flags=cv2.INTER_LINEAR)
    cells = warped.reshape(fine // _OVERSAMPLING, _OVERSAMPLING, fine // _OVERSAMPLING, _OVERSAMPLING)
    return np.asarray(np.round(cells.mean(axis=(1, 3))), np.uint8)


def cut_target(
    target: NDArray[np.uint8], part: PartBox, geometry: Geometry, height: int, width: int
) -> NDArray[np.uint8]:
    """Return a warped target without what lies outside a part of the picture, as it is seen after the warp.

    Args:
        target: share of each stride-4 cell, uint8 0..255, (side/4, side/4).
        part: as shares of the picture's width and height.
        geometry: that the image was laid into the square with, not turned.
        height: of the image.
        width: of it.
    """
    corners = np.array([[-0.5, -0.5, 1.0], [width - 0.5, height - 0.5, 1.0]])
    xy = (corners @ geometry.matrix.T + 0.5) / TARGET_STRIDE
    (left, top), (right, bottom) = xy.min(axis=0), xy.max(axis=0)
    middles = np.arange(len(target)) + 0.5
    columns, rows = (middles - left) / (right - left), (middles - top) / (bottom - top)
    return target * np.outer(_lie_between(rows, part[1], part[3]), _lie_between(columns, part[0], part[2]))


def _lie_between(shares: NDArray[np.float64], first: float, last: float) -> NDArray[np.bool_]:
    """Return which cells lie between; one whose middle is beyond the image's border goes with the border."""
    inside = np.clip(shares, 0, 1)
    return (inside >= first) & (inside <= last)


def warp_mask(mask: NDArray[np.uint8], geometry: Geometry, side: int) -> NDArray[np.uint8]:
    """Return the target in the square, uint8 0 or 1, (side, side), nearest neighbour; nothing outside the image."""
    return np.asarray(cv2.warpAffine(mask, geometry.matrix, (side, side), flags=cv2.INTER_NEAREST), np.uint8)
