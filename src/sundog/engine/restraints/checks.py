"""Checks of the input that all restraints share (host only)."""

import numpy as np
from numpy.typing import ArrayLike

from sundog.errors import InputError
from sundog.system import System


def checked_atoms(system: System, atoms: ArrayLike, what: str) -> np.ndarray:
    """Return indices of atoms.

    Args:
        system: one or many structures.
        atoms: indices, counted from 0 over the whole batch.
        what: words for these atoms in the error.

    Raises:
        InputError: none, not integers, out of range, twice the same, or padding.
    """
    indices = np.atleast_1d(np.asarray(atoms))
    total = system.number_of_atoms
    good = indices.ndim == 1 and len(indices) > 0 and np.issubdtype(indices.dtype, np.integer)
    good = good and indices.min() >= 0 and indices.max() < total
    good = good and len(np.unique(indices)) == len(indices)
    if not good or not np.asarray(system.is_atom)[indices].all():
        raise InputError(
            f"restraint: {what} must be different atoms",
            got=np.array2string(indices, threshold=8),
            expected=f"integers from 0 to {total - 1}",
            remedy="Atoms are counted from 0 in the order of the structure file",
        )
    return indices.astype(np.int32)


def checked_numbers(
    values: ArrayLike,
    count: int,
    what: str,
    *,
    at_least: float = 0.0,
    finite: bool = True,
) -> np.ndarray:
    """Return one number per restrained thing, of one or as many.

    Args:
        values: one number, or `count` of them.
        count: number of things that are restrained.
        what: words for the number in the error.
        at_least: smallest number that is accepted.
        finite: whether infinity is refused.

    Raises:
        InputError: neither one nor `count`, not finite, or too small.
    """
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.shape not in ((), (1,), (count,)):
        raise InputError(
            f"restraint: {what} has the wrong length",
            got=f"shape {numbers.shape}",
            expected=f"one number or {count}",
        )
    bad = np.isnan(numbers) | (numbers < at_least) | (finite & np.isinf(numbers))
    if bad.any():
        raise InputError(
            f"restraint: {what} is out of range",
            got=numbers[bad].ravel()[0],
            expected=f"at least {at_least:g}" + (", finite" if finite else ""),
        )
    return np.broadcast_to(numbers.reshape(-1) if numbers.ndim else numbers, (count,)).copy()


def check_length(system: System, largest_index: int) -> None:
    """Raise `InputError` when the system has fewer atoms than a restraint refers to."""
    if largest_index >= system.number_of_atoms:
        raise InputError(
            "restraint: it belongs to another structure",
            got=f"atom {largest_index} of {system.number_of_atoms}",
            remedy="Make the restraint from the system that is simulated",
        )
