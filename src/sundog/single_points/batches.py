"""Batches of structures, so that a mixed set compiles few programs.

A set is processed window by window; each is sorted by size and cut into batches of about
`ATOMS_PER_BATCH` atoms. Full batches are padded to one length and others to powers of
two; batches of one shape use pair lists of one length.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from sundog.forcefield.base import AbstractForceField
from sundog.numerics.lengths import standard_length
from sundog.system import System, concatenate, pad

ATOMS_PER_BATCH = 1024
"""Most atoms of a batch."""

PAIRS_PER_BATCH = 400_000
"""Most pairs of a batch, by estimate."""

LARGE = 1500
"""Number of atoms above which pair lists of a structure are built on the device."""

GROWTH = 1.3
"""Ratio of successive lengths that single structures are padded to; padding costs at most that."""

STRUCTURES_PER_WINDOW = 2048
ATOMS_PER_WINDOW = 65_536
"""Most structures and atoms of a window, which limit the memory and the work that a kill loses."""


def windows(sizes: Sequence[int]) -> list[range]:
    """Return the ranges of structures that make the windows, given the number of atoms of each."""
    found, first, atoms = [], 0, 0
    for number, size in enumerate(sizes):
        full = number - first == STRUCTURES_PER_WINDOW or atoms + size > ATOMS_PER_WINDOW
        if full and number > first:
            found.append(range(first, number))
            first, atoms = number, 0
        atoms += size
    return [*found, range(first, len(sizes))] if len(sizes) else []


def batches(systems: Sequence[System]) -> list[list[int]]:
    """Return the numbers of the structures of each batch, larger structures first."""

    def kind(system: System) -> tuple[bool, bool]:
        return system.fragment_index is not None, bool(np.asarray(system.pbc).any())

    kinds = [kind(system) for system in systems]
    sizes = [system.number_of_atoms for system in systems]
    order = sorted(range(len(systems)), key=lambda n: (kinds[n], -sizes[n]))
    found: list[list[int]] = []
    atoms = pairs = 0
    for number in order:
        size = sizes[number]
        # In a molecule all atoms are pairs; in a crystal each has some 800 within the cutoff.
        more = size * (800 if kinds[number][1] else min(size, 800))
        full = atoms + size > ATOMS_PER_BATCH or pairs + more > PAIRS_PER_BATCH
        if not found or full or kinds[number] != kinds[found[-1][0]]:
            found.append([])
            atoms = pairs = 0
        found[-1].append(number)
        atoms, pairs = atoms + size, pairs + more
    return found


class Batcher:
    """Batcher that pads structures and lists their pairs; one program serves each shape."""

    def __init__(self, force_field: AbstractForceField):
        """Make a batcher for a force field."""
        self._force_field = force_field
        self._lists: dict[tuple[int, ...], Any] = {}

    def __call__(self, members: Sequence[System]) -> tuple[System, Any]:
        """Return structures as one padded system, with its pair lists (host only).

        Raises:
            CoincidentAtomsError: Two atoms are almost at one place.
        """
        system = concatenate(members)
        if len(members) == 1:
            return self._alone(system)
        atoms = _power_of_two(system.number_of_atoms)
        systems = _power_of_two(len(members))
        charges = system.fragment_charge
        fragments = 0 if charges is None else _power_of_two(len(charges))
        system = pad(system, atoms, systems, fragments)
        shape = (atoms, systems, fragments)
        pairs = self._force_field.pairs_once(system, self._lists.get(shape))
        self._lists[shape] = pairs
        return system, pairs

    def _alone(self, system: System) -> tuple[System, Any]:
        if system.number_of_atoms > LARGE:
            return system, self._force_field.allocate_neighbors(system, skin=0.0).pairs
        system = pad(system, standard_length(system.number_of_atoms, GROWTH), 1)
        return system, self._force_field.pairs_once(system)


def _power_of_two(count: int) -> int:
    return 1 << (count - 1).bit_length()
