"""Words for numbers, lengths, areas, sides and regions, and what each one stands for.

The patterns are fragments to be built into larger ones; the functions take what a fragment has matched.
"""

import re

from assistant.operations import Area, AreaUnit, Length, LengthUnit, Place, Region, Side

_CARDINALS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")

COUNT = rf"(?:\d{{1,4}}|{'|'.join(_CARDINALS)})"
ORDINAL = rf"(?:\d{{1,3}}(?:st|nd|rd|th)|{'|'.join(_ORDINALS)})"
_QUANTITY = rf"(?:\d+(?:\.\d+)?|half an?|an?|{'|'.join(_CARDINALS)})"

_METRES = {
    "m": 1.0, "metre": 1.0, "metres": 1.0, "meter": 1.0, "meters": 1.0,
    "km": 1000.0, "kilometre": 1000.0, "kilometres": 1000.0, "kilometer": 1000.0, "kilometers": 1000.0,
    "cm": 0.01, "ft": 0.3048, "foot": 0.3048, "feet": 0.3048,
    "yard": 0.9144, "yards": 0.9144, "mile": 1609.344, "miles": 1609.344,
}  # fmt: skip
_PIXELS = ("px", "pixel", "pixels")
_SQUARE_METRES = {
    "m2": 1.0, "m²": 1.0, "sqm": 1.0, "sq m": 1.0,
    "square metre": 1.0, "square metres": 1.0, "square meter": 1.0, "square meters": 1.0,
    "ha": 1e4, "hectare": 1e4, "hectares": 1e4, "acre": 4046.8564224, "acres": 4046.8564224,
    "km2": 1e6, "km²": 1e6, "sq km": 1e6, "square kilometre": 1e6, "square kilometres": 1e6,
    "square kilometer": 1e6, "square kilometers": 1e6,
    "square foot": 0.09290304, "square feet": 0.09290304, "sq ft": 0.09290304,
}  # fmt: skip


def _any_of(words: "tuple[str, ...] | list[str]") -> str:
    return "(?:" + "|".join(sorted(words, key=len, reverse=True)) + ")"


LENGTH = rf"(?:{_QUANTITY} ?{_any_of([*_METRES, *_PIXELS])})"
AREA_UNIT = _any_of([*_SQUARE_METRES, *_PIXELS])
AREA = rf"(?:{_QUANTITY} ?{AREA_UNIT})"
QUANTITY = _QUANTITY

_SPLIT_QUANTITY = re.compile(rf"({_QUANTITY}) ?(.+)")

SIDE_WORDS = {
    "top": Side.TOP, "upper": Side.TOP, "topmost": Side.TOP, "uppermost": Side.TOP, "highest": Side.TOP,
    "bottom": Side.BOTTOM, "lower": Side.BOTTOM, "bottommost": Side.BOTTOM, "lowermost": Side.BOTTOM,
    "lowest": Side.BOTTOM, "left": Side.LEFT, "leftmost": Side.LEFT, "right": Side.RIGHT, "rightmost": Side.RIGHT,
    "up": Side.TOP, "down": Side.BOTTOM,
    "north": Side.NORTH, "northern": Side.NORTH, "northernmost": Side.NORTH, "northerly": Side.NORTH,
    "south": Side.SOUTH, "southern": Side.SOUTH, "southernmost": Side.SOUTH, "southerly": Side.SOUTH,
    "east": Side.EAST, "eastern": Side.EAST, "easternmost": Side.EAST, "easterly": Side.EAST,
    "west": Side.WEST, "western": Side.WEST, "westernmost": Side.WEST, "westerly": Side.WEST,
}  # fmt: skip

_VERTICAL = r"(?:top|upper|bottom|lower)"
_HORIZONTAL = r"(?:left|right)"
_POLAR = r"(?:northern|southern|north|south)"
_EQUATORIAL = r"(?:eastern|western|east|west)"
SIDES = rf"(?:{_VERTICAL} ?{_HORIZONTAL}|{_POLAR} ?{_EQUATORIAL}|{_VERTICAL}|{_HORIZONTAL}|{_POLAR}|{_EQUATORIAL})"
FURTHEST_SIDE = _any_of([word for word in SIDE_WORDS if word.endswith("most") or word in ("highest", "lowest")])
CENTRE = (
    r"(?:(?:image |picture |image's |picture's |exact |very |dead )*(?:centre|center|middle|midpoint|centre point"
    r"|center point|central point|heart)|central part|central area)"
)
_EXTENT = (
    r"(?:half|part|side|hand side|portion|section|area|region|end|quarter|quadrant|third|corner|edge|border|margin)"
)
OF_IMAGE = r"(?: (?:of|in) (?:the|this|my) (?:whole )?(?:image|picture|scene|photo|view|frame|map))?"
REGION = (
    rf"(?:(?:the )?(?:very )?(?:{CENTRE}|{SIDES}(?: {_EXTENT})?)"
    rf"|(?:the )?corner (?:at|in|on) the {SIDES}|the far {_HORIZONTAL})"
)

_SIDES_IN = re.compile("|".join(sorted(SIDE_WORDS, key=len, reverse=True)))


def read_count(text: str) -> int:
    """Return what `COUNT` stands for; 0 is no count and becomes 1."""
    return max(1, int(text)) if text.isdigit() else _CARDINALS.index(text) + 1


def read_ordinal(text: str) -> int:
    """Return what `ORDINAL` stands for, from 1."""
    return max(1, int(text[:-2])) if text[0].isdigit() else _ORDINALS.index(text) + 1


def read_length(text: str) -> Length:
    """Return what `LENGTH` stands for."""
    quantity, unit = _split(text)
    if unit in _PIXELS:
        return Length(quantity)
    return Length(quantity * _METRES[unit], LengthUnit.METRES)


def read_area(text: str) -> Area:
    """Return what `AREA` stands for."""
    quantity, unit = _split(text)
    if unit in _PIXELS:
        return Area(quantity)
    return Area(quantity * _SQUARE_METRES[unit], AreaUnit.SQUARE_METRES)


def read_sides(text: str) -> tuple[Side, ...]:
    """Return the sides that `SIDES`, `FURTHEST_SIDE` or a longer phrase names, in its order; at most two."""
    return tuple(SIDE_WORDS[word] for word in _SIDES_IN.findall(text))[:2]


def read_region(text: str) -> Region:
    """Return what `REGION` stands for: halves and quarters as such, corners and thirds as thirds."""
    sides = read_sides(text)
    if not sides:
        return Region()
    if "third" in text or "corner" in text:
        return Region(sides, 1 / 3)
    if "quarter" in text and len(sides) == 1:
        return Region(sides, 0.25)
    return Region(sides)


def read_place(text: str) -> Place:
    """Return the side, corner or centre that a phrase names."""
    return Place(read_sides(text))


def _split(text: str) -> tuple[float, str]:
    match = _SPLIT_QUANTITY.fullmatch(text)
    assert match is not None, "only what the pattern matched is read"
    quantity, unit = match.groups()
    if quantity.startswith("half"):
        return 0.5, unit
    if quantity in ("a", "an"):
        return 1.0, unit
    if quantity in _CARDINALS:
        return float(_CARDINALS.index(quantity) + 1), unit
    return float(quantity), unit
