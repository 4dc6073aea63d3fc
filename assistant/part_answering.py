"""The sentences about the single parts of a mask: their sizes, where each lies, how far apart they are, the box."""

from collections.abc import Sequence

import numpy as np
from pyproj import CRS
from pyproj.exceptions import CRSError

from assistant.answering import PLACES, TOUCHING, describe_nothing_marked, format_area, format_number
from assistant.intents import Topic
from assistant.parts import Part, list_counted, measure_parts, measure_smallest_gap
from assistant.wording import spell_number
from serving.grid import Grid
from serving.imagery.georeference import pixel_to_map
from serving.mask import Mask

PART_TOPICS = frozenset((Topic.PARTS, Topic.SIZES, Topic.SPACING, Topic.BOUNDS, Topic.HALVES))
"""What is measured from the mask anew; all else is told from the facts that are stored with an answer."""

LONGEST_LIST = 12


def answer_about_parts(topic: Topic, question: str, mask: Mask) -> tuple[str, ...]:
    """Return the sentences that answer a question about the parts of what is marked.

    Args:
        topic: one of `PART_TOPICS`.
        question: what the image had been asked.
        mask: that is marked.
    """
    if mask.pixel_count == 0:
        return (describe_nothing_marked(question),)
    if topic is Topic.BOUNDS:
        return _describe_bounds(mask)
    parts = measure_parts(mask)
    match topic:
        case Topic.PARTS:
            return _list_parts(parts)
        case Topic.SIZES:
            return _compare_sizes(parts)
        case Topic.SPACING:
            return _describe_spacing(mask, len(parts))
        case Topic.HALVES:
            return _describe_halves(mask, parts)
        case _:
            raise ValueError(f"{topic} is not about single parts")


def _list_parts(parts: Sequence[Part]) -> tuple[str, ...]:
    if len(parts) == 1:
        return (f"One area is marked: {_describe_part(parts[0])}.", TOUCHING)
    listed = "; ".join(_describe_part(part) for part in parts[:LONGEST_LIST])
    if len(parts) > LONGEST_LIST:
        return (f"{len(parts):,} separate areas are marked. The {spell_number(LONGEST_LIST)} largest: {listed}.",)
    return (f"By size, the largest first: {listed}.", TOUCHING)


def _compare_sizes(parts: Sequence[Part]) -> tuple[str, ...]:
    if len(parts) == 1:
        return (f"One area is marked, {_describe_size(parts[0])}.",)
    largest, smallest = parts[0], parts[-1]
    mean_px = sum(part.size_px for part in parts) / len(parts)
    if largest.area_m2 is None:
        mean = f"{format_number(mean_px)} pixels"
    else:
        mean = format_area(mean_px * largest.area_m2 / largest.size_px)
    return (
        f"The largest of the {len(parts):,} has {_describe_size(largest)}, the smallest {_describe_size(smallest)}; "
        f"on average it is {mean}.",
    )


def _describe_spacing(mask: Mask, count: int) -> tuple[str, ...]:
    gap = measure_smallest_gap(mask)
    if gap is None:
        return ("Only one area is marked, so there is no distance to tell.", TOUCHING)
    apart = f"about {format_number(gap)} {'pixels' if mask.grid.gsd_m is None else 'm'}"
    if count == 2:
        return (f"They are {apart} apart, where they come closest.",)
    return (f"The two that lie closest together are {apart} apart.",)


def _describe_halves(mask: Mask, parts: Sequence[Part]) -> tuple[str, ...]:
    grid = mask.grid
    if len(parts) == 1:
        by_column, by_row = np.count_nonzero(mask.pixels, axis=0), np.count_nonzero(mask.pixels, axis=1)
        in_left = float(by_column[: grid.width // 2].sum() / mask.pixel_count)
        in_upper = float(by_row[: grid.height // 2].sum() / mask.pixel_count)
        return (
            f"Of what is marked, {in_left:.0%} lies in the left half and {1 - in_left:.0%} in the right half; "
            f"{in_upper:.0%} in the upper half and {1 - in_upper:.0%} in the lower half.",
        )
    left = sum(part.centroid_row_col[1] < (grid.width - 1) / 2 for part in parts)
    upper = sum(part.centroid_row_col[0] < (grid.height - 1) / 2 for part in parts)
    return (
        f"Of {len(parts):,} areas, {left:,} in the left half and {len(parts) - left:,} in the right half; {upper:,} in "
        f"the upper half and {len(parts) - upper:,} in the lower half.",
        "Each counts where its middle lies.",
    )


def _describe_bounds(mask: Mask) -> tuple[str, ...]:
    boxes = np.array([instance.bounds_xyxy_px for instance in list_counted(mask)])
    left, top = boxes[:, :2].min(axis=0).tolist()
    right, bottom = boxes[:, 2:].max(axis=0).tolist()
    in_pixels = (
        f"What is marked lies in {_range('column', left, right)} and {_range('row', top, bottom)}, counted from 0 in "
        "the top left corner."
    )
    on_map = _describe_on_map((left, top, right, bottom), mask.grid)
    return (in_pixels, *on_map, "“Export” saves the coordinates of each outline.")


def _range(name: str, first: int, end: int) -> str:
    return f"{name} {first:,}" if end == first + 1 else f"{name}s {first:,} to {end - 1:,}"


def _describe_on_map(bounds: tuple[int, int, int, int], grid: Grid) -> tuple[str, ...]:
    """Return the box in the coordinates of the image's reference system; nothing where it has none."""
    if grid.transform is None or grid.crs_wkt is None:
        return ()
    left, top, right, bottom = bounds
    corners = [pixel_to_map(grid, row, column) for row in (top, bottom) for column in (left, right)]
    xs, ys = zip(*corners, strict=True)
    try:
        crs = CRS.from_wkt(grid.crs_wkt)
    except CRSError:
        return ("The image's reference system cannot be read, so there are no coordinates on the map to tell.",)
    digits = 6 if crs.is_geographic else 1
    system = "the image's own coordinates" if crs.name == "unknown" else crs.name
    return (
        f"In {system}: x {min(xs):.{digits}f} to {max(xs):.{digits}f}, y {min(ys):.{digits}f} to {max(ys):.{digits}f}.",
    )


def _describe_part(part: Part) -> str:
    return f"{_describe_size(part)} {PLACES[part.position]}"


def _describe_size(part: Part) -> str:
    size = f"{part.size_px:,} pixel{'' if part.size_px == 1 else 's'}"
    return size if part.area_m2 is None else f"{size} ({format_area(part.area_m2)})"
