"""Answers drawn at random, failures included: the image, what was marked, what was asked for.

Pictures that are shown in public come only from sources whose licence lets them be passed on; a data folder says so in
its LICENSES.md.
"""

import re
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evaluation.contact_sheet import Cell
from evaluation.errors import PackEmptyError, PackMissingError
from evaluation.metrics import score_answer
from evaluation.overlays import AGREED, MISSED, tint
from evaluation.packs.pack import Pack, PackQuestion
from evaluation.packs.report import Segmenter
from evaluation.pictures import read_rgb

LICENCES = "LICENSES.md"
_SOURCE = re.compile(r"`([a-z0-9_]+)`")


def read_redistributable(root: Path) -> frozenset[str]:
    """Return the sources whose images may be passed on: rows of the table that say "yes" in their last column.

    "Likely", "unclear" and a "yes" for annotations alone are not enough.

    Raises:
        PackMissingError: the folder has no LICENSES.md.
    """
    try:
        text = (root / LICENCES).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise PackMissingError(name=LICENCES) from error
    sources: set[str] = set()
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) > 1 and re.match(r"yes\b", cells[-1].lower()):
            sources.update(_SOURCE.findall(cells[0]))
    return frozenset(sources)


def draw_examples(
    pack: Pack, split: str, sources: Collection[str], *, count: int, seed: int
) -> tuple[PackQuestion, ...]:
    """Return questions about `count` images, one each, all drawn at random.

    Raises:
        PackEmptyError: there is no such question.
    """
    questions = pack.select_questions(split, sources=sources) if sources else ()
    if not questions:
        raise PackEmptyError(split=split)
    by_image: dict[str, list[PackQuestion]] = {}
    for question in questions:
        by_image.setdefault(question.image, []).append(question)
    rng = np.random.default_rng(seed)
    drawn = [list(by_image.values())[position] for position in rng.permutation(len(by_image))[:count]]
    return tuple(of_image[rng.integers(len(of_image))] for of_image in drawn)


def answer_examples(pack: Pack, questions: Sequence[PackQuestion], segment: Segmenter) -> list[Cell]:
    """Return for each question the image, the answer and the target, with the words and the IoU."""
    cells = []
    for question in questions:
        path = pack.image_path(question)
        (answer,) = segment(path, [question.question])
        target = pack.load_target(question)
        rgb = read_rgb(path)
        pictures = (rgb, tint(rgb, answer, AGREED), tint(rgb, target, MISSED))
        cells.append(Cell(pictures, f"“{question.question}” {describe_score(answer, target)}"))
    return cells


def describe_score(answer: NDArray[np.bool_], target: NDArray[np.bool_]) -> str:
    """Return how good an answer, bool (H, W), is in a few words."""
    if not target.any():
        return "Not there; something marked." if answer.any() else "Not there; nothing marked."
    if not answer.any():
        return "Nothing marked: IoU 0.00."
    return f"IoU {score_answer(answer, target).agreement.iou:.2f}."
