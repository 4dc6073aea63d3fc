"""The pictures that the page shows and hands out, as bytes."""

from pathlib import Path
from typing import Any

from assistant.comparing import describe_difference, measure_difference
from assistant.conversation import Message
from assistant.errors import MasksNotComparableError
from assistant.masks.comparison import Comparison, Fate
from serving.image_ref import ImageRef
from serving.imagery.admission import ImageLimits, admit_image
from serving.imagery.rendering import load_rendering, render_image
from serving.mask import Mask
from storage.exports.bundle import comparison_bundle, mask_bundle
from storage.exports.difference import comparison_layer_png, comparison_overlay_png, difference_layer_png
from storage.exports.png import mask_png, overlay_layer_png, overlay_png, thumbnail_jpeg
from ui.limits import PREVIEW_SIDE_PX, THUMBNAIL_SIDE_PX
from ui.program_name import name_program

# Orange: rare in aerial images, unlike green, brown, grey and blue, and told apart from them with any colour vision.
# Dark enough for its outline to be white, which shows on dark ground. As --mask in assets/theme.css.
MASK_COLOUR = (255, 110, 20)
# A rendering up to this size goes to the browser as it is, without loss; above, a JPEG is many times smaller.
LOSSLESS_BYTES = 2_000_000
JPEG_QUALITY = 90


def render_preview(image: ImageRef) -> tuple[bytes, str]:
    """Return the image as a page shows it, at most `PREVIEW_SIDE_PX` on a side, and its media type.

    Raises:
        ImageError: the rendering is gone or damaged.
    """
    is_small = max(image.grid.height, image.grid.width) <= PREVIEW_SIDE_PX
    if is_small and image.rendering_path.is_file() and image.rendering_path.stat().st_size <= LOSSLESS_BYTES:
        return image.rendering_path.read_bytes(), "image/png"
    return thumbnail_jpeg(load_rendering(image), PREVIEW_SIDE_PX, quality=JPEG_QUALITY), "image/jpeg"


def render_thumbnail(path: Path) -> bytes:
    """Return a small JPEG of an image file of any admitted format.

    Raises:
        ImageError: the file cannot be used.
    """
    return thumbnail_jpeg(render_image(path, admit_image(path, ImageLimits())).rgb, THUMBNAIL_SIDE_PX)


def render_mask(mask: Mask) -> bytes:
    """Return the mask as a PNG at native size."""
    return mask_png(mask)


def render_layer(mask: Mask) -> bytes:
    """Return the mask as a coloured, transparent layer, at most `PREVIEW_SIDE_PX` on a side."""
    return overlay_layer_png(mask, MASK_COLOUR, max_side=PREVIEW_SIDE_PX)


def describe_comparison(before: Mask, after: Mask) -> dict[str, Any]:
    """Return what changed from one mask to another, as data for JSON: "sentence" and the pixel counts.

    Raises:
        MasksNotComparableError: they are of different images.
    """
    difference = measure_difference(before, after)
    return {
        "sentence": describe_difference(difference),
        "added_px": difference.added_px,
        "removed_px": difference.removed_px,
        "unchanged_px": difference.unchanged_px,
    }


def render_difference(before: Mask, after: Mask) -> bytes:
    """Return what changed from one mask to another as a layer, at most `PREVIEW_SIDE_PX` on a side.

    Raises:
        MasksNotComparableError: they are of different images.
    """
    if before.grid != after.grid:
        raise MasksNotComparableError
    return difference_layer_png(before, after, max_side=PREVIEW_SIDE_PX)


def render_fate_layer(comparison: Comparison, fate: Fate) -> bytes:
    """Return the pixels of one fate as a layer, at most `PREVIEW_SIDE_PX` on a side."""
    return comparison_layer_png(comparison, (fate,), max_side=PREVIEW_SIDE_PX)


def render_comparison_picture(image: ImageRef, comparison: Comparison) -> bytes:
    """Return image and all fates in one PNG at native size.

    Raises:
        ImageError: the rendering is gone or damaged.
    """
    return comparison_overlay_png(load_rendering(image), comparison)


def render_overlay_picture(image: ImageRef, mask: Mask) -> bytes:
    """Return image and mask in one PNG at native size.

    Raises:
        ImageError: the rendering is gone or damaged.
    """
    return overlay_png(load_rendering(image), mask, MASK_COLOUR)


def bundle_answer(message: Message, image: ImageRef, marked: Mask | Comparison) -> bytes:
    """Return everything that an answer gives, with its provenance, as a zip.

    Raises:
        ImageError: the rendering is gone or damaged.
    """
    rgb = load_rendering(image)
    if isinstance(marked, Comparison):
        return comparison_bundle(message, marked, rgb, program=name_program())
    return mask_bundle(message, marked, rgb, MASK_COLOUR, program=name_program())
