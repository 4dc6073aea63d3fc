"""Raster files through rasterio: TIFF, GeoTIFF, COG, and PNG of 16 bits."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import rasterio
from PIL.TiffImagePlugin import ImageFileDirectory_v2
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.io import DatasetReader

from serving.errors import ImageTruncatedError, ImageUnreadableError
from serving.imagery.formats import ImageFormat
from serving.imagery.orientation import ORIENTATION_TAG, UPRIGHT
from serving.imagery.plain_pictures import PILLOW_ERRORS

_BIG_TIFF_VERSIONS = (b"+\x00", b"\x00+")


@contextmanager
def open_raster(path: Path, image_format: ImageFormat) -> Iterator[DatasetReader]:
    """Open a raster file for its header; pixels are decoded when they are asked for.

    The file is read alone: world files, `.aux.xml` and other neighbours in its folder are not looked at, and no
    other driver than the one named by `image_format` may take it (a VRT could name any file of the machine).

    Raises:
        ImageTruncatedError: the directory of the TIFF lies behind the end of the file, or a read inside the
            `with` block fails.
        ImageUnreadableError: the header makes no sense.
    """
    if image_format is ImageFormat.TIFF and _first_directory_offset(path) >= path.stat().st_size:
        raise ImageTruncatedError
    with rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR", GDAL_PAM_ENABLED="NO"):
        try:
            with warnings.catch_warnings():
                # Opening a file without a transform warns; `georeference` says so to the person instead.
                warnings.simplefilter("ignore", category=NotGeoreferencedWarning)
                dataset = rasterio.open(path, driver=image_format.value, sharing=False)
        except (RasterioError, OSError, ValueError) as error:
            raise ImageUnreadableError from error
        with dataset:
            try:
                yield dataset
            except RasterioError as error:
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


def _first_directory_offset(path: Path) -> int:
    with path.open("rb") as file:
        head = file.read(16)
    offset = head[8:16] if head[2:4] in _BIG_TIFF_VERSIONS else head[4:8]
    if len(offset) < 4:
        raise ImageTruncatedError
    return int.from_bytes(offset, "little" if head[:2] == b"II" else "big")
