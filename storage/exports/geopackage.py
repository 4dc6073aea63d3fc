"""Marks as a GeoPackage: one row for each connected part, in the image's own CRS (OGC 12-128)."""

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from threading import Lock

import numpy as np
import shapely

from assistant.masks.comparison import Comparison, Fate
from serving.grid import Grid
from serving.mask import Mask
from storage.errors import ExportNeedsGeoreferenceError
from storage.exports.outlines import OutlinedPart, outline_parts

MASK_LAYER = "mask"
CHANGES_LAYER = "changes"

# The date in the file is a setting of GDAL's, for the whole process.
_DATE_LOCK = Lock()


def mask_geopackage(mask: Mask, made_at: datetime) -> bytes:
    """Return the outlines of the mask as the layer "mask" of a GeoPackage, the same bytes for the same arguments.

    The corners are those of the pixels, in the CRS of the image, so that nothing is rounded. Columns: `part` (from 1
    on, in the order in which the parts lie from the top), `pixels` and `area_m2` (null where the size of a pixel is
    not known). Parts that touch at a corner are one row, as they are counted.

    Args:
        mask: of a georeferenced image.
        made_at: the file's date of change.

    Raises:
        ExportNeedsGeoreferenceError: the grid has no transform or no CRS.
    """
    return _write(MASK_LAYER, mask.grid, made_at, outline_parts(mask), fates=None)


def comparison_geopackage(comparison: Comparison, made_at: datetime) -> bytes:
    """Return what was added, removed and unchanged as the layer "changes", as `mask_geopackage` does.

    The column `fate` says which; the parts of each fate are numbered for themselves.

    Raises:
        ExportNeedsGeoreferenceError: the grid has no transform or no CRS.
    """
    fated = [(fate, part) for fate in Fate for part in outline_parts(comparison.select((fate,)))]
    parts = [part for _, part in fated]
    return _write(CHANGES_LAYER, comparison.grid, made_at, parts, fates=[str(fate) for fate, _ in fated])


def _write(
    layer: str, grid: Grid, made_at: datetime, parts: Sequence[OutlinedPart], *, fates: Sequence[str] | None
) -> bytes:
    if grid.crs_wkt is None:
        raise ExportNeedsGeoreferenceError
    import pyogrio  # here, since it imports pandas: 0.4 s that no other command should pay

    fields = {
        "part": np.array([part.number for part in parts], np.int32),
        "pixels": np.array([part.pixels for part in parts], np.int64),
        # NaN is written as null.
        "area_m2": np.array([np.nan if part.area_m2 is None else part.area_m2 for part in parts], np.float64),
    }
    if fates is not None:
        fields = {"fate": np.array(fates, object)} | fields
    written = io.BytesIO()
    with _DATE_LOCK:
        date = made_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": date})
        try:
            pyogrio.raw.write(
                written,
                shapely.to_wkb(np.array([_to_geometry(part) for part in parts], object)),
                list(fields.values()),
                list(fields),
                layer=layer,
                driver="GPKG",
                geometry_type="MultiPolygon",
                promote_to_multi=True,
                crs=grid.crs_wkt,
            )
        finally:
            pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})
    return written.getvalue()


def _to_geometry(part: OutlinedPart) -> shapely.MultiPolygon:
    rings = (outline["coordinates"] for outline in part.outlines)
    return shapely.MultiPolygon([shapely.Polygon(outer, holes) for outer, *holes in rings])
