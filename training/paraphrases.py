"""Wordings of our own for each class, beside those that a data set asks in.

People ask in words that no data set has. `paraphrases.json` holds frames of requests ("Mark every {s} you can find."),
names for each class to put into them, names of wider or neighbouring classes that are true of it also (what a data set
labels as flood water is water, seen by another sensor than its lakes), and questions that mean a class without naming
it; its frames for a part of the image are those of `training.parts`. Whoever wrote them saw neither the data sets nor
the wordings that are kept for measuring, except for the names that are true also, which follow from what each labels.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import cycle
from typing import Any

import numpy as np

_IMPLIED_SHARE = 0.5


@dataclass(frozen=True)
class ClassWordings:
    """What asks for all of one class, wherever it lies.

    Attributes:
        named: say what is asked for.
        implied: mean it by its use, its parts or the people who need it; may be empty.
    """

    named: tuple[str, ...]
    implied: tuple[str, ...]

    def draw(self, rng: np.random.Generator) -> str:
        """Draw a wording; half of them name the class, if there are others at all."""
        is_implied = bool(self.implied) and rng.random() < _IMPLIED_SHARE
        texts = self.implied if is_implied else self.named
        return texts[int(rng.integers(len(texts)))]


def load_wordings(class_names: Collection[str]) -> dict[str, ClassWordings]:
    """Return the wordings of those of `class_names` that there are names for.

    Every other frame serves a class, the others the next one, each with one of the class's names in turn, and once more
    with one of the names that are true of it also.
    """
    stored = load_stored()
    wordings = {}
    for index, (class_name, names) in enumerate(stored["names"].items()):
        if class_name not in class_names:
            continue
        frames = stored["frames"][index % 2 :: 2]
        named = _fill_frames(frames, names)
        if class_name in stored["also"]:
            named += _fill_frames(frames, stored["also"][class_name])
        wordings[class_name] = ClassWordings(
            named=tuple(dict.fromkeys(named)),
            implied=tuple(stored["implied"].get(class_name, ())),
        )
    return wordings


def _fill_frames(frames: Sequence[str], names: Mapping[str, Sequence[str]]) -> list[str]:
    pairs = list(zip(names["singular"], names["plural"], strict=True))
    return [
        fill_frame(frame, s=singular, P=plural) for frame, (singular, plural) in zip(frames, cycle(pairs), strict=False)
    ]


def load_stored() -> dict[str, Any]:
    """Return both kinds of frames, names of each class and questions that imply it, as they are stored."""
    stored: dict[str, Any] = json.loads(files("training").joinpath("paraphrases.json").read_text(encoding="utf-8"))
    return stored


def list_texts(wordings: Mapping[str, ClassWordings]) -> list[str]:
    """Return every text of several classes once, sorted."""
    return sorted({text for of_class in wordings.values() for text in (*of_class.named, *of_class.implied)})


def fill_frame(frame: str, **words: str) -> str:
    """Return a frame's sentence with `words` in their places, capitalised unless the frame begins in lower case."""
    text = frame.format(**words)
    return text if frame[0].islower() else text[0].upper() + text[1:]
