"""Any admitted image -> the 8-bit RGB picture at native size that people and the model look at."""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from serving.errors import ImageError, ImageNotFoundError, ImageUnreadableError
from serving.grid import Grid
from serving.image_ref import ImageRef
from serving.imagery.admission import ImageHeader
from serving.imagery.formats import HEAD_BYTES, ImageFormat, recognise_format
from serving.imagery.georeference import Georeference, read_georeference
from serving.imagery.orientation import UPRIGHT, turn_upright
from serving.imagery.plain_pictures import decode_picture, open_picture, read_orientation
from serving.imagery.raster_files import open_raster, read_tiff_orientation
from serving.imagery.raster_rendering import render_raster

_PNG_EFFORT = 1  # zlib level: a rendering is written once and read on this machine; 6 takes 4 times as long


@dataclass(frozen=True, eq=False)
class Rendering:
    """What an image looks like and where it lies.

    Attributes:
        rgb: uint8, (H, W, 3), upright, native size; nodata is black.
        grid: its size, with the georeference where there is one.
        format: as in `ImageRef`.
        notes: sentences for the person on what was done to show it.
    """

    rgb: NDArray[np.uint8]
    grid: Grid
    format: str
    notes: tuple[str, ...]


def render_image(path: Path, header: ImageHeader) -> Rendering:
    """Decode the image at `path`, which `admit_image` has let in as `header`.

    Raises:
        ImageNotFoundError: the file has gone since.
        ImageTruncatedError: pixels are missing.
        ImageUnreadableError: the pixels make no sense, or there are too many for this machine's memory.
    """
    try:
        if header.is_raster:
            rgb, notes, georeference = _render_raster_file(path, header.format)
        else:
            rgb, notes = _render_picture_file(path, header.format)
            georeference = Georeference()
    except ImageError:
        raise
    except OSError as error:
        raise ImageNotFoundError(name=path.name) from error
    except MemoryError as error:
        raise ImageUnreadableError from error
    if header.page_count > 1:
        notes = ("The file holds several pictures; the first one is used.", *notes)
    grid = Grid(rgb.shape[0], rgb.shape[1], georeference.transform, georeference.crs_wkt, georeference.gsd_m)
    return Rendering(rgb, grid, header.format.value, (*notes, *georeference.notes))


def encode_rendering(rgb: NDArray[np.uint8]) -> bytes:
    """Return `rgb`, uint8 (H, W, 3), as a PNG, without loss."""
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, format="PNG", compress_level=_PNG_EFFORT)
    return buffer.getvalue()


def load_rendering(image: ImageRef) -> NDArray[np.uint8]:
    """Return the stored rendering of `image`, uint8 RGB, (grid.height, grid.width, 3).

    The store writes PNG; a picture on disk that needs no rendering may stand for its own, in whatever format.

    Raises:
        ImageNotFoundError: it is not on the disk any more.
        ImageTruncatedError: the stored file is damaged.
    """
    try:
        with image.rendering_path.open("rb") as file:
            image_format = recognise_format(file.read(HEAD_BYTES))
        with open_picture(image.rendering_path, image_format) as picture:
            rgb, _ = decode_picture(picture)
    except FileNotFoundError as error:
        raise ImageNotFoundError(name=image.name) from error
    if rgb.shape[:2] != (image.grid.height, image.grid.width):
        raise ImageUnreadableError
    return rgb


def _render_raster_file(
    path: Path, image_format: ImageFormat
) -> tuple[NDArray[np.uint8], tuple[str, ...], Georeference]:
    with open_raster(path, image_format) as dataset:
        rgb, notes = render_raster(dataset)
        georeference = read_georeference(dataset)
    if georeference.transform is None:  # a map is never turned: its transform says where up is
        orientation = read_tiff_orientation(path) if image_format is ImageFormat.TIFF else UPRIGHT
        rgb, notes = _turn(rgb, notes, orientation)
    return rgb, notes, georeference


def _render_picture_file(path: Path, image_format: ImageFormat) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    with open_picture(path, image_format) as picture:
        rgb, notes = decode_picture(picture)
        return _turn(rgb, notes, read_orientation(picture))


def _turn(
    rgb: NDArray[np.uint8], notes: tuple[str, ...], orientation: int | None
) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    if orientation is None:
        return rgb, (*notes, "The camera's note on which way is up cannot be read; the picture is as stored.")
    if not 2 <= orientation <= 8:
        return rgb, notes
    return turn_upright(rgb, orientation), (*notes, "The picture is turned upright as the camera noted.")
