"""Set operations on masks of one grid: union, intersect, subtract, invert."""

from serving.mask import Mask


def union(first: Mask, second: Mask) -> Mask:
    """Return what is in `first`, in `second` or in both.

    Raises:
        ValueError: the masks lie on different grids.
    """
    _require_one_grid(first, second)
    return Mask(first.pixels | second.pixels, first.grid)


def intersect(first: Mask, second: Mask) -> Mask:
    """Return what is in both masks.

    Raises:
        ValueError: the masks lie on different grids.
    """
    _require_one_grid(first, second)
    return Mask(first.pixels & second.pixels, first.grid)


def subtract(first: Mask, second: Mask) -> Mask:
    """Return what is in `first` and not in `second`.

    Raises:
        ValueError: the masks lie on different grids.
    """
    _require_one_grid(first, second)
    return Mask(first.pixels & ~second.pixels, first.grid)


def invert(mask: Mask) -> Mask:
    """Return everything that is not in `mask`."""
    return Mask(~mask.pixels, mask.grid)


def _require_one_grid(first: Mask, second: Mask) -> None:
    if first.grid != second.grid:
        raise ValueError(f"masks lie on different grids: {first.grid} and {second.grid}")
