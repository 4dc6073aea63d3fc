"""Four images in one square: what is asked for lies among other places, sensors and classes than it ever does alone.

After YOLOv4's mosaic augmentation (arXiv 2004.10934), with what is not labelled left out of the loss.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from evaluation.pictures import read_rgb
from training.absences import find_labels
from training.augmentation import TARGET_STRIDE, Geometry, draw_geometry, warp_image, warp_target
from training.samples import ImageSample, SampleTarget, decode_target

_PRESENT_SHARE = 0.7  # of the questions ask for a class that one of the four has


@dataclass(frozen=True)
class AskedClass:
    """One class in a mosaic.

    Attributes:
        class_name: what is asked for.
        target: share of each cell that is covered, uint8 0..255, (side/4, side/4).
        is_known: bool, of the same shape; False in tiles that are not labelled for the class.
        is_present: one of the four has it.
        is_judged: whether that can be said: what is there is large enough, or all four are known to have none.
    """

    class_name: str
    target: NDArray[np.uint8]
    is_known: NDArray[np.bool_]
    is_present: bool
    is_judged: bool


@dataclass(frozen=True)
class _Tile:
    rows: slice
    columns: slice
    size: tuple[int, int]
    geometry: Geometry
    labels: Mapping[str, SampleTarget | None]


def build_mosaic(
    samples: Sequence[ImageSample],
    rng: np.random.Generator,
    *,
    side: int,
    questions: int,
    askable: Collection[str],
    smallest_cells: float,
) -> tuple[NDArray[np.uint8], list[AskedClass]]:
    """Lay four images into one square and choose what to ask of it.

    Args:
        samples: four images; at least one is known to have or to lack an askable class.
        rng: draws the geometry and the classes.
        side: of the square, a multiple of 8.
        questions: how many classes to choose, with repetition.
        askable: classes that there are words for.
        smallest_cells: less of a class than so many cells is neither present nor absent.

    Returns:
        The picture, uint8 (side, side, 3), and the classes.
    """
    half = side // 2
    picture = np.zeros((side, side, 3), np.uint8)
    tiles = []
    for place, sample in enumerate(samples):
        rgb = read_rgb(sample.path)
        height, width = rgb.shape[:2]
        geometry = _draw_tile(rng, height, width, half)
        top, left = place // 2 * half, place % 2 * half
        picture[top : top + half, left : left + half] = warp_image(rgb, geometry, half)
        cells = half // TARGET_STRIDE
        rows, columns = place // 2 * cells, place % 2 * cells
        labels = {name: target for name, target in find_labels(sample).items() if name in askable}
        tiles.append(
            _Tile(slice(rows, rows + cells), slice(columns, columns + cells), (height, width), geometry, labels)
        )
    names = _choose_classes(tiles, rng, questions)
    asked = {name: _ask(name, tiles, half, smallest_cells) for name in sorted(set(names))}
    return picture, [asked[name] for name in names]


def _draw_tile(rng: np.random.Generator, height: int, width: int, half: int) -> Geometry:
    """Draw a geometry that shows between a quarter and the whole of what the square alone would."""
    zoomed = int(rng.integers(half, 2 * half + 1))
    geometry = draw_geometry(rng, height, width, zoomed)
    matrix = geometry.matrix.copy()
    matrix[:, 2] -= rng.uniform(0, zoomed - half, size=2)
    return replace(geometry, matrix=matrix, is_cropped=True)


def _choose_classes(tiles: Sequence[_Tile], rng: np.random.Generator, count: int) -> list[str]:
    present = sorted({name for tile in tiles for name, target in tile.labels.items() if target is not None})
    absent = sorted({name for tile in tiles for name in tile.labels} - set(present))
    chosen = []
    for _ in range(count):
        names = present if present and (not absent or rng.random() < _PRESENT_SHARE) else absent
        chosen.append(names[int(rng.integers(len(names)))])
    return chosen


def _ask(name: str, tiles: Sequence[_Tile], half: int, smallest_cells: float) -> AskedClass:
    cells = half // TARGET_STRIDE
    target = np.zeros((2 * cells, 2 * cells), np.uint8)
    is_known = np.zeros((2 * cells, 2 * cells), np.bool_)
    for tile in tiles:
        if name not in tile.labels:
            continue
        is_known[tile.rows, tile.columns] = True
        label = tile.labels[name]
        if label is not None:
            pixels = decode_target(label, *tile.size)
            target[tile.rows, tile.columns] = warp_target(pixels, tile.geometry, half)
    covered = float(target.sum()) / 255
    return AskedClass(
        class_name=name,
        target=target,
        is_known=is_known,
        is_present=covered > 0,
        is_judged=covered >= smallest_cells or (covered == 0 and bool(is_known.all())),
    )
