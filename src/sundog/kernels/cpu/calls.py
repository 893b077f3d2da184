"""Compiled kernels as functions of arrays (pure, jittable; not differentiable)."""

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
"""Integers that fix the shape of a model, from `forcefield.formulations.packing`."""


class Model(NamedTuple):
    """Network in the form that the kernels take.

    Attributes:
        shape: integers that fix the shape of the network.
        constants: real numbers that are no weights.
        parameters: weights and tables, packed into one array.
    """

    shape: Shape
    constants: Float[Array, " constants"]
    parameters: Float[Array, " parameters"]


class Forward(NamedTuple):
    """Results of the network for each atom, and the residuals of its backward pass.

    Attributes:
        energies: network's energies in eV.
        charges: partial charges in e, before they are shifted to the total charge.
        ratios: Hirshfeld ratios with their sign.
        repulsion: ZBL energies in eV, half of every pair.
        features: features x of the last layer.
        euclidean: Euclidean variables ev of the last layer.
        workspace: intermediate results that only `backward` reads.
        indices: indices that only `backward` reads.
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
    """Energies of the long range and their derivatives.

    Attributes:
        electrostatics: energy of each atom in eV, half of every pair.
        dispersion: energy of each atom in eV, half of every pair.
        by_charge: derivative dE/dq in eV/e.
        by_polarizability: derivative dE/dα in eV/bohr³.
        gradient: derivative dE/dR in eV/Å.
        virial: derivative dE/dε by the strain in eV.
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
    """Return the results of the network.

    Args:
        model: network.
        system: positions and cells.
        lists: lists that are valid for the system.
        initial: initial features x⁰.
        threads: largest number of threads.
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
    """Return the derivatives dE/dR in eV/Å and dE/dε in eV that go through the network.

    They include the derivatives of other terms through the network's charges and ratios.

    Args:
        model: network.
        system: as in `forward`.
        lists: as in `forward`.
        after: results of `forward`.
        by_charge: derivative of the other terms by the charges before their shift, in eV/e.
        by_ratio: derivative of the other terms by the ratios with their sign, in eV.
        threads: largest number of threads.
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
        constants: constants from `kernels.cpu.coulomb`.
        system: positions and cells.
        lists: lists that are valid for the system.
        charges: partial charges in e.
        polarizabilities: polarisabilities in bohr³.
        over_c: ratio α²/C6 of each atom's element in atomic units.
        threads: largest number of threads.
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
    """Return symmetric matrices from their components xx, yy, zz, yz, xz, xy."""
    return virial[:, np.array([0, 5, 4, 5, 1, 3, 4, 3, 2])].reshape(-1, 3, 3)


def _double(values: Array) -> Array:
    return values.astype(jnp.float64)


def _attribute(values: tuple[int, ...]) -> np.ndarray:
    return np.asarray(values, np.int64)
