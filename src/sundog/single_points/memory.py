"""How much memory a simulation takes, as the compiler counts it, and what would fit.

The compiled force call says what its temporaries, arguments and results take; with the pair lists,
which a rebuild holds twice, that is nearly all a simulation has. Both grow with the number of atoms
at fixed density, so that one system says how large another may be.
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
"""Part of a device's memory that is counted on."""


@dataclass(frozen=True)
class Forecast:
    """Memory of a simulation.

    Attributes:
        atoms: of the system it was made for.
        bytes_per_atom: of force call and pair lists.
        available: bytes that the device has.
    """

    atoms: int
    bytes_per_atom: float
    available: int

    @property
    def most_atoms(self) -> int:
        """The largest system of this density that should fit."""
        return int(USABLE * self.available / self.bytes_per_atom)

    def __str__(self) -> str:
        """Return the forecast in a line."""
        return (
            f"Memory: {self.atoms * self.bytes_per_atom / 2**20:,.0f} MiB for the simulation "
            f"({self.bytes_per_atom / 1000:.0f} kB per atom); {self.available / 2**30:.0f} GiB "
            f"would do for about {self.most_atoms:,} atoms of the same density"
        )


@with_x64
def forecast(force_field: AbstractForceField, system: System, neighbors: Any) -> Forecast:
    """Return what a simulation takes; the force call is compiled for it (host only).

    Args:
        force_field: of the simulation.
        system: as it begins.
        neighbors: its lists.
    """
    program: Any = eqx.filter_jit(lambda ff, s, pairs: ff(s, pairs))
    compiled = program.lower(force_field, system, neighbors.pairs).compile()
    counted = compiled.compiled.memory_analysis()
    lists = sum(leaf.nbytes for leaf in jax.tree.leaves(neighbors) if eqx.is_array(leaf))
    total = counted.temp_size_in_bytes + counted.output_size_in_bytes + 2 * lists
    atoms = system.number_of_atoms
    return Forecast(atoms, total / atoms, available_memory())


def available_memory() -> int:
    """Return the bytes that the device has for this process."""
    statistics = jax.devices()[0].memory_stats() or {}
    if "bytes_limit" in statistics:
        return int(statistics["bytes_limit"])
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
