"""The best mask that looks neither at the image nor at the question: the baseline that any model must beat."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.masks.agreement import UNION_OFFSET
from evaluation.errors import PackEmptyError
from evaluation.packs.pack import Pack, PackQuestion
from evaluation.packs.report import refer_to_file

GRID_SIDE = 64
CANDIDATE_THRESHOLDS = 64
# Rows scored at a time: keeps the float32 copy of the targets at about 16 MB.
CHUNK = 1_000


@dataclass(frozen=True, eq=False)
class ConstantMask:
    """One mask for every image, on a grid that is stretched to the image's size.

    Attributes:
        cells: bool, (64, 64).
        threshold: cells whose mean coverage in train reaches it are marked; above 1 for the empty mask.
        train_giou: its gIoU on the questions that it was chosen on, 0..1.
    """

    cells: NDArray[np.bool_]
    threshold: float
    train_giou: float

    def segment(self, path: Path, questions: Sequence[str]) -> Iterable[NDArray[np.bool_]]:
        """Return the same mask for each question, bool, (height, width) of the image."""
        grid = refer_to_file(path).grid
        stretched = cv2.resize(self.cells.astype(np.uint8), (grid.width, grid.height), interpolation=cv2.INTER_NEAREST)
        return [stretched.astype(np.bool_)] * len(questions)


def fit_constant_mask(
    pack: Pack, questions: Sequence[PackQuestion], *, on_read: Callable[[], None] = lambda: None
) -> ConstantMask:
    """Return the constant mask with the best gIoU on `questions`.

    The candidates are the mean target cut at 64 thresholds, the full mask among them, and the empty mask.
    Agreement is measured on the grid, from the share of each cell that a target covers, so that small targets
    count with their size.

    Args:
        pack: where targets come from.
        questions: those to choose on, from train.
        on_read: called after each target is read, to show progress.

    Raises:
        PackEmptyError: there is no question.
    """
    if not questions:
        raise PackEmptyError(split="train")
    # float16: 18,000 targets take 147 MB; its error of 1/2048 of a cell does not move a threshold.
    coverage = np.empty((len(questions), GRID_SIDE, GRID_SIDE), dtype=np.float16)
    for row, question in enumerate(questions):
        coverage[row] = shrink_target(pack.load_target(question))
        on_read()
    mean = coverage.mean(axis=0, dtype=np.float64)
    thresholds = [*np.linspace(0.0, float(mean.max()), CANDIDATE_THRESHOLDS), np.inf]
    candidates = np.stack([mean >= threshold for threshold in thresholds])
    scores = _score_candidates(coverage, candidates)
    best = int(np.argmax(scores))
    return ConstantMask(cells=candidates[best], threshold=float(thresholds[best]), train_giou=float(scores[best]))


def shrink_target(target: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return the share of each cell of the grid that `target`, bool (H, W), covers; float32, (64, 64), 0..1."""
    shrunk = cv2.resize(target.astype(np.float32), (GRID_SIDE, GRID_SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(shrunk, dtype=np.float32)


def _score_candidates(coverage: NDArray[np.float16], candidates: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the gIoU of each candidate, (C, 64, 64), over the targets, (N, 64, 64); float64, (C,)."""
    flat = candidates.reshape(len(candidates), -1).astype(np.float32)  # (C, cells)
    marked = flat.sum(axis=1)  # (C,)
    total = np.zeros(len(candidates), dtype=np.float64)
    for start in range(0, len(coverage), CHUNK):
        targets = coverage[start : start + CHUNK].reshape(-1, GRID_SIDE * GRID_SIDE).astype(np.float32)  # (n, cells)
        intersection = targets @ flat.T  # (n, C)
        union = marked[None, :] + targets.sum(axis=1)[:, None] - intersection
        iou = np.where(union == 0, 1.0, intersection / (union + UNION_OFFSET))
        total += iou.sum(axis=0, dtype=np.float64)
    return total / len(coverage)
