"""Standard lengths: programs are compiled for shapes, so arrays are padded to few of them."""

from math import ceil, log

GROWTH = 1.1
"""Ratio of successive standard lengths; padding costs at most this much."""

EXACT = 16
"""Lengths up to this are left as they are."""


def standard_length(count: float, growth: float = GROWTH) -> int:
    """Return the next standard length: 1, 2, …, 16, then a geometric series of multiples of 8."""
    if count <= EXACT:
        return max(ceil(count), 1)
    power = ceil(log(count / EXACT) / log(growth) - 1e-9)
    return 8 * ceil(EXACT * growth**power / 8)
