"""Memory of a simulation, as the compiler counts it, and the largest system that would fit.

The compiler states the size of temporaries, arguments and results of a force call. With the pair
lists, which a rebuild holds twice, that is nearly all memory of a simulation. Both are proportional
to the number of atoms at fixed density, so that one system tells how large another may be.
"""

import os
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax

from sundog.forcefield.base import AbstractForceField
from sundog.numerics.precision import with_x64
from sundog.system import System

USABLE = 0.9
"""Fraction of a device's memory that is assumed to be free for the simulation."""


@dataclass(frozen=True)
class Forecast:
    """Forecast of the memory of a simulation.

    Attributes:
        atoms: Number of atoms of the system it was made for.
        bytes_per_atom: Memory of force call and pair lists in bytes per atom.
        available: Memory of the device in bytes.
    """

    atoms: int
    bytes_per_atom: float
    available: int

    @property
    def most_atoms(self) -> int:
        """Number of atoms of the largest system of this density that should fit."""
        return int(USABLE * self.available / self.bytes_per_atom)

    def __str__(self) -> str:
        """Return the forecast as one line."""
        return (
            f"Memory: {self.atoms * self.bytes_per_atom / 2**20:,.0f} MiB for the simulation "
            f"({self.bytes_per_atom / 1000:.0f} kB per atom); {self.available / 2**30:.0f} GiB "
            f"would do for about {self.most_atoms:,} atoms of the same density"
        )


@with_x64
def forecast(force_field: AbstractForceField, system: System, neighbors: Any) -> Forecast:
    """Return the memory of a simulation; the force call is compiled for it (host only).

    Args:
        force_field: Force field of the simulation.
        system: System at the start.
        neighbors: Pair lists of the system.
    """
    program: Any = eqx.filter_jit(lambda ff, s, pairs: ff(s, pairs))
    compiled = program.lower(force_field, system, neighbors.pairs).compile()
    counted = compiled.compiled.memory_analysis()
    lists = sum(leaf.nbytes for leaf in jax.tree.leaves(neighbors) if eqx.is_array(leaf))
    total = counted.temp_size_in_bytes + counted.output_size_in_bytes + 2 * lists
    atoms = system.number_of_atoms
    return Forecast(atoms, total / atoms, available_memory())


def available_memory() -> int:
    """Return the memory of the device for this process in bytes."""
    statistics = jax.devices()[0].memory_stats() or {}
    if "bytes_limit" in statistics:
        return int(statistics["bytes_limit"])
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
