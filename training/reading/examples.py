"""Sentences that the reader of free wordings learns from: frames filled with names, and questions as they are.

`frames.json` holds frames for each kind of pick, questions that are none, and names beside those of the data's classes.
"{s}" and "{P}" are the thing, one and many; "{b}" what it is compared with; "{h}" a part of the image, "{c}" a corner,
"{k}" a number, "{o}" an order, "{r}" a relation. Plain wishes and questions by use are those of `training.paraphrases`.
"""

import json
import random
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

from assistant.routing.nouns import pluralise
from assistant.routing.reading_features import ANCHOR, OTHER, THING, split_normalised, split_words
from assistant.routing.sentences import normalise_sentence
from training.paraphrases import load_stored

_REGIONS = (
    "left half", "right half", "upper half", "lower half", "top half", "bottom half", "upper left quarter",
    "bottom right quarter", "top right quadrant", "lower left quadrant", "left third", "upper part", "right-hand part",
    "north-west quarter", "southern half", "eastern part", "top left section", "lower third",
)  # fmt: skip
_CORNERS = ("top-left", "bottom-right", "top right", "lower left", "upper-left", "north-east", "south-west")
_COUNTS = ("two", "three", "four", "five", "3")
_ORDERS = ("first", "second", "third", "fourth", "2nd")
_RELATIONS = ("to the left of", "to the right of", "above", "below", "left of", "right of", "beneath")

# What becomes what where the picture is turned over: words, and the kinds that follow them.
_LEFT_RIGHT = {"left": "right", "leftmost": "rightmost"}
_TOP_BOTTOM = {
    "top": "bottom", "upper": "lower", "above": "below", "topmost": "bottommost", "uppermost": "lowermost",
    "highest": "lowest", "up": "down", "higher": "lower", "upwards": "downwards",
}  # fmt: skip
# More of them would outweigh the picks: with three times as many, the reader is silent where it had been right.
_IMPLIED_OF_A_CLASS = 40
_WORDS_IN_FRAMES = 3  # a word of so many frames is known; any other is a name, or might be one

_BEGIN, _END = "\x01", "\x02"
_ANCHOR_BEGIN = "\x03"
_MARKED = re.compile(f"([{_BEGIN}{_END}{_ANCHOR_BEGIN}])")

Name = tuple[str, str]  # one and many


@dataclass(frozen=True)
class Example:
    """One sentence.

    Attributes:
        kind: what it comes to.
        words: as `split_words` returns them.
        parts: what each belongs to; None where nobody marked names, for a sentence that is no pick.
    """

    kind: str
    words: tuple[str, ...]
    parts: tuple[int, ...] | None


@dataclass(frozen=True)
class Frames:
    """What examples are made of.

    Attributes:
        of_kind: frames of each kind but "none", those of mirrored pictures among them.
        none: sentences that come to nothing.
        names: to fill in.
    """

    of_kind: Mapping[str, Sequence[str]]
    none: Sequence[str]
    names: Sequence[Name]

    def list_vocabulary(self) -> frozenset[str]:
        """Return the words of asking: those of several frames."""
        counts: dict[str, float] = defaultdict(float)
        for frames in self.of_kind.values():
            for frame in frames:
                for word in set(split_words(re.sub(r"\{\w\}", " ", frame)).words):
                    counts[word] += 1
        for text in self.none:
            # Sentences of a kind of their own count for less: names of things are in them.
            for word in set(split_words(text).words):
                counts[word] += 1 / 3
        return frozenset(word for word, count in counts.items() if count >= _WORDS_IN_FRAMES)


def load_frames() -> Frames:
    """Return all that there is to learn from."""
    stored = json.loads(files("training.reading").joinpath("frames.json").read_text(encoding="utf-8"))
    paraphrases = load_stored()
    of_kind = {kind: list(frames) for kind, frames in stored["frames"].items()}
    for swaps in (_LEFT_RIGHT, _TOP_BOTTOM):
        _add_mirrored(of_kind, {**swaps, **{other: word for word, other in swaps.items()}})
    of_kind["all"] += [frame for frame in paraphrases["frames"] if frame not in of_kind["all"]]
    names = [
        name
        for of_class in paraphrases["names"].values()
        for name in zip(of_class["singular"], of_class["plural"], strict=True)
    ]
    names += [(name, pluralise(name)) for name in stored["names"]]
    implied = [text for texts in paraphrases["implied"].values() for text in texts[:_IMPLIED_OF_A_CLASS]]
    return Frames(of_kind, [*stored["none"], *implied], names)


def build_examples(frames: Frames, rng: random.Random, *, fillings: int) -> Iterator[Example]:
    """Yield examples: each frame with `fillings` different names, each sentence that is none as it is.

    Args:
        frames: what to fill.
        rng: draws names and slots.
        fillings: of each frame.
    """
    for kind, of_kind in frames.of_kind.items():
        for frame in of_kind:
            for _ in range(fillings):
                yield _fill(kind, frame, frames.names, rng)
    for text in frames.none:
        yield Example("none", split_words(text).words, None)


def write_questions(frames: Frames, rng: random.Random) -> Iterator[str]:
    """Yield questions as people write them: each frame with one name."""
    for of_kind in frames.of_kind.values():
        for frame in of_kind:
            yield _MARKED.sub("", _fill_in(frame, frames.names, rng))


def _fill_in(frame: str, names: Sequence[Name], rng: random.Random) -> str:
    """Return a frame with names, marked where they begin and end, and slots."""
    (one, many), (other, _) = rng.sample(names, 2)
    return frame.format(
        s=f"{_BEGIN}{one}{_END}",
        P=f"{_BEGIN}{many}{_END}",
        b=f"{_ANCHOR_BEGIN}{other}{_END}",
        h=rng.choice(_REGIONS),
        c=rng.choice(_CORNERS),
        k=rng.choice(_COUNTS),
        o=rng.choice(_ORDERS),
        r=rng.choice(_RELATIONS),
    )


def _fill(kind: str, frame: str, names: Sequence[Name], rng: random.Random) -> Example:
    words: list[str] = []
    parts: list[int] = []
    part = OTHER
    for piece in _MARKED.split(normalise_sentence(_fill_in(frame, names, rng))):
        if _MARKED.fullmatch(piece):
            part = {_BEGIN: THING, _ANCHOR_BEGIN: ANCHOR}.get(piece, OTHER)
            continue
        here = split_normalised(piece).words
        words += here
        parts += [part] * len(here)
    return Example(kind, tuple(words), tuple(parts))


def _add_mirrored(of_kind: dict[str, list[str]], swaps: Mapping[str, str]) -> None:
    """Add each frame as it would be said of the mirrored picture; an order from the left stays one."""
    before = {kind: list(frames) for kind, frames in of_kind.items()}
    for kind, frames in before.items():
        mirrored_kind = swaps.get(kind, kind)
        if kind == "all" or (kind == "nth" and "left" in swaps):
            continue
        for frame in frames:
            mirrored = re.sub(r"[A-Za-z]+", lambda match: swaps.get(match[0].lower(), match[0]), frame)
            if mirrored not in of_kind[mirrored_kind]:
                of_kind[mirrored_kind].append(mirrored)
