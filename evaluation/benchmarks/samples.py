"""What the readers of published data sets have in common: a stream of samples, each with its target."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evaluation.errors import BenchmarkEmptyError, BenchmarkMissingError
from evaluation.spreading import spread_positions


class Split(StrEnum):
    """Part of a data set."""

    TRAIN = "train"
    VAL = "val"
    TEST = "test"


@dataclass(frozen=True, eq=False)
class BenchmarkSample:
    """An image, the questions about it and what they ask for.

    Attributes:
        id: unique in the split.
        image_path: where the image lies.
        questions: at least one; the published figures use the first alone.
        group: samples with the same group ask for the same target on the same image.
        load_target: returns the pixels to be marked, bool (H, W), at the label's own size.
    """

    id: str
    image_path: Path
    questions: tuple[str, ...]
    group: str
    load_target: Callable[[], NDArray[np.bool_]]


@dataclass(frozen=True, eq=False)
class Benchmark:
    """One split of a published data set.

    Attributes:
        name: as people write it, "EarthReason".
        split: which part.
        samples: at least one, those of a group one after the other.
        notes: sentences on what was done to read it.
    """

    name: str
    split: Split
    samples: tuple[BenchmarkSample, ...]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.samples:
            raise BenchmarkEmptyError(benchmark=self.name, split=self.split)

    def limit_to(self, count: int) -> "Benchmark":
        """Return at most `count` samples spread over the split; a larger count mostly adds to them."""
        kept = sorted(spread_positions(len(self.samples))[:count])
        return replace(self, samples=tuple(self.samples[position] for position in kept))


def find_layout(root: Path, *, benchmark: str, nested: str, marker: str) -> Path:
    """Return the data set's folder: `root` itself, or `nested` below it, whichever holds `marker`.

    Raises:
        BenchmarkMissingError: neither does.
    """
    for folder in (root, root / nested):
        if (folder / marker).exists():
            return folder
    raise BenchmarkMissingError(benchmark=benchmark, name=marker)


def keep_groups_together(samples: Sequence[BenchmarkSample]) -> tuple[BenchmarkSample, ...]:
    """Return the samples with those of a group one after the other, so that an image is encoded once."""
    groups: dict[str, list[BenchmarkSample]] = {}
    for sample in samples:
        groups.setdefault(sample.group, []).append(sample)
    return tuple(sample for group in groups.values() for sample in group)
