"""Masks as COCO run lengths, checked before they are decoded.

pycocotools trusts what it decodes and writes past the end of the mask when the runs are longer than it; files of other
systems are therefore decoded here.
"""

from collections.abc import Sequence
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco

from assistant.masks.agreement import Agreement
from evaluation.errors import RunLengthsInvalidError

_LONGEST_SHIFT = 60  # a run of more bits than that fills no image
_MAX_PIXELS = 1_000_000_000


class RunLengths(TypedDict):
    """One mask.

    Attributes:
        size: [height, width].
        counts: COCO's compressed string.
    """

    size: list[int]
    counts: str


def encode_run_lengths(mask: NDArray[np.bool_]) -> RunLengths:
    """Return the run lengths of `mask`, bool (H, W), ready for JSON."""
    encoded = coco.encode(np.asfortranarray(mask, dtype=np.uint8))
    return RunLengths(size=[int(side) for side in encoded["size"]], counts=encoded["counts"].decode("ascii"))


def decode_run_lengths(segmentation: object) -> NDArray[np.bool_]:
    """Return the mask, bool (height, width), that compressed or plain COCO run lengths describe.

    Args:
        segmentation: {"size": [height, width], "counts": a string, or a list of runs that starts with background}.

    Raises:
        RunLengthsInvalidError: it is not in this form, or the runs do not fill the mask exactly.
    """
    if not isinstance(segmentation, dict) or not {"size", "counts"} <= set(segmentation):
        raise RunLengthsInvalidError("run lengths have size and counts")
    height, width = _read_size(segmentation["size"])
    counts = segmentation["counts"]
    if isinstance(counts, bytes):
        counts = counts.decode("ascii", errors="replace")
    if isinstance(counts, str):
        runs = _parse_compressed(counts)
    elif isinstance(counts, list) and all(type(run) is int for run in counts):
        runs = counts
    else:
        raise RunLengthsInvalidError("counts is neither a string nor a list of whole numbers")
    if any(run < 0 for run in runs) or sum(runs) != height * width:
        raise RunLengthsInvalidError(f"the runs do not fill a mask of {width} x {height} exactly")
    is_target = np.arange(len(runs)) % 2 == 1
    return np.repeat(is_target, runs).reshape(width, height).T  # runs go down the columns


def unite_masks(masks: Sequence[NDArray[np.bool_]]) -> NDArray[np.bool_]:
    """Return the union of one or more masks, bool (H, W).

    Raises:
        RunLengthsInvalidError: there is none, or they differ in size.
    """
    if len({mask.shape for mask in masks}) != 1:
        raise RunLengthsInvalidError("its parts differ in size" if masks else "it has no parts")
    union = masks[0].copy()
    for mask in masks[1:]:
        union |= mask
    return union


def measure_pairwise_iou(masks: Sequence[RunLengths]) -> float:
    """Return the mean IoU over all pairs of two or more masks of one size, 0..1; two empty masks agree fully."""
    encoded = [{"size": one["size"], "counts": one["counts"].encode("ascii")} for one in masks]
    areas = [int(coco.area(one)) for one in encoded]
    total, pairs = 0.0, 0
    for later in range(1, len(encoded)):
        for earlier in range(later):
            shared = int(coco.area(coco.merge([encoded[earlier], encoded[later]], intersect=True)))
            total += Agreement(shared, areas[earlier] + areas[later] - shared).iou
            pairs += 1
    if pairs == 0:
        raise ValueError("a pair needs two masks")
    return total / pairs


def _read_size(size: object) -> tuple[int, int]:
    if not isinstance(size, list | tuple) or len(size) != 2 or any(type(side) is not int or side < 1 for side in size):
        raise RunLengthsInvalidError("size is not [height, width]")
    if size[0] * size[1] > _MAX_PIXELS:
        raise RunLengthsInvalidError(f"a mask of {size[1]} x {size[0]} is too large")
    return size[0], size[1]


def _parse_compressed(counts: str) -> list[int]:
    """Return the runs of COCO's string.

    The format: 5 bits a character above "0", the 6th says that more follow, the last one carries the sign; from the
    fourth run on, the difference to the run before the last.
    """
    runs: list[int] = []
    value = shift = 0
    for character in counts:
        bits = ord(character) - 48
        if not 0 <= bits < 64 or shift > _LONGEST_SHIFT:
            raise RunLengthsInvalidError("counts is not a COCO string")
        value |= (bits & 0x1F) << shift
        shift += 5
        if bits & 0x20:
            continue
        if bits & 0x10:
            value |= -1 << shift
        runs.append(value + (runs[-2] if len(runs) > 2 else 0))
        value = shift = 0
    if shift:
        raise RunLengthsInvalidError("counts breaks off")
    return runs
