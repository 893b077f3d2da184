"""Standard lengths of arrays.

JAX compiles a program for every shape of its arguments. Arrays are therefore padded to one of
a few standard lengths, so that structures of similar size share a compiled program.
"""

from math import ceil, log

GROWTH = 1.1
"""Ratio of successive standard lengths: padding costs large structures at most 10 % of the work."""

EXACT = 16
"""Largest length that is not padded: programs this small are cheap to compile."""


def standard_length(count: float, growth: float = GROWTH) -> int:
    """Return the smallest standard length that is not less than `count`.

    The standard lengths are 1, 2, …, 16, then a geometric series rounded up to multiples of 8.

    Args:
        count: number of entries that are needed.
        growth: ratio of successive lengths of the series.
    """
    if count <= EXACT:
        return max(ceil(count), 1)
    power = ceil(log(count / EXACT) / log(growth) - 1e-9)
    return 8 * ceil(EXACT * growth**power / 8)
