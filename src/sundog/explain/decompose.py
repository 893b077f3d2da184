"""Decomposition of a prediction: energies and forces by term, atom by atom."""

from collections.abc import Iterable

import equinox as eqx
import jax
import numpy as np
from ase import Atoms

from sundog.errors import InputError
from sundog.forcefield.decomposition import Decomposition
from sundog.forcefield.decomposition import decompose as decompose_system
from sundog.forcefield.so3lr import ForceField
from sundog.io.structures import system_from_atoms
from sundog.longrange.planned import apart
from sundog.neighbors.base import Pairs, by_range
from sundog.numerics.precision import with_x64
from sundog.single_points.batches import Batcher
from sundog.system import System

ORDER = ("so3krates", "zbl", "electrostatics", "dispersion")
"""Order of the terms in tables; other terms come after these."""

BYTES_PER_SHORT_PAIR = {True: 60_000, False: 12_000}
"""Working memory in bytes per short-range pair of the published network in float64, with and
without forces: as the compiler states for 162 atoms of polyalanine and 192 of water, rounded up."""


def ordered(names: Iterable[str]) -> list[str]:
    """Return names of terms in the order of tables."""
    return sorted(
        names, key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name)
    )


@with_x64
def decomposed(
    force_field: ForceField,
    atoms: Atoms,
    *,
    charge: float | None = None,
    multiplicity: float | None = None,
    forces: bool = True,
    memory_gib: float = 8.0,
) -> Decomposition:
    """Return what each term contributes to a structure, as numpy arrays over its atoms.

    Args:
        force_field: Force field in its reference formulation.
        atoms: Structure.
        charge: Total charge in e, instead of the structure's own.
        multiplicity: Multiplicity 2S + 1, instead of the structure's own.
        forces: Whether forces by term are wanted.
        memory_gib: Most memory in GiB that the evaluation may use, by estimate.

    Raises:
        StructureError: The force field cannot describe the structure.
        InputError: The evaluation would take more memory than allowed.
    """
    system = system_from_atoms(atoms, charge, multiplicity)
    force_field.check(system)
    system, pairs = Batcher(force_field)([system])
    check_memory(pairs, forces, memory_gib)
    count = len(atoms)
    found = jax.device_get(_decompose(force_field, system, pairs, forces))
    return jax.tree.map(lambda array: np.asarray(array, np.float64)[:count], found)


@eqx.filter_jit
def _decompose(
    force_field: ForceField, system: System, pairs: Pairs, forces: bool
) -> Decomposition:
    return decompose_system(force_field, system, pairs, forces=forces)


def check_memory(pairs: Pairs, forces: bool, memory_gib: float) -> None:
    """Refuse an evaluation whose intermediate values would not fit into memory.

    Args:
        pairs: Pair lists of the structure.
        forces: Whether forces by term are wanted.
        memory_gib: Most memory in GiB that the evaluation may use.

    Raises:
        InputError: The estimate is above the limit.
    """
    lists = by_range(apart(pairs)[0])
    needed = len(lists["short"].i) * BYTES_PER_SHORT_PAIR[forces] / 2**30
    if needed > memory_gib:
        raise InputError(
            "explain: the decomposition would take too much memory",
            got=f"about {needed:.1f} GiB",
            expected=f"at most {memory_gib:g} GiB (memory_gib)",
            remedy="Leave out the forces with forces=False, cut out a part of the structure, or "
            "allow more"
            if forces
            else "Cut out a part of the structure, or allow more",
        )
