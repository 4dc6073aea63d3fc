"""Teaches the place prior which words mean a part of the image, from texts alone.

Where a data set asks for what is in a half or a quarter of the image, the question's words must say so; all other
questions mean the whole image. The masks then go on learning with it.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from serving.model.segearth import SegEarth
from training.descriptions import DescriptionTable
from training.parts import WHOLE, PartBox
from training.samples import ImageSample
from training.wording import mirror_all_ways

_CELLS = 16  # along each axis
_STEPS = 1500
_TEXTS_A_STEP = 64  # of those that mean a part, and as many of the others
_LEARNING_RATE = 1e-3
_WEIGHT_DECAY = 1e-2


def fit_place_prior(
    model: SegEarth,
    table: DescriptionTable,
    samples: Sequence[ImageSample],
    others: Mapping[str, PartBox] | None = None,
    *,
    seed: int,
) -> float:
    """Fit the prior's bands to the texts of train; without a text that means a part, nothing is done.

    Args:
        model: with a place prior, which is changed.
        table: descriptions of every text, mirrored ones included.
        samples: training images.
        others: other texts, with the part of the image that each means.
        seed: of the texts that are drawn.

    Returns:
        Cross-entropy over the last tenth of the steps; NaN where nothing was done.
    """
    prior = model.place_prior
    if prior is None:
        raise ValueError("the model has no place prior")
    bands = {**{text: _bands(box) for text, box in (others or {}).items()}, **collect_bands(samples)}
    means_part = [text for text, band in bands.items() if not bool(band.all())]
    means_all = [text for text, band in bands.items() if bool(band.all())]
    if not means_part or not means_all:
        return float("nan")
    generator = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.AdamW(prior.parameters(), lr=_LEARNING_RATE, weight_decay=_WEIGHT_DECAY)
    losses = []
    for step in range(_STEPS):
        texts = [*_draw(means_part, generator), *_draw(means_all, generator)]
        with torch.no_grad():
            described = model.projector.standardise(table.look_up([texts], turn=step))
        scores = torch.cat(prior.score_bands(described[0], _CELLS, _CELLS), -1)
        loss = functional.binary_cross_entropy_with_logits(scores, torch.stack([bands[text] for text in texts]).float())
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    last = losses[-_STEPS // 10 :]
    return sum(last) / len(last)


def collect_bands(samples: Sequence[ImageSample]) -> dict[str, Tensor]:
    """Return which rows and columns each text means, bool (2 · cells), rows first; mirrored texts included.

    Questions for what is not there are left out, and those for a part that nobody said which it is.
    """
    bands: dict[str, Tensor] = {}
    for question in (question for sample in samples for question in sample.questions):
        if question.kind == "negative" or (question.kind == "region" and question.part_xyxy is None):
            continue
        meant = _bands(question.part_xyxy or WHOLE)
        if question.is_of_whole_class:
            bands[question.text] = meant
            continue
        rows, columns = meant.chunk(2)
        for text, left_right, top_bottom in mirror_all_ways(question.text):
            bands[text] = torch.cat([rows.flip(0) if top_bottom else rows, columns.flip(0) if left_right else columns])
    return bands


def _bands(box: PartBox) -> Tensor:
    """Return rows and columns of a part of the image, bool (2 · cells)."""
    left, top, right, bottom = box
    return torch.cat([_band(top, bottom), _band(left, right)])


def _band(first: float, last: float) -> Tensor:
    middles = (torch.arange(_CELLS) + 0.5) / _CELLS
    return (middles > first) & (middles < last)


def _draw(texts: Sequence[str], generator: torch.Generator) -> list[str]:
    return [texts[index] for index in torch.randint(len(texts), (_TEXTS_A_STEP,), generator=generator).tolist()]
