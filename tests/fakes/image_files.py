"""Tiny image files written to a test's folder."""

import struct
import warnings
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.errors import NotGeoreferencedWarning

UTM_33N = "EPSG:32633"


def write_raster(
    path: Path,
    bands: NDArray[np.generic],
    *,
    meanings: Sequence[rasterio.enums.ColorInterp] | None = None,
    names: Sequence[str] | None = None,
    **profile: Any,
) -> Path:
    """Write `bands`, (bands, H, W), as a GeoTIFF and return its path."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", category=NotGeoreferencedWarning)
        count, height, width = bands.shape
        options = {"driver": "GTiff", "dtype": bands.dtype, "count": count, "height": height, "width": width}
        with rasterio.open(path, "w", **(options | profile)) as dataset:
            if meanings is not None:
                dataset.colorinterp = meanings
            if names is not None:
                dataset.descriptions = names
            dataset.write(bands)
    return path


def write_png_claiming(path: Path, *, height: int, width: int) -> Path:
    """Write a PNG of under 200 bytes whose header claims any size, and return its path."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b""))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, payload) for kind, payload in chunks))
    return path


def _chunk(kind: bytes, payload: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + payload))
    return struct.pack(">I", len(payload)) + kind + payload + checksum
