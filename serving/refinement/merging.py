"""Takes from a proposed mask what the clicks ask for, and leaves the rest of the prior mask as it is."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from serving.clicks import Box, Click

_KEPT_LOGIT = np.float32(1.0)  # 73 %: of what was decided against the refiner, or without it
_FORCED_SHARE = 0.006  # radius of what a click decides by itself, as a share of the image's longer side


def merge_changes(
    prior: NDArray[np.bool_],
    proposal: NDArray[np.bool_],
    clicks: Sequence[Click],
    box: Box | None,
) -> NDArray[np.bool_]:
    """Return the prior with those changes that somebody pointed at.

    A change is a connected group of pixels, all added or all removed. It is taken when a click of its sign lies in
    it, or when it lies in the box; of a change that the box cuts, the part inside is taken.

    Args:
        prior: the mask before, bool (H, W).
        proposal: the mask that the refiner would draw, bool (H, W).
        clicks: inside the image.
        box: clipped to the image, or None.

    Source: the progressive merge of FocalClick (arXiv 2204.02574), without its limit on size.
    """
    merged = prior.copy()
    for is_positive in (True, False):
        changed = (proposal & ~prior) if is_positive else (prior & ~proposal)
        rows_cols = {click.row_col for click in clicks if click.is_positive == is_positive}
        seeds = [place for place in rows_cols if changed[place]]
        if not seeds:
            continue
        _, labels = cv2.connectedComponents(changed.astype(np.uint8), connectivity=4)
        wanted = np.unique([labels[place] for place in seeds])
        merged[np.isin(labels, wanted)] = is_positive
    if box is not None:
        merged[box.rows_cols] = proposal[box.rows_cols]
    return merged


def find_unmet(mask: NDArray[np.bool_], clicks: Sequence[Click]) -> list[Click]:
    """Return the clicks that `mask` goes against."""
    return [click for click in clicks if bool(mask[click.row_col]) != click.is_positive]


def measure_forced_radius(height: int, width: int) -> int:
    """Return how far, in pixels, a click decides by itself in an image of that size."""
    return max(1, round(_FORCED_SHARE * max(height, width)))


def obey_clicks(mask: NDArray[np.bool_], clicks: Sequence[Click]) -> NDArray[np.bool_]:
    """Return `mask` with a small disc changed around each click that it goes against.

    Every click's own pixel is right afterwards; of two clicks on one pixel the later one counts.
    """
    unmet = find_unmet(mask, clicks)
    if not unmet:
        return mask
    drawn = mask.astype(np.uint8)
    radius = measure_forced_radius(mask.shape[0], mask.shape[1])
    for click in unmet:
        row, col = click.row_col
        cv2.circle(drawn, (col, row), radius, int(click.is_positive), thickness=-1)
    for click in clicks:
        drawn[click.row_col] = click.is_positive
    return drawn.astype(bool)


def agree_with_mask(logits: NDArray[np.float32], mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return `logits`, (H, W), made positive inside `mask` and negative outside where they are not."""
    decided = np.where(mask, _KEPT_LOGIT, -_KEPT_LOGIT)
    return np.where((logits > 0) == mask, np.where(logits == 0, decided, logits), decided)
