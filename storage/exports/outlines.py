"""The outlines of a mask's connected parts along the edges of its pixels, in the image's CRS."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
import rasterio
from rasterio.features import shapes
from scipy import ndimage

from assistant.masks.instances import EIGHT_NEIGHBOURS
from serving.mask import Mask
from storage.errors import ExportNeedsGeoreferenceError

Outline = dict[str, Any]
"""A GeoJSON-like polygon: `type`, and `coordinates` with the outer ring first."""


@dataclass(frozen=True)
class OutlinedPart:
    """One connected part, as it is counted: what touches at a corner belongs together.

    Attributes:
        number: from 1 on, in the order in which the parts lie from the top.
        outlines: several where the part hangs together by corners only, since one that touched itself there would be
            no valid polygon; x and y in units of the CRS.
        pixels: how many.
        area_m2: None where the size of a pixel is not known.
    """

    number: int
    outlines: tuple[Outline, ...]
    pixels: int
    area_m2: float | None


def outline_parts(mask: Mask) -> list[OutlinedPart]:
    """Return the parts of a mask in the order of their numbers.

    Raises:
        ExportNeedsGeoreferenceError: the grid has no transform or no CRS.
    """
    grid = mask.grid
    if grid.transform is None or grid.crs_wkt is None:
        raise ExportNeedsGeoreferenceError
    labels, count = ndimage.label(mask.pixels, structure=EIGHT_NEIGHBOURS)
    numbered = np.asarray(labels, np.int32)
    sizes_px = np.bincount(numbered.ravel(), minlength=count + 1)
    outlines: defaultdict[int, list[Outline]] = defaultdict(list)
    for outline, number in shapes(
        numbered, mask=mask.pixels, connectivity=4, transform=rasterio.Affine(*grid.transform)
    ):
        outlines[int(number)].append(outline)
    return [
        OutlinedPart(
            number,
            tuple(outlines[number]),
            int(sizes_px[number]),
            None if grid.pixel_area_m2 is None else int(sizes_px[number]) * grid.pixel_area_m2,
        )
        for number in sorted(outlines)
    ]
