"""EarthReason, RRSIS-D and RefSegRS in their published layouts, with a few small pictures."""

import json
import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pycocotools import mask as coco

HEIGHT, WIDTH = 40, 60
RED, BLUE, GREY = (255, 0, 0), (0, 0, 255), (127, 127, 127)

Box = tuple[int, int, int, int]  # left, top, right, bottom; the last two exclusive


def draw_box(box: Box | None, *, height: int = HEIGHT, width: int = WIDTH) -> NDArray[np.bool_]:
    """Return a mask of one box, or an empty one."""
    mask = np.zeros((height, width), dtype=np.bool_)
    if box is not None:
        left, top, right, bottom = box
        mask[top:bottom, left:right] = True
    return mask


def paint_picture(*marks: tuple[NDArray[np.bool_], tuple[int, int, int]], seed: int) -> NDArray[np.uint8]:
    """Return a grey picture with masks in colours; each seed gives other bytes."""
    rgb = np.full((*marks[0][0].shape, 3), GREY, dtype=np.uint8)
    rgb[-1, -1] = seed
    for mask, colour in marks:
        rgb[mask] = colour
    return rgb


def save_mask(mask: NDArray[np.bool_], path: Path) -> None:
    """Write an 8-bit mask, 0 and 255."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(mask.astype(np.uint8) * 255).save(path)


def save_rgb(rgb: NDArray[np.uint8], path: Path) -> None:
    """Write a picture in the format of its ending."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(rgb).save(path)


# What is red in each EarthReason picture; the last one has nothing.
EARTHREASON_BOXES: Mapping[str, Box | None] = {"10": (0, 0, 20, 10), "2": (10, 10, 30, 30), "7": None}


def write_earthreason(root: Path, split: str = "val") -> Path:
    """Write three samples as published, two of them with a second question, and return `root`.

    The fake engine marks what is red where a question says red, and what is blue where it says blue.
    """
    folder = root / "rs_reason_seg" / "RSReasonSeg" / split
    for seed, (name, box) in enumerate(EARTHREASON_BOXES.items()):
        target = draw_box(box)
        blue = draw_box((40, 20, 50, 30))
        save_rgb(paint_picture((target, RED), (blue, BLUE), seed=seed), folder / "images" / f"{name}.png")
        save_mask(target, folder / "labels" / f"{name}.png")
        questions = ["Where is the red one?"] if box is None else ["Where is the red one?", "What is red, or blue?"]
        row = {"questions": questions, "answer": [] if box is None else ["Here."]}
        ending = "txt" if name == "2" else "json"
        (folder / "QAs").mkdir(exist_ok=True)
        (folder / "QAs" / f"{name}.{ending}").write_text(json.dumps(row), encoding="utf-8")
    return root


def build_ref(number: int, split: str, *sentences: str) -> dict[str, object]:
    """Return one entry of refs(unc).p."""
    return {
        "ref_id": number,
        "ann_id": number,
        "image_id": number,
        "category_id": 3,
        "file_name": f"{number:05}.jpg",
        "split": split,
        "sent_ids": list(range(len(sentences))),
        "sentences": [
            {"sent_id": at, "raw": words, "sent": words.lower(), "tokens": words.lower().split()}
            for at, words in enumerate(sentences)
        ],
    }


def encode(mask: NDArray[np.bool_]) -> dict[str, Any]:
    """Return COCO's own compressed run lengths, ready for JSON."""
    encoded = coco.encode(np.asfortranarray(mask.astype(np.uint8)))
    return {"size": [int(side) for side in encoded["size"]], "counts": encoded["counts"].decode("ascii")}


RRSIS_D_TARGETS = {
    1: draw_box((5, 5, 25, 15)),
    2: draw_box((0, 0, 10, 10)) | draw_box((30, 20, 40, 40)),
    3: draw_box((10, 10, 20, 20)),
}


def write_rrsis_d(root: Path, refs: Sequence[object] | None = None) -> Path:
    """Write two test samples and one of train as published, and return `root`.

    The first mask is one list of run lengths, the second has two parts, the third is a polygon.
    """
    folder = root / "rs_ref_seg" / "RRSIS-D"
    for number, target in RRSIS_D_TARGETS.items():
        save_rgb(paint_picture((target, RED), seed=number), folder / "images/rrsisd/JPEGImages" / f"{number:05}.jpg")
    segmentations: dict[int, list[object]] = {
        1: [encode(RRSIS_D_TARGETS[1])],
        2: [encode(draw_box((0, 0, 10, 10))), encode(draw_box((30, 20, 40, 40)))],
        3: [[10, 10, 20, 10, 20, 20, 10, 20]],
    }
    instances = {
        "images": [
            {"id": number, "file_name": f"{number:05}.jpg", "height": HEIGHT, "width": WIDTH}
            for number in segmentations
        ],
        "annotations": [
            {"id": number, "image_id": number, "category_id": 3, "segmentation": parts}
            for number, parts in segmentations.items()
        ],
        "categories": [{"id": 3, "name": "ship"}],
    }
    (folder / "rrsisd").mkdir(parents=True, exist_ok=True)
    (folder / "rrsisd" / "instances.json").write_text(json.dumps(instances), encoding="utf-8")
    if refs is None:
        refs = [
            build_ref(1, "test", "The red ship", "A ship that is red"),
            build_ref(2, "test", "The red ships on both sides"),
            build_ref(3, "train", "The red tank"),
        ]
    (folder / "rrsisd" / "refs(unc).p").write_bytes(pickle.dumps(refs))
    return root


def write_refsegrs(root: Path, split: str = "test") -> Path:
    """Write three lines on two pictures as published, and return `root`."""
    folder = root / "rs_ref_seg" / "RefSegRS"
    for seed, (name, box) in enumerate({"4": (0, 0, 30, 20), "15": (20, 10, 40, 30)}.items()):
        save_rgb(paint_picture((draw_box(box), RED), seed=seed), folder / "images" / f"{name}.tif")
        save_mask(draw_box(box), folder / "masks" / f"{name}.tif")
    lines = ("4 red road", "15 red   vehicle in the parking area", "4 road that is red")
    (folder / f"output_phrase_{split}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root
