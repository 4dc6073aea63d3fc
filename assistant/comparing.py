"""How one mask differs from another: what came, what went, what stayed, measured."""

from dataclasses import dataclass

from assistant.answering import format_area
from assistant.errors import MasksNotComparableError
from assistant.masks.algebra import intersect, subtract
from serving.mask import Mask


@dataclass(frozen=True)
class Difference:
    """Pixel counts of two masks on one grid.

    Attributes:
        added_px: only in the newer one.
        removed_px: only in the older one.
        unchanged_px: in both.
        pixel_area_m2: ground area of a pixel; None where the image does not say.
    """

    added_px: int
    removed_px: int
    unchanged_px: int
    pixel_area_m2: float | None


def measure_difference(before: Mask, after: Mask) -> Difference:
    """Return what changed from `before` to `after`.

    Raises:
        MasksNotComparableError: they are of different images.
    """
    if before.grid != after.grid:
        raise MasksNotComparableError
    return Difference(
        added_px=subtract(after, before).pixel_count,
        removed_px=subtract(before, after).pixel_count,
        unchanged_px=intersect(before, after).pixel_count,
        pixel_area_m2=before.grid.pixel_area_m2,
    )


def describe_difference(difference: Difference) -> str:
    """Return the sentence for a difference, every number in it measured."""
    if difference.added_px == 0 and difference.removed_px == 0:
        return "Both mark exactly the same."
    words = (
        ("Added", difference.added_px),
        ("removed", difference.removed_px),
        ("unchanged", difference.unchanged_px),
    )
    return f"{', '.join(f'{word} {_amount(count, difference)}' for word, count in words)}."


def _amount(pixel_count: int, difference: Difference) -> str:
    if pixel_count == 0:
        return "nothing"
    if difference.pixel_area_m2 is not None:
        return format_area(pixel_count * difference.pixel_area_m2)
    return "1 pixel" if pixel_count == 1 else f"{pixel_count:,} pixels"
