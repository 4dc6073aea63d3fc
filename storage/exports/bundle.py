"""All that an answer gives, in one zip: the mask in every form that the image allows, the picture, and provenance."""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from assistant.conversation import Message
from assistant.masks.comparison import Comparison
from serving.mask import Mask
from storage.exports.coco_rle import comparison_coco, mask_coco
from storage.exports.difference import comparison_overlay_png, comparison_png
from storage.exports.geojson import comparison_geojson, mask_geojson
from storage.exports.geopackage import comparison_geopackage, mask_geopackage
from storage.exports.geotiff import comparison_geotiff, mask_geotiff
from storage.exports.png import Colour, mask_png, overlay_png
from storage.exports.provenance import describe_provenance

PROVENANCE_NAME = "provenance.json"


def mask_bundle(message: Message, mask: Mask, rgb: NDArray[np.uint8], colour: Colour, *, program: str) -> bytes:
    """Return a zip of an answer's mask.

    Args:
        message: the answer.
        mask: its mask.
        rgb: the image's rendering, uint8 (H, W, 3).
        colour: of the mask in the picture.
        program: name and version of this program.
    """
    files = {"mask.png": mask_png(mask), "overlay.png": overlay_png(rgb, mask, colour), "mask.json": mask_coco(mask)}
    if mask.grid.is_georeferenced:
        files |= {
            "mask.tif": mask_geotiff(mask),
            "mask.geojson": mask_geojson(mask),
            "mask.gpkg": mask_geopackage(mask, message.created_at),
        }
    return _pack(files, message, program)


def comparison_bundle(message: Message, comparison: Comparison, rgb: NDArray[np.uint8], *, program: str) -> bytes:
    """Return a zip of what became of each pixel between two images; arguments as for `mask_bundle`."""
    files = {
        "changes.png": comparison_png(comparison),
        "overlay.png": comparison_overlay_png(rgb, comparison),
        "changes.json": comparison_coco(comparison),
    }
    if comparison.grid.is_georeferenced:
        files |= {
            "changes.tif": comparison_geotiff(comparison),
            "changes.geojson": comparison_geojson(comparison),
            "changes.gpkg": comparison_geopackage(comparison, message.created_at),
        }
    return _pack(files, message, program)


def _pack(files: Mapping[str, bytes], message: Message, program: str) -> bytes:
    """Return the files and the provenance in one zip, the same bytes for the same answer."""
    described = describe_provenance(message, program=program)
    described["files_sha256"] = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    provenance = json.dumps(described, indent=2, ensure_ascii=False).encode()
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, content in (*files.items(), (PROVENANCE_NAME, provenance)):
            entry = zipfile.ZipInfo(name, message.created_at.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return written.getvalue()
