"""A mask as COCO run lengths (compressed RLE, as JSON) and back."""

import json
from typing import TypedDict

import numpy as np
from pycocotools import mask as coco

from assistant.masks.comparison import Comparison, Fate
from serving.grid import Grid
from serving.mask import Mask
from storage.errors import RleInvalidError

_LONGEST_SHIFT = 60  # a run of more bits than that fills no image


class CocoRle(TypedDict):
    """Run lengths of one mask.

    Attributes:
        size: [height, width].
        counts: COCO's compressed string.
    """

    size: list[int]
    counts: str


def to_coco_rle(mask: Mask) -> CocoRle:
    """Return the run lengths of `mask`, ready for `json.dumps`."""
    encoded = coco.encode(np.asfortranarray(mask.pixels, dtype=np.uint8))
    return CocoRle(size=[int(side) for side in encoded["size"]], counts=encoded["counts"].decode("ascii"))


def mask_coco(mask: Mask) -> bytes:
    """Return the run lengths of `mask` as one JSON object, {"size": [height, width], "counts": "..."}."""
    return json.dumps(to_coco_rle(mask)).encode()


def comparison_coco(comparison: Comparison) -> bytes:
    """Return the run lengths of each fate as one JSON object, under the fate's name."""
    return json.dumps({fate: to_coco_rle(comparison.select((fate,))) for fate in Fate}).encode()


def from_coco_rle(rle: CocoRle, grid: Grid) -> Mask:
    """Return the mask that `rle` describes, on `grid`.

    Raises:
        RleInvalidError: the run lengths do not fill the grid exactly.
    """
    if rle["size"] != [grid.height, grid.width] or _length_of(rle["counts"]) != grid.pixel_count:
        raise RleInvalidError
    pixels = coco.decode({"size": rle["size"], "counts": rle["counts"].encode("ascii")})
    return Mask(np.ascontiguousarray(pixels).astype(bool), grid)


def _length_of(counts: str) -> int:
    """Return how many pixels the runs cover; pycocotools itself would write past the end of the mask.

    The format: 5 bits a character above "0", the 6th says that more follow, the last one carries the sign; from
    the fourth run on, the difference to the run before the last.
    """
    runs: list[int] = []
    place = 0
    while place < len(counts):
        value, shift, more = 0, 0, True
        while more:
            if place == len(counts) or shift > _LONGEST_SHIFT:
                raise RleInvalidError
            bits = ord(counts[place]) - 48
            if not 0 <= bits < 64:
                raise RleInvalidError
            value |= (bits & 0x1F) << shift
            more = bool(bits & 0x20)
            place += 1
            shift += 5
            if not more and bits & 0x10:
                value |= -1 << shift
        runs.append(value + (runs[-2] if len(runs) > 2 else 0))
        if runs[-1] < 0:
            raise RleInvalidError
    return sum(runs)
