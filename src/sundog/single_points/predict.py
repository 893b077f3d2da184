"""Single points: energies, forces and properties of given structures, many per call."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, overload

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from ase import Atoms
from jaxtyping import Array, Float

from sundog.errors import InputError
from sundog.forcefield.base import AbstractForceField
from sundog.forcefield.prediction import Prediction
from sundog.io.structures import system_from_atoms
from sundog.numerics.precision import with_x64
from sundog.single_points.batches import Batcher, batches, windows
from sundog.system import System

PER_SYSTEM = frozenset({"energy", "virial", "volume", "energies", "dipole"})
"""Fields of a prediction with an entry per structure; the others have one per atom."""

Structure = Atoms | System
"""Structure as ASE atoms, or as a system that is one structure."""


@overload
def predict(
    force_field: AbstractForceField,
    structures: Structure,
    *,
    charge: float | None = None,
    multiplicity: float | None = None,
) -> Prediction: ...


@overload
def predict(
    force_field: AbstractForceField,
    structures: Sequence[Structure],
    *,
    charge: float | None = None,
    multiplicity: float | None = None,
) -> list[Prediction]: ...


@with_x64
def predict(
    force_field: AbstractForceField,
    structures: Structure | Sequence[Structure],
    *,
    charge: float | None = None,
    multiplicity: float | None = None,
) -> Prediction | list[Prediction]:
    """Return the prediction for a structure, or a list of them for several.

    Args:
        force_field: Force field from `sundog.load`.
        structures: ASE atoms, whose `info["charge"]` and `info["spin"]` (multiplicity) are
            read, or `System`s.
        charge: Total charge of every structure in e, instead of its own.
        multiplicity: Multiplicity 2S + 1 of every structure, instead of its own.

    Raises:
        StructureError: The force field cannot describe a structure.
        InputError: There are no structures.
    """
    if isinstance(structures, Structure):
        return next(predict_each(force_field, [structures], charge, multiplicity))
    if not structures:
        raise InputError("predict: no structures were given")
    return list(predict_each(force_field, structures, charge, multiplicity))


def predict_each(
    force_field: AbstractForceField,
    structures: Sequence[Structure],
    charge: float | None = None,
    multiplicity: float | None = None,
) -> Iterator[Prediction]:
    """Yield predictions in order as their windows are done.

    Args:
        force_field: Force field from `sundog.load`.
        structures: ASE atoms, whose `info["charge"]` and `info["spin"]` (multiplicity) are
            read, or `System`s.
        charge: Total charge of every structure in e, instead of its own.
        multiplicity: Multiplicity 2S + 1 of every structure, instead of its own.

    Raises:
        InputError: The force field cannot describe a structure, which is named by its number.
    """
    for window in predict_windows(force_field, structures, charge, multiplicity):
        yield from window


def predict_windows(
    force_field: AbstractForceField,
    structures: Sequence[Structure],
    charge: float | None = None,
    multiplicity: float | None = None,
    *,
    first: int = 0,
) -> Iterator[list[Prediction]]:
    """Yield the predictions of one window (`batches.windows`) after another, in order.

    Args:
        force_field: Force field from `sundog.load`.
        structures: ASE atoms, whose `info["charge"]` and `info["spin"]` (multiplicity) are
            read, or `System`s.
        charge: Total charge of every structure in e, instead of its own.
        multiplicity: Multiplicity 2S + 1 of every structure, instead of its own.
        first: Number of the window to begin with.

    Raises:
        InputError: The force field cannot describe a structure, which is named by its number.
    """
    batcher = Batcher(force_field)
    for window in windows([_size(structure) for structure in structures])[first:]:
        systems = [
            _as_system(force_field, structures[n], charge, multiplicity, _name(n, structures))
            for n in window
        ]
        predictions: list[Prediction | None] = [None] * len(systems)
        for batch in batches(systems):
            members = [systems[n] for n in batch]
            system, pairs = _prepared(batcher, members, [window[n] for n in batch], structures)
            result = _on_host(_call, force_field, system, pairs)
            for n, one in zip(batch, _split(result, members), strict=True):
                predictions[n] = one
        yield [one for one in predictions if one is not None]


@with_x64
def energies(
    force_field: AbstractForceField, systems: Sequence[System]
) -> Float[np.ndarray, " systems"]:
    """Return the energies of many structures in eV; no forces are computed.

    Args:
        force_field: Force field from `sundog.load`.
        systems: Systems of one structure each, already checked.

    Raises:
        CoincidentAtomsError: Two atoms of a structure are almost at one place.
    """
    batcher = Batcher(force_field)
    found = np.zeros(len(systems))
    for batch in batches(systems):
        system, pairs = _prepared(batcher, [systems[n] for n in batch], batch, systems)
        found[batch] = _on_host(_energy, force_field, system, pairs)[: len(batch)]
    return found


@eqx.filter_jit
def _call(force_field: AbstractForceField, system: System, pairs: Any) -> Prediction:
    return force_field(system, pairs)


@eqx.filter_jit
def _energy(
    force_field: AbstractForceField, system: System, pairs: Any
) -> Float[Array, " systems"]:
    # The compiler drops what only forces and virial need.
    return jnp.asarray(force_field(system, pairs).energy)


@with_x64
def _on_host(function: Any, force_field: AbstractForceField, system: System, pairs: Any) -> Any:
    return jax.device_get(function(force_field, system, pairs))


@with_x64
def _prepared(
    batcher: Batcher, members: list[System], numbers: list[int], structures: Sequence[Structure]
) -> tuple[System, Any]:
    """Return a batch; the error of a structure that cannot be computed names it."""
    try:
        return batcher(members)
    except InputError:
        for member, number in zip(members, numbers, strict=True):
            with _naming(_name(number, structures)):
                batcher([member])
        raise


@with_x64
def _as_system(
    force_field: AbstractForceField,
    structure: Structure,
    charge: float | None,
    multiplicity: float | None,
    name: str | None,
) -> System:
    with _naming(name):
        if isinstance(structure, Atoms):
            structure = system_from_atoms(structure, charge, multiplicity)
        elif structure.number_of_systems != 1:
            raise InputError("predict: a System must hold one structure; give a list for several")
        force_field.check(structure)
    return structure


@contextmanager
def _naming(name: str | None) -> Iterator[None]:
    """Put the name of a structure before the message of an error."""
    try:
        yield
    except InputError as error:
        if name is not None:
            error.args = (f"{name}: {error.args[0]}",)
        raise


def _size(structure: Structure) -> int:
    return len(structure) if isinstance(structure, Atoms) else structure.number_of_atoms


def _name(number: int, structures: Sequence[Structure]) -> str | None:
    return f"structure {number}" if len(structures) > 1 else None


def _split(prediction: Prediction, members: Sequence[System]) -> list[Prediction]:
    """Return one prediction per structure, without padding and without the axis of systems."""
    sizes = [member.number_of_atoms for member in members]
    ends = np.cumsum(sizes)
    single = []
    for number, (size, end) in enumerate(zip(sizes, ends, strict=True)):
        atoms = slice(end - size, end)
        parts = {
            name: jax.tree.map(
                lambda leaf, index=number if name in PER_SYSTEM else atoms: np.asarray(leaf[index]),
                value,
            )
            for name, value in vars(prediction).items()
        }
        single.append(Prediction(**parts))
    return single
