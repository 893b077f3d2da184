"""Small systems and models shared by the tests."""

from dataclasses import replace
from functools import cache, partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from ase.build import molecule

from sundog.elements import SUPPORTED
from sundog.forcefield.base import AbstractForceField
from sundog.forcefield.prediction import Prediction
from sundog.forcefield.so3lr import ForceField, assemble
from sundog.hamiltonian import Hamiltonian
from sundog.kernels.cpu.library import why_unavailable
from sundog.longrange.planned import Planned
from sundog.model.hyperparameters import Hyperparameters
from sundog.model.so3krates import So3krates, initialize
from sundog.neighbors.base import Pairs
from sundog.neighbors.reference import reference_pairs
from sundog.system import System, make_system
from sundog.terms.zbl import ZBL
from sundog.topology.hydrogens import BondedHydrogens, joined
from sundog.topology.topology import make_topology

needs_cpu_kernels = pytest.mark.skipif(
    why_unavailable() is not None, reason=f"compiled kernels: {why_unavailable()}"
)
"""Marks tests of the compiled kernels; `test_cpu_library.py` fails where they should be there."""

PLAN = ["--sample-every", "5", "--frame-every", "10", "--checkpoint-minutes", "0"]
"""Flags for rows, frames and checkpoints in runs of few steps."""

SMALL = Hyperparameters(
    features=16,
    heads=2,
    degrees=(1, 2),
    layers=2,
    radial_functions=8,
    angular_features=8,
    hirshfeld_features=8,
)
"""A model of the family that is not of the published shape."""

SIMPLE = replace(SMALL, features=8, heads=1, degrees=(1,), layers=1, cutoff=3.0)
"""A model with the least of everything, for tests of what is beside the network."""

NEARSIGHTED = replace(SMALL, cutoff=3.2)
"""A model for systems of hundreds of atoms."""


def small_force_field(
    electrostatics="truncated", cutoff=7.0, precision="float64", tail=False
) -> ForceField:
    """A random, tiny force field with every part of the real one."""
    zbl = ZBL(
        a=jnp.asarray([1.1, 0.9, 0.5, 0.2]),
        c=jnp.asarray([0.2, 0.5, 0.2, 0.1]),
        p=jnp.asarray(0.3),
        d=jnp.asarray(2.2),
        cutoff=SMALL.cutoff,
        switch_off=SMALL.zbl_cutoff,
    )
    return assemble(
        _small_network(),
        zbl,
        Hamiltonian(
            electrostatics=electrostatics,
            cutoff_angstrom=cutoff,
            dispersion_tail=tail,
            precision=precision,
        ),
    )


@cache
def _small_network() -> So3krates:
    """Drawn once: the hundred little programs that draw it take seconds to compile."""
    return initialize(SMALL, jax.random.split(jax.random.key(7), 2)[0])


def random_force_field(
    hyperparameters: Hyperparameters,
    electrostatics,
    precision="float64",
    *,
    cutoff=7.0,
    seed=0,
    accuracy=1e-4,
    tail=False,
) -> ForceField:
    """A force field of any shape in which every parameter, biases included, is random."""
    rng = np.random.default_rng(seed)

    def drawn(leaf):
        if not isinstance(leaf, jax.ShapeDtypeStruct):
            return leaf
        scale = leaf.shape[-2] ** -0.5 if len(leaf.shape) > 1 else 0.3
        return jnp.asarray(scale * rng.normal(size=leaf.shape))

    shapes = eqx.filter_eval_shape(initialize, hyperparameters, jax.random.key(0))
    zbl = ZBL(
        *(jnp.asarray(rng.uniform(0.1, 1.5, 4)) for _ in range(2)),
        p=jnp.asarray(0.3),
        d=jnp.asarray(2.2),
        cutoff=hyperparameters.cutoff,
        switch_off=hyperparameters.zbl_cutoff,
    )
    network = jax.tree.map(drawn, shapes)
    return assemble(
        network,
        zbl,
        Hamiltonian(
            electrostatics=electrostatics,
            cutoff_angstrom=cutoff,
            ewald_accuracy=accuracy,
            dispersion_tail=tail,
            precision=precision,
        ),
    )


CELLS = {
    "cubic": np.diag([13.0, 13.0, 13.0]),
    "triclinic": np.array([[14.0, 0.0, 0.0], [-5.0, 13.0, 0.0], [4.0, -6.0, 12.0]]),
    "turned": np.array([[9.0, 9.0, -2.0], [-8.0, 9.0, 3.0], [4.0, 1.0, 13.0]]),
    "left-handed": np.array([[0.0, 13.0, 0.0], [13.0, 1.0, 0.0], [0.0, 0.0, 13.0]]),
}
"""Cells of all kinds, Å."""

QUICKLY = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}
"""Options for programs that take longer to compile than they ever run."""


@partial(jax.jit, static_argnums=0, compiler_options=QUICKLY)
def _call(structure, leaves) -> Prediction:
    force_field, system, pairs = jax.tree.unflatten(structure, leaves)
    return force_field(system, pairs)


def call(force_field: AbstractForceField, system: System, pairs) -> Prediction:
    """What a force field says, compiled quickly."""
    leaves, structure = jax.tree.flatten((force_field, system, pairs))
    return _call(structure, leaves)


def call_anew(force_field: AbstractForceField, system: System, pairs) -> Prediction:
    """The same by a program of its own, for tests that change what it is traced with."""
    leaves, structure = jax.tree.flatten((force_field, system, pairs))

    def program(leaves):
        force_field, system, pairs = jax.tree.unflatten(structure, leaves)
        return force_field(system, pairs)

    return jax.jit(program, compiler_options=QUICKLY)(leaves)


def pairs_for(force_field: AbstractForceField, system: System, skin: float = 0.0) -> Pairs:
    """Plain pair lists for every range of a force field.

    Padded to few lengths, so that slightly different geometries share a compiled program.
    """
    lists = {}
    for name, cutoff in force_field.cutoffs.items():
        count = len(reference_pairs(system, cutoff + skin).i)
        capacity = 1 << (count + 8).bit_length()
        lists[name] = reference_pairs(system, cutoff + skin, capacity=capacity)
    plan = force_field.plan(system)
    return lists if plan is None else Planned(lists, plan)


def moved(system: System, displacement) -> System:
    """The system with its atoms displaced by an array that broadcasts, in Å."""
    return system.at(jnp.asarray(np.asarray(system.positions) + displacement))


def ethanol(**kwargs) -> System:
    """Ethanol, slightly out of its minimum so that no symmetry hides an error."""
    atoms = molecule("CH3CH2OH")
    atoms.rattle(0.05, seed=3)
    return make_system(atoms.positions, atoms.numbers, **kwargs)


def small_crystal(seed=0, scale=1.0) -> System:
    """Twelve atoms in a skewed cell shorter than the long-range cutoff."""
    rng = np.random.default_rng(seed)
    cell = scale * np.array([[5.5, 0.0, 0.0], [1.5, 5.2, 0.0], [-0.8, 1.1, 6.0]])
    grid = np.stack(np.meshgrid(*[np.arange(n) / n for n in (2, 2, 3)], indexing="ij"), -1)
    positions = grid.reshape(-1, 3) @ cell + rng.uniform(-0.25, 0.25, (12, 3))
    return make_system(positions, [8, 1, 6, 1, 7, 1, 8, 1, 6, 1, 1, 1], cell=cell, pbc=True)


def large_crystal() -> System:
    """288 atoms of all elements in a skewed cell: enough for tables by species."""
    one, rng = small_crystal(), np.random.default_rng(4)
    repeats = np.array([4, 3, 2])
    cells = np.stack(np.meshgrid(*map(np.arange, repeats), indexing="ij"), -1).reshape(-1, 3)
    cell = np.asarray(one.cell[0])
    positions = ((cells @ cell)[:, None] + np.asarray(one.positions)).reshape(-1, 3)
    numbers = np.tile(one.numbers, len(cells))
    numbers[: len(SUPPORTED)] = SUPPORTED
    positions += rng.uniform(-0.1, 0.1, positions.shape)
    return make_system(positions, numbers, cell=repeats[:, None] * cell, pbc=True)


def hydrogens_of(system: System) -> BondedHydrogens:
    """Hydrogens of all structures of a batch, each by the bonds of its own."""
    index, numbers = np.asarray(system.system_index), np.asarray(system.numbers)
    found, sizes = [], []
    for k in np.unique(index[numbers > 0]):
        mine = (index == k) & (numbers > 0)
        positions, cell, pbc = (
            np.asarray(of) for of in (system.positions[mine], system.cell[k], system.pbc[k])
        )
        found.append(make_topology(numbers[mine], positions, cell, pbc).hydrogens)
        sizes.append(int(mine.sum()))
    return joined(found, sizes)


def cells_moved(before, after, cell) -> np.ndarray:
    """By how many lattice vectors each atom was moved."""
    cells = (after - before) @ np.linalg.inv(cell)
    np.testing.assert_allclose(cells, np.round(cells), atol=1e-9)
    return np.round(cells).astype(int)
