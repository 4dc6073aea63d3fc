"""Words for a comparison; every number in them is measured."""

from pathlib import Path

import numpy as np
import pytest

from assistant.comparison_answering import describe_comparison, describe_fate, describe_picked
from assistant.image_comparing import ImageComparison
from assistant.image_pairs import ImagePair, Search
from assistant.masks.comparison import Fate, compare_masks
from assistant.measuring import measure_facts
from assistant.operations import BySize, Keep
from assistant.planning import Outcome, Plan
from serving.grid import Grid
from serving.image_ref import ImageRef
from serving.imagery.registration import Basis
from serving.mask import Mask
from serving.prediction import Prediction

PLACED = Grid(10, 10, (2.0, 0.0, 5e5, 0.0, -2.0, 5e6), "a CRS", (2.0, 2.0))
PLAIN = Grid(10, 10)


def outcome(pixels: np.ndarray, grid: Grid, score: float) -> Outcome:
    mask = Mask(pixels, grid)
    logits = np.where(pixels, np.float32(1), np.float32(-1))
    prediction = Prediction(mask, logits, score, bool(pixels.any()), {}, "d")
    return Outcome(Plan("q", None, ()), prediction, mask, (), {})


def say(
    *,
    before: slice = slice(0, 0),
    after: slice = slice(0, 0),
    known: int = 100,
    grids: tuple[Grid, Grid] = (PLACED, PLACED),
    basis: Basis = Basis.SAME_GRID,
    operations: tuple[Keep, ...] = (),
    score: float = 0.9,
) -> str:
    """Return the answer to what is new where masks take some of the pixels, counted row by row."""
    flat = np.zeros((2, 100), dtype=np.bool_)
    flat[0, before] = flat[1, after] = True
    was, now = flat[0].reshape(10, 10), flat[1].reshape(10, 10)
    shows = (np.arange(100) < known).reshape(10, 10)
    comparison = compare_masks(Mask(was, grids[1]), Mask(now, grids[1]), shows)
    refs = [
        ImageRef(name, Path(name), Path(name), grid, name, "PNG")
        for name, grid in zip(("a.tif", "b.tif"), grids, strict=True)
    ]
    compared = ImageComparison(outcome(was, grids[0], score), outcome(now, grids[1], 0.95), basis, comparison)
    facts = {fate: measure_facts(comparison.select((fate,))) for fate in Fate}
    search = Search("the ponds", Plan("q", None, operations))
    pair = ImagePair(refs[0], refs[1], (1, 3))
    return " ".join(describe_comparison(search, pair, compared, facts, (Fate.ADDED,)))


def test_what_was_asked_for_comes_first_with_count_share_and_area() -> None:
    assert say(before=slice(0, 20), after=slice(10, 50)) == (
        "Compared “the ponds” in image 1 (“a.tif”) and image 3 (“b.tif”). "
        "Added: one area, 30% of the image, about 120 m². Removed: one area, 10% of the image, about 40 m². "
        "Unchanged: one area, 10% of the image, about 40 m². The model is sure of this."
    )


def test_ground_that_the_other_image_does_not_show_is_said_and_counts_for_nothing() -> None:
    said = say(after=slice(0, 100), known=80)
    assert "Added: one area, 80% of the image" in said
    assert "20% of image 3 lies outside image 1: what was there is not known, and is left out." in said


@pytest.mark.parametrize(
    ("grids", "words"),
    [
        ((PLAIN, PLAIN), "The images do not say where they lie; both are of one size, so they are taken to be the"),
        ((PLACED, PLAIN), "Image 3 does not say where it lies; both are of one size"),
        ((PLAIN, PLACED), "Image 1 does not say where it lies; both are of one size"),
    ],
)
def test_what_is_taken_on_trust_is_said(grids: tuple[Grid, Grid], words: str) -> None:
    said = say(after=slice(0, 9), grids=grids, basis=Basis.ASSUMED)
    assert words in said
    assert ("m²" in said) is (grids[1] is PLACED)


def test_nothing_in_either_image_is_said_once() -> None:
    said = say()
    assert "Nothing that matches was found in either of them, so there is nothing to compare." in said
    assert "Added" not in said


def test_the_less_certain_mask_counts_and_steps_are_named() -> None:
    said = say(after=slice(0, 9), score=0.5, operations=(Keep(BySize()),))
    assert "“the ponds” (only the largest) in image 1" in said
    assert "The model is not sure of this" in said


def test_a_picked_part_says_what_it_is() -> None:
    pixels = np.zeros((10, 10), np.bool_)
    pixels[:2, :5] = pixels[5:8, :5] = True
    facts = measure_facts(Mask(pixels, PLACED))
    fates = (Fate.ADDED, Fate.REMOVED)
    assert describe_picked(fates, facts) == (
        "Marked only what is added and removed: 2 separate areas, 25% of the image, about 100 m².",
    )
    assert describe_fate(measure_facts(Mask(np.zeros((2, 2), np.bool_), Grid(2, 2)))) == "nothing"
