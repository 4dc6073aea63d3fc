"""Read RRSIS-D as it is published: images/rrsisd/JPEGImages, rrsisd/refs(unc).p, rrsisd/instances.json."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco

from evaluation.benchmarks.safe_pickle import load_plain_pickle
from evaluation.benchmarks.samples import Benchmark, BenchmarkSample, Split, find_layout
from evaluation.errors import BenchmarkMissingError, BenchmarkUnreadableError, RunLengthsInvalidError
from evaluation.run_lengths import decode_run_lengths, unite_masks

NAME = "RRSIS-D"
NESTED = "rs_ref_seg/RRSIS-D"
REFS = "rrsisd/refs(unc).p"
INSTANCES = "rrsisd/instances.json"
IMAGES = "images/rrsisd/JPEGImages"


@dataclass(frozen=True)
class _Instances:
    images: Mapping[int, Mapping[str, object]]
    annotations: Mapping[int, Mapping[str, object]]


def read_rrsis_d(root: Path, split: Split) -> Benchmark:
    """Return a split of RRSIS-D; a ref is a sample, its sentences are the questions.

    Args:
        root: the folder that holds images and rrsisd, or the one that holds rs_ref_seg/RRSIS-D.
        split: which part.

    Raises:
        BenchmarkError: a file is missing or not in the form, or the pickle holds more than plain data.
    """
    folder = find_layout(root, benchmark=NAME, nested=NESTED, marker="rrsisd")
    instances = _read_instances(folder)
    refs = [ref for ref in _read_refs(folder) if _is_in(ref, split)]
    return Benchmark(NAME, split, tuple(_build_sample(folder, ref, instances) for ref in refs))


def _read_refs(folder: Path) -> list[Mapping[str, object]]:
    try:
        refs = load_plain_pickle(folder / REFS)
    except FileNotFoundError as error:
        raise BenchmarkMissingError(benchmark=NAME, name=REFS) from error
    if not isinstance(refs, list) or not all(isinstance(ref, dict) for ref in refs):
        raise BenchmarkUnreadableError(where=REFS, problem="it is not a list of refs")
    return refs


def _read_instances(folder: Path) -> _Instances:
    try:
        content = json.loads((folder / INSTANCES).read_text(encoding="utf-8"))
        return _Instances(
            images={int(row["id"]): row for row in content["images"]},
            annotations={int(row["id"]): row for row in content["annotations"]},
        )
    except FileNotFoundError as error:
        raise BenchmarkMissingError(benchmark=NAME, name=INSTANCES) from error
    except (ValueError, KeyError, TypeError) as error:
        raise BenchmarkUnreadableError(where=INSTANCES, problem="it is not in COCO's form") from error


def _is_in(ref: Mapping[str, object], split: Split) -> bool:
    # Some lists of this family write testA, testB: all of them are test.
    written = str(ref.get("split"))
    return split in written if split is Split.TEST else written == split


def _build_sample(folder: Path, ref: Mapping[str, object], instances: _Instances) -> BenchmarkSample:
    try:
        ref_id, image_id, annotation_id = (int(str(ref[key])) for key in ("ref_id", "image_id", "ann_id"))
        sentences = ref["sentences"]
        if not isinstance(sentences, list):
            raise TypeError("sentences is a list")
        questions = tuple(str(sentence["raw"]) for sentence in sentences)
    except (KeyError, TypeError, ValueError) as error:
        raise BenchmarkUnreadableError(where=REFS, problem="a ref lacks its ids or its sentences") from error
    where = f"ref {ref_id} of {REFS}"
    if not questions:
        raise BenchmarkUnreadableError(where=where, problem="it has no sentence")
    image, annotation = instances.images.get(image_id), instances.annotations.get(annotation_id)
    if image is None or annotation is None:
        raise BenchmarkUnreadableError(where=where, problem=f"its image or its annotation is not in {INSTANCES}")
    try:
        height, width = int(str(image["height"])), int(str(image["width"]))
        name = str(image["file_name"])
        segmentation = annotation["segmentation"]
    except (KeyError, ValueError) as error:
        raise BenchmarkUnreadableError(where=where, problem="its image or its mask is incomplete") from error
    return BenchmarkSample(
        id=str(ref_id),
        image_path=folder / IMAGES / name,
        questions=questions,
        group=str(ref_id),
        load_target=partial(_decode_target, segmentation, height, width, where),
    )


def _decode_target(segmentation: object, height: int, width: int, where: str) -> NDArray[np.bool_]:
    """Return the union of an annotation's parts: run lengths or polygons, one or a list of them."""
    parts = [segmentation] if isinstance(segmentation, dict) else segmentation
    if not isinstance(parts, list):
        raise BenchmarkUnreadableError(where=where, problem="its mask is in no form of COCO's")
    try:
        return unite_masks(
            [
                _draw_polygon(part, height, width) if isinstance(part, list) else decode_run_lengths(part)
                for part in parts
            ]
        )
    except RunLengthsInvalidError as error:
        raise BenchmarkUnreadableError(where=where, problem=f"its mask is damaged ({error})") from error


def _draw_polygon(corners: list[object], height: int, width: int) -> NDArray[np.bool_]:
    """Return the pixels inside x0, y0, x1, y1, ..., bool (height, width), as COCO counts them."""
    # Far outside, COCO's integer arithmetic overflows.
    furthest = 10 * max(height, width)
    is_fine = len(corners) >= 6 and len(corners) % 2 == 0
    if not is_fine or not all(isinstance(value, int | float) and abs(value) <= furthest for value in corners):
        raise RunLengthsInvalidError("a polygon has three or more corners near the image, as x, y, x, y, ...")
    decoded: NDArray[np.uint8] = coco.decode(coco.frPyObjects([corners], height, width))
    return decoded[:, :, 0].astype(np.bool_)
