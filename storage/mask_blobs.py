"""Masks, confidence maps and comparisons as the PNG bytes that blobs hold, and back."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from assistant.masks.comparison import Comparison
from serving.grid import Grid
from serving.imagery.plain_pictures import PILLOW_ERRORS
from serving.mask import Mask
from storage.errors import BlobDamagedError


def encode_mask(mask: Mask) -> bytes:
    """Return the mask as a 1-bit grey PNG: 1 is the thing asked for."""
    return _encode(Image.fromarray(mask.pixels))


def encode_confidence(confidence: NDArray[np.uint8]) -> bytes:
    """Return a confidence map, uint8 (H, W), as an 8-bit grey PNG."""
    if confidence.dtype != np.uint8 or confidence.ndim != 2:
        raise ValueError(f"a confidence map is uint8 (H, W), got {confidence.dtype} {confidence.shape}")
    return _encode(Image.fromarray(confidence))


def encode_comparison(comparison: Comparison) -> bytes:
    """Return the codes of a comparison as an 8-bit grey PNG."""
    return _encode(Image.fromarray(comparison.codes))


def decode_mask(content: bytes, grid: Grid) -> Mask:
    """Return the mask that `encode_mask` wrote, on `grid`.

    Raises:
        BlobDamagedError: the bytes are no PNG, or not of the grid's size.
    """
    return Mask(_decode(content, grid) > 0, grid)


def decode_confidence(content: bytes, grid: Grid) -> NDArray[np.uint8]:
    """Return the confidence map that `encode_confidence` wrote, uint8 (H, W), of the grid's size.

    Raises:
        BlobDamagedError: the bytes are no PNG, or not of the grid's size.
    """
    return _decode(content, grid)


def decode_comparison(content: bytes, grid: Grid) -> Comparison:
    """Return the comparison that `encode_comparison` wrote, on `grid`.

    Raises:
        BlobDamagedError: the bytes are no PNG, or not of the grid's size.
    """
    return Comparison(_decode(content, grid), grid)


def _decode(content: bytes, grid: Grid) -> NDArray[np.uint8]:
    try:
        with PngImageFile(io.BytesIO(content)) as picture:
            levels = np.array(picture.convert("L"))
    except PILLOW_ERRORS as error:
        raise BlobDamagedError from error
    if levels.shape != (grid.height, grid.width):
        raise BlobDamagedError
    return levels


def _encode(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    return buffer.getvalue()
