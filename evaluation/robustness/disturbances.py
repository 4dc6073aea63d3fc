"""What happens to images and words on their way to a model, and that should not change its answer."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

_JPEG_QUALITY = 30
_LETTERS_PER_TYPO = 20
_SWAPPABLE = re.compile(r"[A-Za-z]{4,}")

Picture = NDArray[np.uint8]  # RGB, (H, W, 3)
Pixels = NDArray[np.bool_]


@dataclass(frozen=True)
class Disturbance:
    """A change of the image.

    Attributes:
        change: the image to the changed one.
        restore: a mask of the changed image, and (height, width) of the first one, to a mask of that size.
        keeps_places: whether "left" stays left; where not, only questions without places can be compared.
    """

    change: Callable[[Picture], Picture]
    restore: Callable[[Pixels, tuple[int, int]], Pixels]
    keeps_places: bool = True


def turn(quarters: int) -> Disturbance:
    """Return a turn, anticlockwise, by so many quarters."""
    return Disturbance(
        change=lambda rgb: np.ascontiguousarray(np.rot90(rgb, quarters)),
        restore=lambda mask, _: np.ascontiguousarray(np.rot90(mask, -quarters)),
        keeps_places=False,
    )


def scale(factor: float) -> Disturbance:
    """Return a change of size, sides times `factor`."""

    def change(rgb: Picture) -> Picture:
        size = tuple(max(1, round(side * factor)) for side in (rgb.shape[1], rgb.shape[0]))
        method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
        return np.asarray(cv2.resize(rgb, size, interpolation=method), np.uint8)

    return Disturbance(change, restore=_resize)


def compress() -> Disturbance:
    """Return what JPEG of quality 30 leaves."""

    def change(rgb: Picture) -> Picture:
        written = BytesIO()
        Image.fromarray(rgb).save(written, "JPEG", quality=_JPEG_QUALITY)
        return np.asarray(Image.open(written).convert("RGB"))

    return Disturbance(change, restore=_keep)


def remove_colour() -> Disturbance:
    """Return the picture in shades of grey."""
    return Disturbance(lambda rgb: np.asarray(Image.fromarray(rgb).convert("L").convert("RGB")), restore=_keep)


def _keep(mask: Pixels, size: tuple[int, int]) -> Pixels:
    return mask


def _resize(mask: Pixels, size: tuple[int, int]) -> Pixels:
    height, width = size
    # Halfway between pixels counts as marked, as in the masks of the engine: linear, then cut.
    resized = cv2.resize(mask.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(resized >= 0.5)


DISTURBANCES: Mapping[str, Disturbance] = {
    "turned by 90°": turn(1),
    "turned by 180°": turn(2),
    "turned by 270°": turn(3),
    "half the size": scale(0.5),
    "twice the size": scale(2.0),
    "JPEG, quality 30": compress(),
    "grey": remove_colour(),
}


def misspell(text: str, rng: np.random.Generator) -> str:
    """Return a text with two neighbouring letters swapped, once for every 20 letters or part of them.

    First letters stay, and so do words of fewer than four letters; a text that has no other words stays whole.
    """
    typos = -(-sum(character.isalpha() for character in text) // _LETTERS_PER_TYPO)
    places = [
        position
        for word in _SWAPPABLE.finditer(text)
        for position in range(word.start() + 1, word.end() - 1)
        if text[position] != text[position + 1]
    ]
    letters = list(text)
    for position in sorted(rng.permutation(places)[:typos].astype(int)) if places else ():
        letters[position], letters[position + 1] = letters[position + 1], letters[position]
    return "".join(letters)
