"""Wordings of our own for each class, beside those that a data set asks in.

People ask in words that no data set has. `paraphrases.json` holds frames of requests ("Mark every {s} you can find."),
names for each class to put into them, names that are true of it also, and questions that mean a class without naming
it; its frames for a part of the image are those of `training.parts`. True also are names of wider or neighbouring
classes (what a data set labels as flood water is water, seen by another sensor than its lakes), and of kinds that no
label tells apart (a river is water, and whoever asks for rivers is served better by all water than by nothing).
Whoever wrote them saw neither the data sets nor the wordings that are kept for measuring, except for the names that
are true also, which follow from what each labels.

"later_frames" and "everyday_names" are for models alone: what reads picks (`training.reading`) learns from the others,
since with them it read 81 of 100 free wordings instead of 82, and took two of sixty questions for picks.

Every name is asked for in one plain wording besides, into which the assistant puts each plain wish for all of a class
(`assistant.routing.whole_class`): a model that grew sure of what is not there is deaf to a name that it was never told.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import cycle
from typing import Any

import numpy as np

from assistant.routing.decomposition import ask_for_all

_IMPLIED_SHARE = 0.5
_PLAIN_SHARE = 0.5


@dataclass(frozen=True)
class ClassWordings:
    """What asks for all of one class, wherever it lies.

    Attributes:
        plain: each name in one and the same wording.
        named: say what is asked for, in many wordings.
        implied: mean it by its use, its parts or the people who need it; may be empty.
    """

    plain: tuple[str, ...]
    named: tuple[str, ...]
    implied: tuple[str, ...]

    def draw(self, rng: np.random.Generator) -> str:
        """Draw a wording; half of them name the class, if there are others at all, half of these plainly."""
        if self.implied and rng.random() < _IMPLIED_SHARE:
            texts = self.implied
        else:
            texts = self.plain if rng.random() < _PLAIN_SHARE else self.named
        return texts[int(rng.integers(len(texts)))]

    def list_texts(self) -> tuple[str, ...]:
        """Return every wording; one that is both plain and of another frame comes twice."""
        return (*self.plain, *self.named, *self.implied)


def load_wordings(class_names: Collection[str]) -> dict[str, ClassWordings]:
    """Return the wordings of those of `class_names` that there are names for.

    Every other frame serves a class, the others the next one, each with one of the class's names in turn, and once more
    with one of the names that are true of it also.
    """
    stored = load_stored()
    all_frames = stored["frames"] + stored["later_frames"]
    wordings = {}
    for index, (class_name, names) in enumerate(load_names().items()):
        if class_name not in class_names:
            continue
        frames = all_frames[index % 2 :: 2]
        also = stored["also"].get(class_name)
        named = _fill_frames(frames, names) + (_fill_frames(frames, also) if also else [])
        plurals = names["plural"] + (also["plural"] if also else [])
        wordings[class_name] = ClassWordings(
            plain=tuple(ask_for_all(plural) for plural in plurals),
            named=tuple(dict.fromkeys(named)),
            implied=tuple(stored["implied"].get(class_name, ())),
        )
    return wordings


def _fill_frames(frames: Sequence[str], names: Mapping[str, Sequence[str]]) -> list[str]:
    pairs = list(zip(names["singular"], names["plural"], strict=True))
    return [
        fill_frame(frame, s=singular, P=plural) for frame, (singular, plural) in zip(frames, cycle(pairs), strict=False)
    ]


def load_names() -> dict[str, dict[str, list[str]]]:
    """Return the names of each class and of each group of classes, "singular" and "plural", everyday ones last."""
    stored = load_stored()
    names = {class_name: dict(of_class) for class_name, of_class in stored["names"].items()}
    for class_name, everyday in stored["everyday_names"].items():
        of_class = names.get(class_name, {})
        names[class_name] = {number: of_class.get(number, []) + everyday[number] for number in ("singular", "plural")}
    return names


def load_stored() -> dict[str, Any]:
    """Return frames, names of each class and questions that imply it, as they are stored."""
    stored: dict[str, Any] = json.loads(files("training").joinpath("paraphrases.json").read_text(encoding="utf-8"))
    return stored


def list_texts(wordings: Mapping[str, ClassWordings]) -> list[str]:
    """Return every text of several classes once, sorted."""
    return sorted({text for of_class in wordings.values() for text in of_class.list_texts()})


def fill_frame(frame: str, **words: str) -> str:
    """Return a frame's sentence with `words` in their places, capitalised unless the frame begins in lower case."""
    text = frame.format(**words)
    return text if frame[0].islower() else text[0].upper() + text[1:]
