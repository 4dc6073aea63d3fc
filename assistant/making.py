"""How a mask was made: enough to make it again, bit for bit, from the image and the masks that it names."""

from dataclasses import dataclass

from assistant.masks.comparison import Fate
from assistant.masks.strokes import Stroke
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
        operations: in order; they begin with the parent's confidence map, or with its mask where it has none.
    """

    operations: tuple[Operation, ...]


@dataclass(frozen=True)
class Pointed:
    """The parent's mask, or none, was changed where somebody pointed.

    Attributes:
        clicks: those that were new, in native pixels, in order.
        box: around a thing to be marked, or None.
        earlier: clicks by which the parent was made and which still held; the refiner was told of them as well, before
            the new ones. An earlier box is not repeated: a click in the middle of what it marked stands for it.
    """

    clicks: tuple[Click, ...]
    box: Box | None = None
    earlier: tuple[Click, ...] = ()


@dataclass(frozen=True)
class Painted:
    """Strokes of a brush were drawn on the parent's mask, or on none.

    Attributes:
        strokes: in order.
    """

    strokes: tuple[Stroke, ...]


@dataclass(frozen=True)
class Compared:
    """The model was asked the same of two images, and what became of each pixel was looked at; no mask goes before.

    Attributes:
        thing: what was looked for, as a person called it.
        question: as it was put to the model, for both images.
        operations: done with each of its masks, in order.
        earlier_digest: of the earlier image; the answer's own image is the later one.
        fates: those that the mask holds.
    """

    thing: str
    question: str
    operations: tuple[Operation, ...]
    earlier_digest: str
    fates: tuple[Fate, ...]


@dataclass(frozen=True)
class Picked:
    """The pixels of some fates were taken from the parent's comparison.

    Attributes:
        fates: which.
    """

    fates: tuple[Fate, ...]


Making = Asked | Refined | Revised | Pointed | Painted | Compared | Picked
