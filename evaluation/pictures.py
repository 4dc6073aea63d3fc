"""Pictures and masks of a data set, from whatever file they come in."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from evaluation.errors import BenchmarkUnreadableError
from serving.imagery.plain_pictures import PILLOW_ERRORS


def read_rgb(path: Path) -> NDArray[np.uint8]:
    """Return a picture, uint8 RGB (H, W, 3).

    Raises:
        BenchmarkUnreadableError: it is missing or damaged.
    """
    with _open(path) as picture:
        return np.array(picture.convert("RGB"), dtype=np.uint8)


def read_size(path: Path) -> tuple[int, int]:
    """Return (height, width) from the header alone.

    Raises:
        BenchmarkUnreadableError: it is missing or damaged.
    """
    with _open(path) as picture:
        return picture.height, picture.width


def read_mask(path: Path) -> NDArray[np.bool_]:
    """Return a mask, bool (H, W): whatever is not black, or not 0 where the file has one band.

    Raises:
        BenchmarkUnreadableError: it is missing or damaged.
    """
    with _open(path) as picture:
        # An alpha band says nothing about the mask; a palette's colours do, as other readers see them.
        flat = picture.convert("RGB") if picture.mode not in ("1", "L", "I", "F", "I;16", "I;16B") else picture
        values = np.asarray(flat)
    is_target = values != 0
    return np.ascontiguousarray(is_target.any(axis=2) if is_target.ndim == 3 else is_target)


@contextmanager
def _open(path: Path) -> Iterator[Image.Image]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of odd metadata and of large pictures; both are fine here
            with Image.open(path) as picture:
                yield picture
    except FileNotFoundError as error:
        raise BenchmarkUnreadableError(where=path.name, problem="the file is not there") from error
    except PILLOW_ERRORS as error:
        raise BenchmarkUnreadableError(where=path.name, problem="it is damaged or no picture") from error
