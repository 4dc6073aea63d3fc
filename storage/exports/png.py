"""Masks and pictures as PNG and JPEG: the plain mask, the picture with its overlay, the overlay alone."""

import cv2
import cv2.typing
import numpy as np
from numpy.typing import NDArray

from serving.mask import Mask

Colour = tuple[int, int, int]

OUTLINE_PX = 2  # seen on a phone's screen, and thin enough to leave a car's shape
_LAYER_FILL_ALPHA = 140  # of 255: the ground stays visible under the fill even at full opacity
_WHITE: Colour = (255, 255, 255)
_DARK: Colour = (20, 20, 20)


def mask_png(mask: Mask) -> bytes:
    """Return the mask as an 8-bit grey PNG of its own size: 255 is the thing asked for, 0 is not.

    8 bits, not 1: some readers hand out 0 and 1 for a 1-bit file, which looks black.
    """
    return encode_picture(".png", np.where(mask.pixels, np.uint8(255), np.uint8(0)))


def overlay_png(
    rgb: NDArray[np.uint8], mask: Mask, colour: Colour, opacity: float = 0.5, *, outline: bool = True
) -> bytes:
    """Return the picture with the mask laid over it, as an RGB PNG of the picture's size.

    Args:
        rgb: uint8, (H, W, 3), on the mask's grid.
        mask: what is marked.
        colour: of the fill, (red, green, blue).
        opacity: of the fill, 0 (not seen) to 1 (hides the ground).
        outline: whether a contrasting line runs around each part, outside it.
    """
    if rgb.shape != (*mask.pixels.shape, 3):
        raise ValueError(f"the picture {rgb.shape} and the mask {mask.pixels.shape} differ in size")
    if not 0 <= opacity <= 1:
        raise ValueError(f"opacity lies in 0..1, got {opacity}")
    shown = rgb.copy()
    fill = rgb[mask.pixels] * (1 - opacity) + np.array(colour) * opacity
    shown[mask.pixels] = np.rint(fill).astype(np.uint8)
    if outline:
        shown[find_outline(mask.pixels)] = contrast_of(colour)
    return encode_picture(".png", cv2.cvtColor(shown, cv2.COLOR_RGB2BGR))


def overlay_layer_png(mask: Mask, colour: Colour, *, max_side: int | None = None) -> bytes:
    """Return the overlay alone as an RGBA PNG, transparent elsewhere, to be stacked over the picture.

    Args:
        mask: what is marked.
        colour: of the fill, (red, green, blue).
        max_side: the longer side is made no longer than this; a part thinner than a pixel is kept. None keeps
            the mask's size.
    """
    pixels = shrink_mask(mask.pixels, max_side)
    layer = np.zeros((*pixels.shape, 4), dtype=np.uint8)
    layer[pixels] = (*colour, _LAYER_FILL_ALPHA)
    layer[find_outline(pixels)] = (*contrast_of(colour), 255)
    return encode_picture(".png", cv2.cvtColor(layer, cv2.COLOR_RGBA2BGRA))


def thumbnail_jpeg(rgb: NDArray[np.uint8], max_side: int = 320, *, quality: int = 85) -> bytes:
    """Return the picture as a JPEG whose longer side is at most `max_side`; a smaller picture keeps its size."""
    height, width = _fitted_size(rgb.shape[0], rgb.shape[1], max_side)
    small = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA)
    return encode_picture(".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), cv2.IMWRITE_JPEG_QUALITY, quality)


def find_outline(pixels: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the band of `OUTLINE_PX` pixels around the marked ones, bool, (H, W); it hides no marked pixel."""
    side = 2 * OUTLINE_PX + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return cv2.dilate(pixels.astype(np.uint8), kernel).astype(bool) & ~pixels


def contrast_of(colour: Colour) -> Colour:
    """Return white or nearly black, whichever stands out from `colour` (by relative luminance, ITU-R BT.709)."""
    red, green, blue = colour
    return _DARK if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 140 else _WHITE


def shrink_mask(pixels: NDArray[np.bool_], max_side: int | None) -> NDArray[np.bool_]:
    """Return the marked pixels, bool (H, W), with the longer side at most `max_side` (None: as it is), no part lost."""
    if max_side is None:
        return pixels
    height, width = _fitted_size(pixels.shape[0], pixels.shape[1], max_side)
    # Area averaging of 0 and 255 rounds a part of 1/512 of a pixel away, and nothing larger.
    small = cv2.resize(pixels.astype(np.uint8) * 255, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small > 0, dtype=bool)


def _fitted_size(height: int, width: int, max_side: int) -> tuple[int, int]:
    if max_side < 1:
        raise ValueError(f"max_side must be positive, got {max_side}")
    scale = min(1.0, max_side / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))


def encode_picture(suffix: str, pixels: cv2.typing.MatLike, *options: int) -> bytes:
    """Return a picture, channels in OpenCV's order, as a file's bytes; `suffix` names the format (".png")."""
    encoded, buffer = cv2.imencode(suffix, pixels, options)
    assert encoded, f"OpenCV cannot write {suffix}"
    return buffer.tobytes()
