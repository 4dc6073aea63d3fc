"""How a mask was made: enough to make it again, bit for bit, from the image and the masks that it names."""

from dataclasses import dataclass

from assistant.operations import Operation
from serving.clicks import Box, Click


@dataclass(frozen=True)
class Asked:
    """The model was asked, and operations were done with its mask; no mask goes before.

    Attributes:
        question: as it was put to the model.
        operations: done with its mask, in order.
    """

    question: str
    operations: tuple[Operation, ...] = ()


@dataclass(frozen=True)
class Refined:
    """Operations were done with the parent's mask.

    Attributes:
        operations: in order.
    """

    operations: tuple[Operation, ...]


@dataclass(frozen=True)
class Revised:
    """Operations were done with what the model had marked before anything was done with it.

    Attributes:
        operations: in order; they begin with the parent's confidence map.
    """

    operations: tuple[Operation, ...]


@dataclass(frozen=True)
class Pointed:
    """The parent's mask was changed where somebody pointed.

    Attributes:
        clicks: in native pixels, in order.
        box: around a thing to be marked, or None.
    """

    clicks: tuple[Click, ...]
    box: Box | None = None


Making = Asked | Refined | Revised | Pointed
