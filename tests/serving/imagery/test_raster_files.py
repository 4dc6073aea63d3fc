"""No exception of rasterio's travels past the file that calls it."""

import inspect
from pathlib import Path

import numpy as np
import pytest
import rasterio.errors
from rasterio._err import CPLE_OutOfMemoryError

from serving.errors import ImageTruncatedError
from serving.imagery.formats import ImageFormat
from serving.imagery.raster_files import RASTERIO_ERRORS, open_raster
from tests.fakes.image_files import write_raster

# Raised by writing, which this package does not do.
WRITING = {"FileError", "FileOverwriteError"}


def errors_of_rasterio() -> list[type[BaseException]]:
    return [
        error
        for name, error in vars(rasterio.errors).items()
        if inspect.isclass(error) and issubclass(error, Exception) and not issubclass(error, Warning)
        if name not in WRITING
    ]


@pytest.mark.parametrize("error", [*errors_of_rasterio(), CPLE_OutOfMemoryError])
def test_every_error_of_rasterio_has_a_translation(error: type[BaseException]) -> None:
    assert issubclass(error, RASTERIO_ERRORS)


def test_a_failing_read_is_translated(tmp_path: Path) -> None:
    path = write_raster(tmp_path / "image.tif", np.zeros((1, 2, 2), dtype=np.uint8))
    with pytest.raises(ImageTruncatedError), open_raster(path, ImageFormat.TIFF):
        raise rasterio.errors.RasterioIOError("Read failed")
