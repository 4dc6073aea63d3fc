"""A pack of a few small pictures, in which red boxes are roofs and blue boxes are pools."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pycocotools import mask as coco_mask

HEIGHT, WIDTH = 24, 32
RED, BLUE = (255, 0, 0), (0, 0, 255)


def box_mask(*boxes_xyxy_px: tuple[int, int, int, int]) -> NDArray[np.bool_]:
    """Build a mask, bool (24, 32), from boxes."""
    pixels = np.zeros((HEIGHT, WIDTH), dtype=np.bool_)
    for left, top, right, bottom in boxes_xyxy_px:
        pixels[top:bottom, left:right] = True
    return pixels


ROOFS = box_mask((2, 2, 8, 8), (20, 4, 30, 10))
POOL = box_mask((4, 14, 10, 20))


def question_row(number: int, image: str, split: str, question: str, **changes: object) -> dict[str, object]:
    """Build one line of questions.jsonl; an empty target unless `changes` say otherwise."""
    return {
        "id": f"{image}#{number}",
        "image": f"images/{image}.png",
        "image_id": image,
        "source": image.partition("/")[0],
        "split": split,
        "kind": "negative",
        "class": "building",
        "question": question,
        "answer": "",
        "mask": None,
        "instances": [],
        "clip": None,
        "empty": True,
        "template": "t0",
        "template_heldout": False,
        **changes,
    }


def write_pack(root: Path) -> Path:
    """Write a pack of three val pictures and one train picture from two sources, and return its root.

    "town" pictures have their roofs as two instances, "park" pictures their pool as a mask. Roofs are red and
    pools blue, so that the fake engine answers a question with the word "red" or "blue" exactly.
    """
    questions: list[Mapping[str, object]] = []
    for name, split in (("town/a", "val"), ("town/b", "val"), ("town/c", "train")):
        write_picture(root, name, ((ROOFS, RED),))
        questions += [
            question_row(1, name, split, "Mark the red roofs.", kind="class", instances=[1, 2], empty=False),
            question_row(
                2, name, split, "Mark the red roofs in the left half.", kind="region", instances=[1, 2],
                clip=[0, 0, 16, 24], empty=False, template_heldout=True,
            ),
            question_row(3, name, split, "Mark the blue pools."),
        ]  # fmt: skip
    write_picture(root, "park/p", ((POOL, BLUE),))
    questions.append(
        question_row(1, "park/p", "val", "Mark the blue pool.", kind="class", mask="masks/p.png", empty=False)
    )
    write_mask(root / "masks/p.png", POOL)
    write_annotations(root, "town", {1: box_mask((2, 2, 8, 8)), 2: box_mask((20, 4, 30, 10))})
    write_lines(root / "questions.jsonl", questions)
    write_lines(
        root / "manifest.jsonl",
        [
            {"image_id": image, "height": HEIGHT, "width": WIDTH}
            for image in dict.fromkeys(row["image_id"] for row in questions)
        ],
    )
    return root


def write_picture(root: Path, name: str, marks: Iterable[tuple[NDArray[np.bool_], tuple[int, int, int]]]) -> None:
    """Write images/<name>.png: grey, with masks painted in colours; each name gives other bytes."""
    rgb = np.full((HEIGHT, WIDTH, 3), 127, dtype=np.uint8)
    rgb[-1, -1] = np.frombuffer(name.encode()[-1:] * 3, dtype=np.uint8)
    for pixels, colour in marks:
        rgb[pixels] = colour
    path = root / f"images/{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(rgb).save(path)


def write_mask(path: Path, pixels: NDArray[np.bool_]) -> None:
    """Write a 1-bit PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def write_annotations(root: Path, source: str, instances: Mapping[int, NDArray[np.bool_]]) -> None:
    """Write annotations/<source>.json with COCO compressed RLE."""
    annotations = []
    for number, pixels in instances.items():
        encoded = coco_mask.encode(np.asfortranarray(pixels.astype(np.uint8)))
        annotations.append(
            {"id": number, "segmentation": {"size": encoded["size"], "counts": encoded["counts"].decode("ascii")}}
        )
    path = root / f"annotations/{source}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"annotations": annotations}), encoding="utf-8")


def write_lines(path: Path, rows: Iterable[Mapping[str, object]]) -> None:
    """Write one JSON object per line."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
