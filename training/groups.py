"""Several classes under one word: who asks for the courts means tennis courts and basketball courts alike."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from assistant.routing.decomposition import ask_for_all
from evaluation.packs.pack import decode_rle
from training.samples import ImageSample, QuestionSample, SampleTarget

_GROUPS: Mapping[str, tuple[str, ...]] = {
    "court": ("tennis_court", "basketball_court"),
    "sports_ground": ("tennis_court", "basketball_court", "baseball_diamond", "ground_track_field"),
}
_NAMES: Mapping[str, str] = {"court": "courts", "sports_ground": "sports grounds"}


def label_groups(labels: Mapping[str, SampleTarget | None]) -> dict[str, SampleTarget | None]:
    """Return where the groups lie, None where all of their classes are absent; only those that are wholly known.

    Args:
        labels: what is known of the classes; see `training.absences.find_labels`.
    """
    grouped: dict[str, SampleTarget | None] = {}
    for group, members in _GROUPS.items():
        if all(member in labels for member in members):
            parts = [part for member in members if (part := labels[member]) is not None]
            grouped[group] = partial(_join, parts) if parts else None
    return grouped


def ask_for_groups(sample: ImageSample, labels: Mapping[str, SampleTarget | None]) -> ImageSample:
    """Return the image with one question more for each group of which something is there.

    Args:
        sample: an image.
        labels: what is known of it, groups among it.
    """
    questions = tuple(
        QuestionSample(f"{sample.id}/{group}", ask_for_all(name), "class", target, class_name=group)
        for group, name in _NAMES.items()
        if (target := labels.get(group)) is not None
    )
    return replace(sample, questions=(*sample.questions, *questions))


def _join(parts: Sequence[SampleTarget]) -> NDArray[np.bool_]:
    masks = [part() if callable(part) else decode_rle(part) for part in parts]
    joined: NDArray[np.bool_] = np.logical_or.reduce(masks)
    return joined
