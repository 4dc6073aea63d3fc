"""Raster files through rasterio: TIFF, GeoTIFF, COG, and PNG of 16 bits."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import rasterio
from PIL.TiffImagePlugin import ImageFileDirectory_v2
from rasterio._err import CPLE_BaseError
from rasterio.errors import (
    CRSError,
    DriverRegistrationError,
    GDALBehaviorChangeException,
    NotGeoreferencedWarning,
    RasterioError,
    RPCError,
    WindowEvaluationError,
)
from rasterio.io import DatasetReader

from serving.errors import ImageTruncatedError, ImageUnreadableError
from serving.imagery.formats import ImageFormat
from serving.imagery.orientation import ORIENTATION_TAG, UPRIGHT
from serving.imagery.plain_pictures import PILLOW_ERRORS

# rasterio's own root does not cover all of its errors, nor GDAL's that slip through it.
RASTERIO_ERRORS = (
    RasterioError,
    CPLE_BaseError,
    CRSError,
    DriverRegistrationError,
    GDALBehaviorChangeException,
    RPCError,
    WindowEvaluationError,
)

_BIG_TIFF_VERSIONS = (b"+\x00", b"\x00+")


@contextmanager
def open_raster(path: Path, image_format: ImageFormat) -> Iterator[DatasetReader]:
    """Open a raster file for its header; pixels are decoded when they are asked for.

    The file is read alone: world files, `.aux.xml` and other neighbours in its folder are not looked at, and no
    other driver than the one named by `image_format` may take it (a VRT could name any file of the machine).

    Raises:
        ImageTruncatedError: the TIFF ends before its directory, or a read inside the `with` block fails.
        ImageUnreadableError: the header makes no sense.
    """
    if image_format is ImageFormat.TIFF and _is_directory_cut_off(path):
        raise ImageTruncatedError
    with rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR", GDAL_PAM_ENABLED="NO"):
        try:
            with warnings.catch_warnings():
                # Opening a file without a transform warns; `georeference` says so to the person instead.
                warnings.simplefilter("ignore", category=NotGeoreferencedWarning)
                dataset = rasterio.open(path, driver=image_format.value, sharing=False)
        except (*RASTERIO_ERRORS, OSError, ValueError) as error:
            raise ImageUnreadableError from error
        with dataset:
            try:
                yield dataset
            except RASTERIO_ERRORS as error:
                raise ImageTruncatedError from error


def read_tiff_orientation(path: Path) -> int:
    """Return the orientation tag of a TIFF's first page, 1 (upright) where there is none; GDAL does not tell it."""
    with path.open("rb") as file:
        head = file.read(16)
        size = 16 if head[2:4] in _BIG_TIFF_VERSIONS else 8
        try:
            directory = ImageFileDirectory_v2(head[:size])
            file.seek(directory.next)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Pillow warns of tags it cannot hold; only one is wanted
                directory.load(file)
            orientation = directory.get(ORIENTATION_TAG, UPRIGHT)
        except PILLOW_ERRORS as error:
            raise ImageUnreadableError from error
    return orientation if isinstance(orientation, int) else UPRIGHT


def _is_directory_cut_off(path: Path) -> bool:
    """Whether a TIFF ends before the directory of its first page does: GDAL would only call it no TIFF at all."""
    with path.open("rb") as file:
        head = file.read(16)
        big = head[2:4] in _BIG_TIFF_VERSIONS
        count_bytes, entry_bytes, offset_bytes = (8, 20, 8) if big else (2, 12, 4)
        offset = int.from_bytes(head[-8:] if big else head[4:8], _byte_order(head))
        end = file.seek(0, 2)
        if len(head) < 16 or offset + count_bytes > end:
            return True
        file.seek(offset)
        entries = int.from_bytes(file.read(count_bytes), _byte_order(head))
    return offset + count_bytes + entries * entry_bytes + offset_bytes > end


def _byte_order(head: bytes) -> Literal["little", "big"]:
    return "little" if head[:2] == b"II" else "big"
