"""What changed from one mask to another, as a layer over the picture; told apart by colour and by pattern."""

import io
from collections.abc import Collection

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from assistant.masks.comparison import UNKNOWN_CODE, Comparison, Fate, compare_masks
from serving.mask import Mask
from storage.exports.png import Colour, encode_picture, find_outline, shrink_mask

# Told apart with any colour vision, and by their patterns without any: plain, filled, hatched.
UNCHANGED: Colour = (240, 228, 170)
ADDED: Colour = (20, 110, 255)
REMOVED: Colour = (214, 20, 110)
FATE_COLOURS = {Fate.UNCHANGED: UNCHANGED, Fate.ADDED: ADDED, Fate.REMOVED: REMOVED}

_UNKNOWN: Colour = (128, 128, 128)
_DARK: Colour = (20, 20, 20)
_FAINT, _FILLED, _HATCH_GROUND = 110, 190, 70  # of 255
_HATCH_PX = 8
_HATCH_LINE_PX = 3


def difference_layer_png(before: Mask, after: Mask, *, max_side: int | None = None) -> bytes:
    """Return an RGBA PNG: what both masks have is pale, what came is filled, what went is hatched.

    Args:
        before: the older mask.
        after: the newer one, on the same grid.
        max_side: the longer side is made no longer than this; None keeps the masks' size.

    Raises:
        ValueError: the masks lie on different grids.
    """
    known = np.ones(after.pixels.shape, dtype=np.bool_)
    return comparison_layer_png(compare_masks(before, after, known), max_side=max_side)


def comparison_layer_png(
    comparison: Comparison, fates: Collection[Fate] = tuple(Fate), *, max_side: int | None = None
) -> bytes:
    """Return an RGBA PNG of some fates: what stayed is pale, what came is filled, what went is hatched.

    Args:
        comparison: what became of each pixel.
        fates: those that are drawn; layers of single fates laid on each other show all of them.
        max_side: the longer side is made no longer than this; None keeps the image's size.
    """
    layer = _draw(comparison, fates, max_side)
    return encode_picture(".png", cv2.cvtColor(layer, cv2.COLOR_RGBA2BGRA))


def comparison_overlay_png(rgb: NDArray[np.uint8], comparison: Comparison) -> bytes:
    """Return the picture with all fates laid over it, as an RGB PNG of the picture's size.

    Args:
        rgb: uint8, (H, W, 3), on the comparison's grid.
        comparison: what became of each pixel.
    """
    if rgb.shape != (*comparison.codes.shape, 3):
        raise ValueError(f"the picture {rgb.shape} and the comparison {comparison.codes.shape} differ in size")
    layer = _draw(comparison, tuple(Fate), None)
    drawn = layer[..., 3] > 0
    opacity = layer[drawn, 3:] / 255
    shown = rgb.copy()
    shown[drawn] = np.rint(rgb[drawn] * (1 - opacity) + layer[drawn, :3] * opacity).astype(np.uint8)
    return encode_picture(".png", cv2.cvtColor(shown, cv2.COLOR_RGB2BGR))


def comparison_png(comparison: Comparison) -> bytes:
    """Return the codes of a comparison as an 8-bit PNG with a palette: each code in its fate's colour.

    What is in no mask is black, what is not known grey.
    """
    picture = Image.fromarray(comparison.codes).convert("L")
    picture.putpalette(_palette())
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    return buffer.getvalue()


def _palette() -> list[int]:
    colours: list[Colour] = [(0, 0, 0)] * 256
    for fate, colour in FATE_COLOURS.items():
        colours[fate.code] = colour
    colours[UNKNOWN_CODE] = _UNKNOWN
    return [channel for colour in colours for channel in colour]


def _draw(comparison: Comparison, fates: Collection[Fate], max_side: int | None) -> NDArray[np.uint8]:
    """Return the layer, RGBA, uint8 (H, W, 4)."""
    unchanged, added, removed = (
        shrink_mask(comparison.select((fate,)).pixels, max_side) for fate in (Fate.UNCHANGED, Fate.ADDED, Fate.REMOVED)
    )
    # A pixel of the smaller picture may hold some of each; a change is worth more than what stayed.
    unchanged = unchanged & ~(added | removed)
    removed = removed & ~added
    layer = np.zeros((*unchanged.shape, 4), dtype=np.uint8)
    if Fate.UNCHANGED in fates:
        layer[unchanged] = (*UNCHANGED, _FAINT)
        # Pale on bright ground would not be seen without it.
        layer[find_outline(unchanged) & ~(added | removed)] = (*_DARK, _FILLED)
    if Fate.ADDED in fates:
        layer[added] = (*ADDED, _FILLED)
    if Fate.REMOVED in fates:
        layer[removed] = (*REMOVED, _HATCH_GROUND)
        layer[removed & _hatch(removed.shape)] = (*REMOVED, 255)
    for fate, changed in ((Fate.ADDED, added), (Fate.REMOVED, removed)):
        if fate in fates:
            layer[find_outline(changed) & ~(added | removed)] = (255, 255, 255, 255)
    return layer


def _hatch(shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return diagonal lines, bool (H, W)."""
    rows, columns = np.indices(shape)
    lines: NDArray[np.bool_] = (rows + columns) % _HATCH_PX < _HATCH_LINE_PX
    return lines
