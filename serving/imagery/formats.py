"""Which image formats are taken in, told from a file's first bytes, never from its name."""

from enum import StrEnum

from serving.errors import ImageUnreadableError

HEAD_BYTES = 64  # enough for every signature below and for the sizes in a PNG's and a WebP's head

_TIFF_MAGICS = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")  # the last two are BigTIFF


class ImageFormat(StrEnum):
    """The formats that are read; everything else is refused, so that no rarely used decoder meets an upload."""

    PNG = "PNG"
    JPEG = "JPEG"
    WEBP = "WEBP"
    TIFF = "GTiff"
    BMP = "BMP"
    GIF = "GIF"


def recognise_format(head: bytes) -> ImageFormat:
    """Return the format of a file that begins with `head` (its first `HEAD_BYTES`, or all of a shorter file).

    Raises:
        ImageUnreadableError: none of the formats that are read.
    """
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return ImageFormat.PNG
    if head.startswith(b"\xff\xd8\xff"):
        return ImageFormat.JPEG
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return ImageFormat.WEBP
    if head.startswith(_TIFF_MAGICS):
        return ImageFormat.TIFF
    if head.startswith((b"GIF87a", b"GIF89a")):
        return ImageFormat.GIF
    if head.startswith(b"BM"):
        return ImageFormat.BMP
    raise ImageUnreadableError
