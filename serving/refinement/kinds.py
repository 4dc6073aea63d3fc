"""The ways in which a click is answered."""

from enum import StrEnum


class RefinerKind(StrEnum):
    """Which refiner answers."""

    LEARNED = "learned"
    """A head that reads the model's features, and suggestions by Segment Anything."""
    PROMPTED = "prompted"
    """Segment Anything alone."""
    CLASSICAL = "classical"
    """A graph cut over colours, which needs no weights."""
