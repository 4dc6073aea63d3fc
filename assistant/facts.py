"""Facts about a mask: numbers measured from its pixels, never generated."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Facts:
    """What can be said of a mask.

    Attributes:
        pixel_count: pixels that are True.
        share: pixel_count over all pixels of the image, 0..1.
        count: connected parts (8-neighbourhood), without specks and what is tiny beside most others.
        largest_share: the largest part's pixels over pixel_count, 0..1 (0 when empty).
        position: where the mask's centroid lies in a 3 x 3 grid, "top left" .. "bottom right", "centre";
            "throughout" when it spreads over most of the grid; None when empty.
        area_m2: ground area in m² where the GSD is known, else None.
        centroid_row_col: centroid in pixels (row, column), None when empty.
        bounds_xyxy_px: tight box (left, top, right, bottom), right and bottom exclusive; None when empty.
    """

    pixel_count: int
    share: float
    count: int
    largest_share: float
    position: str | None
    area_m2: float | None
    centroid_row_col: tuple[float, float] | None
    bounds_xyxy_px: tuple[int, int, int, int] | None
