"""The two ways in which a click is answered."""

from enum import StrEnum


class RefinerKind(StrEnum):
    """Which refiner answers."""

    LEARNED = "learned"
    CLASSICAL = "classical"
