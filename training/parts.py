"""Halves and quarters of an image: their names, and wordings of our own that ask for a class in one of them.

A data set asks for "the airplanes in the left half" in few words. The frames ("For the survey of the {h} I need its
{P}.") are in `paraphrases.json`; whoever wrote them saw neither the data sets nor the wordings that are kept for
measuring.
"""

import re
from collections.abc import Collection, Mapping

from training.paraphrases import fill_frame, load_names, load_stored

PartBox = tuple[float, float, float, float]
"""x0, y0, x1, y1 as shares of the image's width and height."""

WHOLE: PartBox = (0.0, 0.0, 1.0, 1.0)

_NAMES: Mapping[PartBox, tuple[str, ...]] = {
    (0, 0, 0.5, 1): ("left half", "left-hand half", "left side", "western half"),
    (0.5, 0, 1, 1): ("right half", "right-hand half", "right side", "eastern half"),
    (0, 0, 1, 0.5): ("upper half", "top half", "upper part", "northern half"),
    (0, 0.5, 1, 1): ("lower half", "bottom half", "lower part", "southern half"),
    (0, 0, 0.5, 0.5): ("top left quarter", "upper left quarter", "top-left quadrant", "north-western quarter"),
    (0.5, 0, 1, 0.5): ("top right quarter", "upper right quarter", "top-right quadrant", "north-eastern quarter"),
    (0, 0.5, 0.5, 1): ("bottom left quarter", "lower left quarter", "bottom-left quadrant", "south-western quarter"),
    (0.5, 0.5, 1, 1): ("bottom right quarter", "lower right quarter", "bottom-right quadrant", "south-eastern quarter"),
}
_BOX_OF_NAME = {name: box for box, names in _NAMES.items() for name in names}
_NAMED = re.compile(r"\b(" + "|".join(map(re.escape, _BOX_OF_NAME)) + r")\b", re.IGNORECASE)


def read_part(text: str) -> PartBox | None:
    """Return the half or quarter that a question names first, or None."""
    found = _NAMED.search(text)
    return _BOX_OF_NAME[found[0].lower()] if found else None


def load_part_wordings(class_names: Collection[str]) -> dict[str, tuple[tuple[str, PartBox], ...]]:
    """Return what asks for those of `class_names` that there are names for in a part of the image, with the part.

    Every other frame serves a class, the others the next one; each frame asks for another part in the next class but
    one, so that no frame goes with a part.
    """
    stored = load_stored()
    boxes = list(_NAMES)
    wordings = {}
    for index, (class_name, of_class) in enumerate(load_names().items()):
        if class_name not in class_names:
            continue
        plurals = of_class["plural"]
        asked = []
        for place, frame in enumerate(stored["part_frames"][index % 2 :: 2]):
            box = boxes[(place + index // 2) % len(boxes)]
            names = _NAMES[box]
            name = names[(place // len(boxes) + index // 2) % len(names)]
            asked.append((fill_frame(frame, P=plurals[place % len(plurals)], h=name), box))
        wordings[class_name] = tuple(asked)
    return wordings
