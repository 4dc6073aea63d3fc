"""Teaches the projector that all names of a class mean the same, from words and the coarsest features alone.

A mask follows from the query, and words come in by the query alone. Learned from masks, a name is asked for a dozen
times in an hour; here thousands of names and wordings are asked for in two minutes, since what the query of a name
should be is known: the mean of those that the data set's own wordings of the class give in the same image. All else
that can be asked keeps the query that it has.
"""

import copy
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from rich.progress import track
from torch import Tensor

from evaluation.pictures import read_rgb
from serving.model.normalisation import fit_pictures
from serving.model.segearth import SegEarth
from training.absences import asks_anywhere, find_labels
from training.descriptions import DescriptionTable
from training.half_precision import autocast_on_cpu
from training.paraphrases import ClassWordings
from training.samples import ImageSample

_LEARNING_RATE = 4e-4
_WARMUP_STEPS = 50
_IMAGES_A_STEP = 8
_NAMES = 32  # asked for in each of them
_OTHERS = 48
_OTHERS_WEIGHT = 2.0
_PLAIN_SHARE = 0.6  # of the names in the plain wording, the others in frames
_OWN_WORDINGS = 24  # of a class, whose mean is the target
_SMALLEST_SPREAD = 1e-3


@dataclass(frozen=True)
class _Image:
    """An image while names are taught.

    Attributes:
        res5: its coarsest features, float32 (1, C, H/32, W/32).
        there: names of the classes that it has.
        absent: of those that it is known to lack.
        names: class -> what may be asked for it here, plain and in frames.
        targets: class -> the query that all of its names should have, (query_dim,).
    """

    res5: Tensor
    there: Sequence[str]
    absent: Sequence[str]
    names: Mapping[str, tuple[Sequence[str], Sequence[str]]]
    targets: Mapping[str, Tensor]


def teach_names(
    model: SegEarth,
    table: DescriptionTable,
    samples: Sequence[ImageSample],
    wordings: Mapping[str, ClassWordings],
    others: Sequence[Sequence[str]],
    *,
    seed: int,
    images: int = 300,
    steps: int = 2400,
) -> tuple[float, float]:
    """Change the projector so that names of a class have one query, and leave everything else as it is.

    Args:
        model: trained; of it the projector is changed, and it is left in evaluation mode.
        table: descriptions of every text.
        samples: training images.
        wordings: names of each class, plain and in frames; what implies a class without naming it is not touched.
        others: lists of texts that keep their queries; as many are drawn from each.
        seed: of the images and texts that are drawn.
        images: how many to look at.
        steps: optimiser steps.

    Returns:
        The mean squared distance of names to their targets and of others to what they were, both over the last tenth
        of the steps, in shares of the targets' variance.
    """
    rng = np.random.default_rng(seed)
    model.eval()
    student, teacher = model.projector, copy.deepcopy(model.projector).requires_grad_(False)
    own = find_own_wordings(samples, wordings)
    classes_of = _find_classes(wordings)
    chosen = rng.choice(len(samples), min(images, len(samples)), replace=False)
    looked_at = [
        _look_at(model, samples[index], partial(_describe, table, place), own, wordings, classes_of)
        for place, index in enumerate(chosen.tolist())
    ]
    looked_at = [image for image in looked_at if image.names]
    if not looked_at:
        raise ValueError("of no image is it known which classes it has")
    spread = torch.stack([target for image in looked_at for target in image.targets.values()]).std(0, correction=0)
    spread = spread.clamp_min(_SMALLEST_SPREAD)
    optimiser = torch.optim.AdamW(student.parameters(), lr=_LEARNING_RATE, weight_decay=0.0)
    distances = []
    for step in track(range(steps), description="Teaching names"):
        warm = min(1.0, (step + 1) / _WARMUP_STEPS)
        for group in optimiser.param_groups:
            group["lr"] = _LEARNING_RATE * warm * 0.5 * (1 + np.cos(np.pi * step / steps))
        batch = [looked_at[index] for index in rng.choice(len(looked_at), _IMAGES_A_STEP).tolist()]
        res5 = torch.cat([image.res5 for image in batch])
        asked = [_draw_names(image, rng) for image in batch]
        kept = [[_draw(others[place % len(others)], rng) for place in range(_OTHERS)] for _ in batch]
        targets = torch.stack(
            [
                torch.stack([image.targets[class_name] for class_name, _ in row])
                for image, row in zip(batch, asked, strict=True)
            ]
        )
        named = table.look_up([[text for _, text in row] for row in asked], turn=step)
        other = table.look_up(kept, turn=step)
        with torch.no_grad():
            before = teacher(other, res5)
        of_names = ((student(named, res5) - targets) / spread).square().mean()
        of_others = ((student(other, res5) - before) / spread).square().mean()
        optimiser.zero_grad(set_to_none=True)
        (of_names + _OTHERS_WEIGHT * of_others).backward()
        optimiser.step()
        distances.append((float(of_names.detach()), float(of_others.detach())))
    last = np.mean(distances[-max(1, steps // 10) :], axis=0)
    return float(last[0]), float(last[1])


def find_own_wordings(samples: Sequence[ImageSample], class_names: Collection[str]) -> dict[str, list[str]]:
    """Return the texts by which the data asks for all of each class, sorted.

    Where it names the class, those alone; for a class that is nowhere, what asks for it in vain.
    """
    naming: dict[str, set[str]] = {}
    asking: dict[str, set[str]] = {}
    for question in (question for sample in samples for question in sample.questions):
        if question.class_name in class_names and asks_anywhere(question):
            asking.setdefault(question.class_name, set()).add(question.text)
            if question.kind == "class":
                naming.setdefault(question.class_name, set()).add(question.text)
    return {class_name: sorted(texts) for class_name, texts in (asking | naming).items()}


def _describe(table: DescriptionTable, turn: int, texts: Sequence[str]) -> Tensor:
    return table.look_up([texts], turn=turn)


@torch.no_grad()
def _look_at(
    model: SegEarth,
    sample: ImageSample,
    describe: Callable[[Sequence[str]], Tensor],
    own: Mapping[str, Sequence[str]],
    wordings: Mapping[str, ClassWordings],
    classes_of: Mapping[str, set[str]],
) -> _Image:
    with autocast_on_cpu():
        res5 = model.encode_pixels(fit_pictures([read_rgb(sample.path)], model.config)).res5.float()
    is_there = {name: target is not None for name, target in find_labels(sample).items()}

    def is_clear(class_name: str, text: str) -> bool:
        # "Segment all the trees." has several meanings: it asks for nothing only where all of them are absent.
        return is_there[class_name] or all(is_there.get(one) is False for one in classes_of[text])

    names = {
        class_name: (
            [text for text in wordings[class_name].plain if is_clear(class_name, text)],
            [text for text in wordings[class_name].named if is_clear(class_name, text)],
        )
        for class_name in is_there
        if class_name in own
    }
    names = {class_name: both for class_name, both in names.items() if all(both)}
    return _Image(
        res5,
        there=[name for name in names if is_there[name]],
        absent=[name for name in names if not is_there[name]],
        names=names,
        targets={name: model.projector(describe(_spread_out(own[name])), res5)[0].mean(0) for name in names},
    )


def _spread_out(texts: Sequence[str]) -> Sequence[str]:
    """Return at most `_OWN_WORDINGS` of the texts, evenly from all over the list."""
    return texts[:: max(1, len(texts) // _OWN_WORDINGS)][:_OWN_WORDINGS]


def _find_classes(wordings: Mapping[str, ClassWordings]) -> dict[str, set[str]]:
    """Return the classes that each text may mean."""
    classes: dict[str, set[str]] = {}
    for class_name, of_class in wordings.items():
        for text in (*of_class.plain, *of_class.named):
            classes.setdefault(text, set()).add(class_name)
    return classes


def _draw_names(image: _Image, rng: np.random.Generator) -> list[tuple[str, str]]:
    """Return classes and texts that name them, half of them of what is there where something is."""
    drawn = []
    for _ in range(_NAMES):
        asks_for_absent = image.absent and (not image.there or rng.random() < 0.5)
        class_name = _draw(image.absent if asks_for_absent else image.there, rng)
        plain, framed = image.names[class_name]
        drawn.append((class_name, _draw(plain if rng.random() < _PLAIN_SHARE else framed, rng)))
    return drawn


def _draw(texts: Sequence[str], rng: np.random.Generator) -> str:
    return texts[int(rng.integers(len(texts)))]
