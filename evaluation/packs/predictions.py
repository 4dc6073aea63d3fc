"""Answer a pack's questions with masks that another system wrote, found by the question's id."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evaluation.benchmarks.predictions import Predictions, fit_to_grid
from evaluation.errors import PredictionMissingError
from evaluation.packs.pack import Pack, PackQuestion
from evaluation.packs.report import Segmenter
from evaluation.pictures import read_size
from evaluation.scoring_grid import ScoringGrid


def segment_from_predictions(predictions: Predictions, pack: Pack, questions: Sequence[PackQuestion]) -> Segmenter:
    """Return a segmenter that looks its answers up.

    Args:
        predictions: the masks, each of its image's size.
        pack: where the images are.
        questions: what will be asked, all questions of an image in one call.

    Raises:
        PredictionMissingError: some questions have no mask.
    """
    missing = [question.id for question in questions if predictions.find([question.id]) is None]
    if missing:
        raise PredictionMissingError(missing=len(missing), total=len(questions), first=missing[0])
    by_image: dict[Path, list[str]] = {}
    for question in questions:
        by_image.setdefault(pack.image_path(question), []).append(question.id)

    def segment(path: Path, texts: Sequence[str]) -> Iterable[NDArray[np.bool_]]:
        size = read_size(path)
        for name, _ in zip(by_image[path], texts, strict=True):
            yield fit_to_grid(predictions.load(name), name=name, size=size, grid=ScoringGrid.NATIVE)

    return segment
