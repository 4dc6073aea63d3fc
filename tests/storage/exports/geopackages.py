"""Reads a GeoPackage back."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyogrio
import shapely
from numpy.typing import NDArray
from pyproj import CRS


def read_rows(content: bytes) -> tuple[dict[str, NDArray[Any]], list[shapely.MultiPolygon]]:
    """Return a GeoPackage's columns by name, and its outlines."""
    with _saved(content) as path:
        described, _, outlines, columns = pyogrio.raw.read(path)
    return dict(zip(described["fields"].tolist(), columns, strict=True)), list(shapely.from_wkb(outlines))


def read_crs(content: bytes) -> CRS:
    """Return the CRS of a GeoPackage's only layer."""
    with _saved(content) as path:
        return CRS.from_user_input(pyogrio.read_info(path)["crs"])


def burn(outlines: list[shapely.MultiPolygon], shape: tuple[int, int], step: float) -> NDArray[np.bool_]:
    """Return which middles of `step`-sized pixels at (0, 0) lie in one of the outlines, rows going down."""
    ys, xs = np.mgrid[: shape[0], : shape[1]]
    inside = np.zeros(shape, np.bool_)
    for outline in outlines:
        inside |= shapely.contains_xy(outline, (xs + 0.5) * step, -(ys + 0.5) * step)
    return inside


@contextmanager
def _saved(content: bytes) -> Iterator[Path]:
    """Lend a file: GDAL warns of a GeoPackage in memory, whose name has no ending."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "read.gpkg"
        path.write_bytes(content)
        yield path
