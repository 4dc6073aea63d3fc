"""Take a few of many, evenly."""


def spread_positions(count: int) -> list[int]:
    """Return 0..count-1 in an order whose every beginning lies spread over the whole.

    Multiplying by the golden ratio (in 32 bits) and wrapping around puts each further one into the widest gap.
    """
    return sorted(range(count), key=lambda position: (position * 2_654_435_769 % 2**32, position))
