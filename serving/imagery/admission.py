"""Whether a file may come in, decided from its header before any pixel is decoded."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from serving.errors import ImageEmptyError, ImageNotFoundError, ImageTooLargeError, ImageTruncatedError
from serving.imagery.formats import HEAD_BYTES, ImageFormat, recognise_format
from serving.imagery.plain_pictures import open_picture
from serving.imagery.raster_files import open_raster

_PNG_BANDS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by the colour type in its header


@dataclass(frozen=True)
class ImageLimits:
    """How much image one upload may hold.

    Attributes:
        max_bytes: size of the file.
        max_pixels: height times width.
        max_bands: bands, alpha included.
        max_decoded_bytes: pixels times bands times bytes per sample: a file of a few kilobytes may hold many.
    """

    max_bytes: int = 200_000_000
    max_pixels: int = 64_000_000
    max_bands: int = 64
    max_decoded_bytes: int = 2_000_000_000


@dataclass(frozen=True)
class ImageHeader:
    """What a file says of itself.

    Attributes:
        format: as recognised from its first bytes.
        height: rows as stored (a camera's rotation is not applied).
        width: columns as stored.
        bands: samples per pixel, alpha included; a palette counts as one.
        dtype: NumPy name of the sample type; samples of fewer than 8 bits are "uint8".
        page_count: frames or pages; only the first is used. 2 stands for "more than one".
        size_bytes: size of the file.
    """

    format: ImageFormat
    height: int
    width: int
    bands: int
    dtype: str
    page_count: int
    size_bytes: int

    @property
    def pixel_count(self) -> int:
        """Height times width."""
        return self.height * self.width

    @property
    def decoded_bytes(self) -> int:
        """Memory that all of its samples take."""
        return self.pixel_count * self.bands * np.dtype(self.dtype).itemsize

    @property
    def is_raster(self) -> bool:
        """Whether it is read as measurements (any sample type and bands), not as a plain 8-bit picture."""
        return self.format is ImageFormat.TIFF or self.dtype != "uint8"


def admit_image(path: Path, limits: ImageLimits) -> ImageHeader:
    """Return the header of the image at `path` if it is within `limits`.

    Raises:
        ImageNotFoundError: there is no file, or it cannot be opened.
        ImageEmptyError: 0 bytes.
        ImageUnreadableError: not an image of a format that is read.
        ImageTruncatedError: the header breaks off.
        ImageTooLargeError: more bytes, pixels or bands than the limits.
    """
    try:
        size_bytes = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        raise ImageNotFoundError(name=path.name) from error
    if size_bytes == 0:
        raise ImageEmptyError
    if size_bytes > limits.max_bytes:
        raise ImageTooLargeError(
            measure="MB",
            found=f"{size_bytes / 1e6:,.1f}",
            limit=f"{limits.max_bytes / 1e6:,.0f} MB",
            remedy="Please crop it, or save it with stronger compression.",
        )
    image_format = recognise_format(head)
    if image_format is ImageFormat.WEBP:
        if int.from_bytes(head[4:8], "little") + 8 > size_bytes:  # the length that it says it has
            raise ImageTruncatedError
        _refuse_too_many_pixels(*_webp_size(head), limits)  # Pillow sets up a WebP's whole canvas on opening
    header = _read_header(path, image_format, head, size_bytes)
    _refuse_too_many_pixels(header.height, header.width, limits)
    if header.bands > limits.max_bands:
        raise ImageTooLargeError(
            measure="bands",
            found=f"{header.bands:,}",
            limit=f"{limits.max_bands:,}",
            remedy="Please keep only the bands you need, for example red, green and blue.",
        )
    if header.decoded_bytes > limits.max_decoded_bytes:
        raise ImageTooLargeError(
            measure="GB of pixels when unpacked",
            found=f"{header.decoded_bytes / 1e9:,.1f}",
            limit=f"{limits.max_decoded_bytes / 1e9:,.1f} GB",
            remedy="Please crop it, or keep only the bands you need.",
        )
    return header


def _read_header(path: Path, image_format: ImageFormat, head: bytes, size_bytes: int) -> ImageHeader:
    if image_format is ImageFormat.TIFF:
        with open_raster(path, image_format) as dataset:
            return ImageHeader(
                format=image_format,
                height=dataset.height,
                width=dataset.width,
                bands=dataset.count,
                dtype=_widest(dataset.dtypes),
                page_count=max(1, len(dataset.subdatasets)),
                size_bytes=size_bytes,
            )
    with open_picture(path, image_format) as picture:
        bands, dtype = len(picture.getbands()), "uint8"
        if image_format is ImageFormat.PNG and head[24] == 16:
            # Pillow would keep the high byte of each sample alone, which turns 12-bit data nearly black.
            bands, dtype = _PNG_BANDS[head[25]], "uint16"
        return ImageHeader(
            format=image_format,
            height=picture.height,
            width=picture.width,
            bands=bands,
            dtype=dtype,
            page_count=2 if getattr(picture, "is_animated", False) else 1,
            size_bytes=size_bytes,
        )


def _widest(dtypes: tuple[str, ...]) -> str:
    # GDAL knows one type that NumPy does not: pairs of int16, which rasterio reads as complex64.
    known = ["complex64" if dtype == "complex_int16" else dtype for dtype in dtypes]
    return max(known, key=lambda dtype: np.dtype(dtype).itemsize)


def _refuse_too_many_pixels(height: int, width: int, limits: ImageLimits) -> None:
    if height * width > limits.max_pixels:
        raise ImageTooLargeError(
            measure="pixels",
            found=f"{width:,} × {height:,}",
            limit=f"{limits.max_pixels / 1e6:,.0f} megapixels",
            remedy="Please crop it or make it smaller.",
        )


def _webp_size(head: bytes) -> tuple[int, int]:
    """Return (height, width) from the first chunk of a WebP."""
    kind, payload = head[12:16], head[20:]
    if len(payload) < 10:
        raise ImageTruncatedError
    if kind == b"VP8X":  # a canvas; sizes less one, in 24 bits each
        return int.from_bytes(payload[7:10], "little") + 1, int.from_bytes(payload[4:7], "little") + 1
    if kind == b"VP8L":  # lossless; sizes less one, in 14 bits each, behind a signature byte
        packed = int.from_bytes(payload[1:5], "little")
        return ((packed >> 14) & 0x3FFF) + 1, (packed & 0x3FFF) + 1
    # lossy: behind a frame tag and a start code of 3 bytes each; 14 bits each, the other 2 are a scale
    return int.from_bytes(payload[8:10], "little") & 0x3FFF, int.from_bytes(payload[6:8], "little") & 0x3FFF
