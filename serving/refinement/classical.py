"""Clicks without a learned refiner: a graph cut over colours, seeded by the clicks and the prior mask.

Source: GrabCut (Rother et al., 2004) as OpenCV has it; what is a seed and what is a guess is ours.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from serving.clicks import Box, Click
from serving.grid import Grid
from serving.refinement.click_window import choose_window
from serving.refinement.merging import merge_changes, obey_clicks

_WINDOW_SIDE = 384  # native pixels around the clicks that are looked at
_MARGIN = 112  # native pixels at least between a click and the window's edge
_WORKING_SIDE = 176  # longer side at which the cut is made: about 60 ms for two rounds on one core
_SEED_RADIUS = 2  # working pixels around a click that are certain
_ROUNDS = 2
_MIN_SAMPLES = 24  # pixels that each of the two colour models needs
_SPREAD_FLOOR = 9.0  # smallest standard deviation (of 255) that a colour near the click is taken to have
_REACH = 0.3  # share of the working side at which a positive click's guess has faded


def refine_classically(
    rgb: NDArray[np.uint8],
    prior: NDArray[np.bool_],
    clicks: Sequence[Click],
    box: Box | None,
) -> NDArray[np.bool_]:
    """Return the prior, changed as the clicks and the box ask.

    Args:
        rgb: the rendering, uint8 (H, W, 3).
        prior: the mask before, bool (H, W).
        clicks: inside the image; at least one, unless there is a box.
        box: clipped to the image, or None.

    Returns:
        bool (H, W); each positive click inside, each negative one outside, unchanged far from all of them.
    """
    grid = Grid(height=prior.shape[0], width=prior.shape[1])
    window = choose_window(grid, clicks, box, side=_WINDOW_SIDE, margin=_MARGIN)
    near_clicks = [window.shift_click(click) for click in clicks]
    near_box = None if box is None else window.shift_box(box)
    near_prior = window.crop(prior)
    proposal = _propose(window.crop(rgb), near_prior, near_clicks, near_box)
    merged = prior.copy()
    window.crop(merged)[...] = merge_changes(near_prior, proposal, near_clicks, near_box)
    return obey_clicks(merged, clicks)


def _propose(
    rgb: NDArray[np.uint8], prior: NDArray[np.bool_], clicks: Sequence[Click], box: Box | None
) -> NDArray[np.bool_]:
    """Return the cut of one window, bool (H, W)."""
    height, width = prior.shape
    scale = min(1.0, _WORKING_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.GaussianBlur(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), (3, 3), 0)
    small_prior = cv2.resize(prior.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST).astype(bool)
    ratio = (size[0] / width, size[1] / height)
    places = [(int(click.x * ratio[0]), int(click.y * ratio[1]), click.is_positive) for click in clicks]
    labels = _guess(np.asarray(small, np.uint8), small_prior, places)
    if box is not None:
        inside = np.zeros(labels.shape, bool)
        rows, cols = Box(box.left * ratio[0], box.top * ratio[1], box.right * ratio[0], box.bottom * ratio[1]).rows_cols
        inside[rows, cols] = True
        labels[inside & ~small_prior] = cv2.GC_PR_FGD
        # What surrounds the box shows what the thing is not.
        labels[~inside & (labels == cv2.GC_PR_BGD)] = cv2.GC_BGD
    for x, y, is_positive in places:
        cv2.circle(labels, (x, y), _SEED_RADIUS, cv2.GC_FGD if is_positive else cv2.GC_BGD, thickness=-1)
    cut = _cut(np.asarray(small, np.uint8), labels)
    return cv2.resize(cut.astype(np.uint8), (width, height), interpolation=cv2.INTER_LINEAR).astype(bool)


def _guess(
    small: NDArray[np.uint8], prior: NDArray[np.bool_], places: Sequence[tuple[int, int, bool]]
) -> NDArray[np.uint8]:
    """Return GrabCut's labels: the prior as a guess, corrected by colour and nearness around each click."""
    labels = np.where(prior, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB).astype(np.float32)
    rows, cols = np.mgrid[: labels.shape[0], : labels.shape[1]].astype(np.float32)
    reach = _REACH * max(labels.shape)
    for x, y, is_positive in places:
        patch = lab[max(0, y - 3) : y + 4, max(0, x - 3) : x + 4].reshape(-1, 3)
        spread = np.maximum(patch.std(axis=0), _SPREAD_FLOOR)
        colour = (((lab - np.median(patch, axis=0)) / spread) ** 2).mean(axis=2)
        nearness = ((rows - y) ** 2 + (cols - x) ** 2) / reach**2
        alike = (colour + nearness * 4) < 4
        labels[alike & (prior != is_positive)] = cv2.GC_PR_FGD if is_positive else cv2.GC_PR_BGD
    return labels


def _cut(small: NDArray[np.uint8], labels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return foreground, bool; the labels themselves where one side has too few pixels for a colour model."""
    foreground: NDArray[np.bool_] = (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)
    if min(np.count_nonzero(foreground), np.count_nonzero(~foreground)) < _MIN_SAMPLES:
        return foreground
    # OpenCV draws the start of its colour clusters from one generator per thread.
    cv2.setRNGSeed(0)
    result, _, _ = cv2.grabCut(
        np.ascontiguousarray(small[:, :, ::-1]),
        labels.copy(),
        (0, 0, 0, 0),  # no rectangle: the labels say it all
        np.zeros((1, 65)),
        np.zeros((1, 65)),
        _ROUNDS,
        cv2.GC_INIT_WITH_MASK,
    )
    return np.asarray((result == cv2.GC_FGD) | (result == cv2.GC_PR_FGD))
