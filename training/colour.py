"""Random colour, sharpness and noise: an image as another sensor, season or compression might have shown it."""

from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

ColourRange = Literal["plain", "wide"]
"""How far an image is moved: "plain" as one camera differs from the next, "wide" as one sensor from another."""

_GREY = np.full((3, 3), 1 / 3, np.float32)


def imitate_sensor(rgb: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return `rgb` with its bands mixed, stretched and coarsened at random.

    Half of the images keep their bands; a third each gets a stretch, a coarser ground sampling distance and noise.
    """
    picture: NDArray[np.floating] = rgb.astype(np.float32) / 255
    if rng.random() < 0.5:
        # Each new band is mostly one of the old ones: near infrared shown as red, a swapped order, a panchromatic band.
        mixture = rng.dirichlet((0.5, 0.5, 0.5), size=3).astype(np.float32)
        share = np.float32(rng.uniform(0, 1))
        picture = picture @ ((1 - share) * np.eye(3, dtype=np.float32) + share * mixture).T
    if rng.random() < 0.15:
        picture = picture @ _GREY
    if rng.random() < 0.35:
        low, high = np.quantile(picture, rng.uniform(0, 0.03)), np.quantile(picture, rng.uniform(0.97, 1))
        picture = (picture - low) / max(float(high - low), 0.05)
    if rng.random() < 0.15:  # haze
        haze = np.float32(rng.uniform(0.1, 0.45))
        picture = picture * (1 - haze) + haze * rng.uniform(0.6, 0.95, size=3).astype(np.float32)
    if rng.random() < 0.3:  # a coarser sensor, resampled
        side = rgb.shape[0]
        coarse = max(16, int(side * rng.uniform(0.25, 0.8)))
        small = cv2.resize(picture, (coarse, coarse), interpolation=cv2.INTER_AREA)
        picture = np.asarray(cv2.resize(small, (side, side), interpolation=cv2.INTER_LINEAR), np.float32)
    if rng.random() < 0.3:
        picture = picture + rng.normal(0, rng.uniform(0.005, 0.05), size=picture.shape).astype(np.float32)
    # Outside of the image stays black, as the letterbox pads.
    picture = np.where(rgb.any(axis=2, keepdims=True), picture, np.float32(0))
    seen: NDArray[np.uint8] = np.clip(picture * 255, 0, 255).astype(np.uint8)
    return seen


def jitter_colour(rgb: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return `rgb` as another sensor, season or compression might have shown it."""
    picture = rgb.astype(np.float32) / 255
    picture = picture ** float(np.exp(rng.uniform(-0.35, 0.35)))
    picture = (picture - 0.5) * rng.uniform(0.7, 1.35) + 0.5 + rng.uniform(-0.12, 0.12)
    grey = picture.mean(axis=2, keepdims=True)
    picture = grey + (picture - grey) * rng.uniform(0.4, 1.5)
    picture *= rng.uniform(0.9, 1.1, size=3).astype(np.float32)
    if rng.random() < 0.06:
        picture = picture[:, :, rng.permutation(3)]
    if rng.random() < 0.06:
        picture = np.repeat(picture.mean(axis=2, keepdims=True), 3, axis=2)
    result = np.clip(picture * 255, 0, 255).astype(np.uint8)
    if rng.random() < 0.15:
        result = np.asarray(cv2.GaussianBlur(result, (0, 0), float(rng.uniform(0.4, 1.4))), np.uint8)
    if rng.random() < 0.15:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(30, 80))]
        encoded = cv2.imencode(".jpg", result, quality)[1]
        result = np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)
    return result
