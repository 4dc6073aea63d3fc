"""One person at work on one mask, drawn at random: what was there before, and where the next click or box goes."""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from evaluation.clicking.simulated_clicks import WrongPart, find_wrong_parts, measure_depth, place_click
from serving.clicks import Box, Click
from serving.refinement.merging import merge_changes, obey_clicks
from training.refiner.kept_features import KeptImage

Pixels = NDArray[np.bool_]

_FROM_NOTHING, _FROM_ANSWER = 0.35, 0.45  # shares of the starts; the rest starts from the target, damaged
_BOX_SHARE = 0.2  # of the first prompts on something that is missing
_LARGEST_SHARE = 0.7  # of the prompts that go to the largest wrong part
_CENTRE_SHARE = 0.5  # of the clicks that go to its middle; the others lie somewhere in its inner half
_SMALLEST_PART = 4  # cells; less is an edge that nobody clicks on
_NEAR_CELLS = 8  # around a clicked part the target counts fully
_FORGOTTEN_SHARE = 0.3  # of the rounds that know the newest click alone


@dataclass(eq=False)
class Episode:
    """What one person wants and has done so far, in the cells of a window or of the square.

    Attributes:
        target: bool (H, W).
        prior: the mask before the newest prompt, bool (H, W).
        clicks: in cells.
        box: in cells, or None.
    """

    target: Pixels
    prior: Pixels
    clicks: list[Click] = field(default_factory=list)
    box: Box | None = None

    def prompt(self, rng: np.random.Generator, *, may_box: bool) -> None:
        """Add a click (or a box) on something that is wrong; on nothing, confirm a place that is right."""
        parts = [part for part in find_wrong_parts(self.prior, self.target) if part.size >= _SMALLEST_PART]
        if not parts:
            row, col = (int(rng.integers(0, side)) for side in self.target.shape)
            self.clicks.append(Click(col + 0.5, row + 0.5, is_positive=bool(self.target[row, col])))
            return
        part = parts[0] if rng.random() < _LARGEST_SHARE else parts[int(rng.integers(len(parts)))]
        if may_box and part.is_missing and rng.random() < _BOX_SHARE:
            self.box = _draw_box(part, rng)
        elif rng.random() < _CENTRE_SHARE:
            self.clicks.append(place_click(part))
        else:
            self.clicks.append(_draw_click(part, rng))

    def accept(self, proposal: Pixels, rng: np.random.Generator) -> None:
        """Take what was proposed as the product does; it is the next prior."""
        merged = merge_changes(self.prior, proposal, self.clicks, self.box)
        self.prior = obey_clicks(merged, self.clicks)
        self.box = None
        if rng.random() < _FORGOTTEN_SHARE:
            self.clicks = []

    def wanted(self) -> tuple[Pixels, Pixels]:
        """Return what should be drawn now, and where it counts fully; both bool (H, W).

        Near a part that was pointed at it is the target, elsewhere the prior: a click changes what it lies on.
        """
        pointed_at = np.zeros(self.target.shape, bool)
        for part in find_wrong_parts(self.prior, self.target):
            if any(click.is_positive == part.is_missing and part.pixels[click.row_col] for click in self.clicks):
                pointed_at |= part.pixels
        for click in self.clicks:
            pointed_at[click.row_col] = True
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _NEAR_CELLS + 1,) * 2)
        is_near = np.asarray(cv2.dilate(pointed_at.astype(np.uint8), kernel)).astype(bool)
        if self.box is not None:
            is_near[self.box.rows_cols] = True
        return np.where(is_near, self.target, self.prior), is_near

    def crop(self, row: int, col: int, cells: int) -> "Episode":
        """Return the episode in a window."""
        view = (slice(row, row + cells), slice(col, col + cells))
        return Episode(self.target[view].copy(), self.prior[view].copy())


def draw_episode(image: KeptImage, rng: np.random.Generator) -> Episode:
    """Return an episode on one of the image's targets, without prompts yet."""
    index = int(rng.integers(len(image.targets)))
    target, answer = image.targets[index], image.answers[index]
    start = rng.random()
    if start < _FROM_NOTHING:
        return Episode(_draw_part(target, rng), np.zeros_like(target))
    if start < _FROM_NOTHING + _FROM_ANSWER and answer.any():
        return Episode(target, answer.copy())
    return Episode(target, damage(target, rng))


def damage(target: Pixels, rng: np.random.Generator) -> Pixels:
    """Return `target` as a bad answer might be: parts lost, parts added, edges off."""
    damaged = target.copy()
    count, labels = cv2.connectedComponents(target.astype(np.uint8), connectivity=8)
    for label in range(1, count):
        if rng.random() < 0.3:
            damaged[labels == label] = False
    radius = int(rng.integers(-5, 6))
    if radius:
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * abs(radius) + 1,) * 2)
        damaged = np.asarray(
            (cv2.dilate if radius > 0 else cv2.erode)(damaged.astype(np.uint8), kernel), np.uint8
        ).astype(bool)
    drawn = damaged.astype(np.uint8)
    rows, cols = np.nonzero(target)
    for _ in range(int(rng.integers(0, 4))):
        # Half of the blots lie at the thing itself, the others anywhere.
        at = int(rng.integers(len(rows)))
        row, col = (rows[at], cols[at]) if rng.random() < 0.5 else (rng.integers(side) for side in target.shape)
        axes = (int(rng.integers(3, 25)), int(rng.integers(3, 25)))
        cv2.ellipse(drawn, (int(col), int(row)), axes, float(rng.uniform(0, 180)), 0, 360, int(rng.integers(2)), -1)
    return drawn.astype(bool)


def _draw_part(target: Pixels, rng: np.random.Generator) -> Pixels:
    """Return one connected part of the target, large enough to be clicked on where there is such a one."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(target.astype(np.uint8), connectivity=4)
    sizes = stats[1:, cv2.CC_STAT_AREA]
    eligible = np.flatnonzero(sizes >= min(_SMALLEST_PART, int(sizes.max()))) + 1
    return np.asarray(labels == rng.choice(eligible))


def _draw_click(part: WrongPart, rng: np.random.Generator) -> Click:
    depth = measure_depth(part.pixels)
    rows, cols = np.nonzero(depth >= depth.max() / 2)
    at = int(rng.integers(len(rows)))
    return Click(float(cols[at]) + rng.random(), float(rows[at]) + rng.random(), is_positive=part.is_missing)


def _draw_box(part: WrongPart, rng: np.random.Generator) -> Box:
    """Return a box around the part, each edge off by up to a tenth of its size."""
    rows, cols = np.nonzero(part.pixels)
    height, width = part.pixels.shape
    top, bottom, left, right = int(rows.min()), int(rows.max()) + 1, int(cols.min()), int(cols.max()) + 1
    slack_y, slack_x = 1 + 0.1 * (bottom - top), 1 + 0.1 * (right - left)
    return Box(
        left=max(0.0, left - rng.random() * slack_x),
        top=max(0.0, top - rng.random() * slack_y),
        right=min(float(width), right + rng.random() * slack_x),
        bottom=min(float(height), bottom + rng.random() * slack_y),
    )
