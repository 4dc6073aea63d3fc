"""Plain pictures through Pillow: PNG, JPEG, WebP, BMP, GIF, with 8 bits or fewer per sample.

Pillow's plug-in classes are called directly. `PIL.Image.open` would apply a process-wide size limit of its own and
try formats that are not on our list; `admission` has decided on both before a pixel is decoded.
"""

import struct
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.Image import DecompressionBombError, Image
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from serving.errors import ImageTruncatedError, ImageUnreadableError
from serving.imagery.formats import ImageFormat
from serving.imagery.orientation import ORIENTATION_TAG, UPRIGHT

# What Pillow raises on damaged input; it has no root of its own.
PILLOW_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    EOFError,
    LookupError,
    ArithmeticError,
    RuntimeError,
    struct.error,
    zlib.error,
    DecompressionBombError,
)
_CUT_SHORT = (EOFError, IndexError, struct.error)  # what its parsers meet where the bytes end too early

_READERS: dict[ImageFormat, Callable[[BinaryIO], ImageFile]] = {
    ImageFormat.PNG: PngImageFile,
    ImageFormat.JPEG: JpegImageFile,
    ImageFormat.WEBP: WebPImageFile,
    ImageFormat.BMP: BmpImageFile,
    ImageFormat.GIF: GifImageFile,
}


@contextmanager
def open_picture(path: Path, image_format: ImageFormat) -> Iterator[ImageFile]:
    """Open a picture for its header; its pixels are not decoded yet.

    Raises:
        ImageTruncatedError: the header breaks off.
        ImageUnreadableError: the header makes no sense.
    """
    with path.open("rb") as file:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Pillow warns of odd metadata, of which only the size is wanted
                picture = _READERS[image_format](file)
        except PILLOW_ERRORS as error:
            if _is_cut_short(error):
                raise ImageTruncatedError from error
            raise ImageUnreadableError from error
        with picture:
            yield picture


def read_orientation(picture: Image) -> int | None:
    """Return the EXIF orientation, 1 (upright) where none is written, None where it cannot be read."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of each odd EXIF entry; only the orientation matters here
        try:
            orientation = picture.getexif().get(ORIENTATION_TAG, UPRIGHT)
        except PILLOW_ERRORS:
            return None  # the reader of this value tells the person; the pixels are fine
    return orientation if isinstance(orientation, int) else None


def decode_picture(picture: ImageFile) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """Return the first frame as stored (not turned), uint8 RGB (H, W, 3), and notes on how it was made so.

    Raises:
        ImageTruncatedError: pixels are missing.
    """
    try:
        picture.load()
        if picture.has_transparency_data:
            return _lay_on_black(np.asarray(picture.convert("RGBA")))
        rgb = np.array(picture.convert("RGB"), dtype=np.uint8)
    except PILLOW_ERRORS as error:
        raise ImageTruncatedError from error
    if picture.mode == "CMYK":
        return rgb, ("Printing colours (CMYK) are converted to RGB without a colour profile.",)
    if picture.mode in ("1", "L"):
        return rgb, ("The picture has one band, shown in grey.",)
    return rgb, ()


def _is_cut_short(error: BaseException) -> bool:
    # An `OSError` of Pillow's says it in its text alone ("Truncated File Read").
    return isinstance(error, _CUT_SHORT) or isinstance(error.__cause__, _CUT_SHORT) or "truncated" in str(error).lower()


def _lay_on_black(rgba: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    if (rgba[..., 3] == 255).all():
        return np.ascontiguousarray(rgba[..., :3]), ()
    return lay_on_black(rgba[..., :3], rgba[..., 3]), (describe_transparency(rgba[..., 3]),)


def lay_on_black(rgb: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return `rgb`, (H, W, 3), over black by `alpha`, (H, W), 255 = opaque. Black is what nodata looks like too."""
    product = rgb.astype(np.uint16) * alpha[..., None]  # at most 255 · 255, which fits
    return ((product + 127) // 255).astype(np.uint8)


def describe_transparency(alpha: NDArray[np.uint8]) -> str:
    """Return the sentence that says how much of a picture is transparent."""
    share = float(np.count_nonzero(alpha < 255) / alpha.size)
    return f"Transparent parts ({format_share(share)} of the picture) are shown on black."


def format_share(share: float) -> str:
    """Return `share`, above 0 and up to 1, as a percentage that is never rounded to nothing or to all."""
    if share >= 1.0:
        return "100 %"
    return "less than 1 %" if share < 0.01 else f"{min(99, round(share * 100))} %"
