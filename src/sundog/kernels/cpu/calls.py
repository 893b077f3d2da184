"""The kernels as functions of arrays (pure, jittable; not differentiable)."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from sundog.kernels.cpu import library
from sundog.kernels.cpu.lists import CpuLists
from sundog.system import System
from sundog.typing import Cells, PerAtom, Positions

Shape = tuple[int, ...]
"""Integers that describe a model to the kernels; see `forcefield.formulations.packing`."""


class Model(NamedTuple):
    """A network as the kernels take it.

    Attributes:
        shape: its integers.
        constants: its numbers that are no weights.
        parameters: its weights and tables, packed.
    """

    shape: Shape
    constants: Float[Array, " constants"]
    parameters: Float[Array, " parameters"]


class Forward(NamedTuple):
    """What the network says of each atom, and what its backward pass needs.

    Attributes:
        energies: eV.
        charges: before equalisation, e.
        ratios: with their sign.
        repulsion: half of every pair, eV.
        features: x of the last layer.
        euclidean: ev of the last layer.
        workspace: opaque.
        indices: opaque.
    """

    energies: PerAtom
    charges: PerAtom
    ratios: PerAtom
    repulsion: PerAtom
    features: Float[Array, "atoms features"]
    euclidean: Float[Array, "atoms components"]
    workspace: Float[Array, " workspace"]
    indices: Int[Array, " indices"]


class LongRange(NamedTuple):
    """Energies of the long range, half of every pair, and their derivatives.

    Attributes:
        electrostatics: eV per atom.
        dispersion: eV per atom.
        by_charge: dE/dq in eV/e.
        by_polarizability: dE/dα in eV/bohr³.
        gradient: dE/dR in eV/Å.
        virial: dE/dε in eV.
    """

    electrostatics: PerAtom
    dispersion: PerAtom
    by_charge: PerAtom
    by_polarizability: PerAtom
    gradient: Positions
    virial: Cells


def forward(
    model: Model,
    system: System,
    lists: CpuLists,
    initial: Float[Array, "atoms features"],
    threads: int,
) -> Forward:
    """Return what the network predicts.

    Args:
        model: the network.
        system: positions and cells.
        lists: up to date for the system.
        initial: the embedding x⁰.
        threads: that may take part at most.
    """
    atoms, features = initial.shape
    dtype = initial.dtype
    degrees = np.asarray(model.shape[8:])
    per_atom = jax.ShapeDtypeStruct((atoms,), dtype)
    extent = lists.extent
    results = jax.ffi.ffi_call(
        "sundog_forward",
        (
            *[per_atom] * 4,
            jax.ShapeDtypeStruct((atoms, features), dtype),
            jax.ShapeDtypeStruct((atoms, int(np.sum(2 * degrees + 1))), dtype),
            jax.ShapeDtypeStruct((library.workspace_size(model.shape, extent, dtype),), dtype),
            jax.ShapeDtypeStruct((3 * extent[5] + extent[2],), jnp.int32),
        ),
    )(
        _double(system.positions),
        _double(system.cell),
        system.numbers.astype(jnp.int32),
        lists.data,
        initial,
        model.parameters,
        model.constants,
        threads=np.int64(threads),
        shape=_attribute(model.shape),
        extent=_attribute(extent),
    )
    return Forward(*results)


def backward(
    model: Model,
    system: System,
    lists: CpuLists,
    after: Forward,
    by_charge: PerAtom,
    by_ratio: PerAtom,
    threads: int,
) -> tuple[Positions, Cells]:
    """Return dE/dR and dE/dε of the short range, and of what else depends on its outputs.

    Args:
        model: the network.
        system: as in `forward`.
        lists: as in `forward`.
        after: from `forward`.
        by_charge: dE/dq before equalisation.
        by_ratio: dE/dh with the sign of h.
        threads: that may take part at most.
    """
    workspace = jax.ShapeDtypeStruct(after.workspace.shape, after.workspace.dtype)
    gradient, virial, _ = jax.ffi.ffi_call(
        "sundog_backward",
        (*_derivatives(system), workspace),
        input_output_aliases={7: 2},
    )(
        _double(system.cell),
        system.numbers.astype(jnp.int32),
        lists.data,
        by_charge,
        by_ratio,
        model.parameters,
        model.constants,
        after.workspace,
        after.indices,
        threads=np.int64(threads),
        shape=_attribute(model.shape),
        extent=_attribute(lists.extent),
    )
    return gradient, _symmetric(virial)


def long_range(
    constants: Float[Array, " constants"],
    system: System,
    lists: CpuLists,
    charges: PerAtom,
    polarizabilities: PerAtom,
    over_c: PerAtom,
    threads: int,
) -> LongRange:
    """Return electrostatics and dispersion.

    Args:
        constants: from `kernels.cpu.coulomb`.
        system: positions and cells.
        lists: up to date for the system.
        charges: e.
        polarizabilities: bohr³.
        over_c: α²/C6 of each atom's element in atomic units.
        threads: that may take part at most.
    """
    dtype = charges.dtype
    per_atom = jax.ShapeDtypeStruct(charges.shape, dtype)
    size = library.long_scratch_size(lists.extent, dtype)
    *energies, gradient, virial, _ = jax.ffi.ffi_call(
        "sundog_long_range",
        (*[per_atom] * 4, *_derivatives(system), jax.ShapeDtypeStruct((size,), jnp.float64)),
    )(
        _double(system.positions),
        _double(system.cell),
        lists.data,
        charges,
        polarizabilities,
        over_c,
        constants,
        threads=np.int64(threads),
        extent=_attribute(lists.extent),
    )
    electrostatics, dispersion, by_charge, by_polarizability = energies
    return LongRange(
        electrostatics=electrostatics,
        dispersion=dispersion,
        by_charge=by_charge,
        by_polarizability=by_polarizability,
        gradient=gradient,
        virial=_symmetric(virial),
    )


def _derivatives(system: System) -> tuple[jax.ShapeDtypeStruct, jax.ShapeDtypeStruct]:
    return (
        jax.ShapeDtypeStruct(system.positions.shape, jnp.float64),
        jax.ShapeDtypeStruct((system.number_of_systems, 6), jnp.float64),
    )


def _symmetric(virial: Float[Array, "systems 6"]) -> Cells:
    """Return matrices of their components xx, yy, zz, yz, xz, xy."""
    return virial[:, np.array([0, 5, 4, 5, 1, 3, 4, 3, 2])].reshape(-1, 3, 3)


def _double(values: Array) -> Array:
    return values.astype(jnp.float64)


def _attribute(values: tuple[int, ...]) -> np.ndarray:
    return np.asarray(values, np.int64)
