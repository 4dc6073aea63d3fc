"""Small pictures for turns: coloured boxes on grey."""

import hashlib
from pathlib import Path

import numpy as np
from PIL import Image

from serving.grid import Grid
from serving.image_ref import ImageRef

COLOURS = {"red": (255, 0, 0), "blue": (0, 0, 255)}


def write_picture(
    folder: Path,
    *,
    name: str = "scene.png",
    boxes: tuple[tuple[str, tuple[int, int, int, int]], ...] = (("red", (2, 2, 10, 8)),),
    gsd_m: tuple[float, float] | None = None,
) -> ImageRef:
    """Write a 40 x 30 (width x height) PNG with (colour, xyxy_px) boxes on grey, and return what refers to it."""
    rgb = np.full((30, 40, 3), 127, dtype=np.uint8)
    for colour, (left, top, right, bottom) in boxes:
        rgb[top:bottom, left:right] = COLOURS[colour]
    path = folder / name
    Image.fromarray(rgb).save(path)
    return ImageRef(
        digest=hashlib.sha256(path.read_bytes()).hexdigest(),
        path=path,
        rendering_path=path,
        grid=Grid(height=30, width=40, gsd_m=gsd_m),
        name=name,
        format="PNG",
    )
