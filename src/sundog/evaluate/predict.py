"""Single points: energies, forces and properties of given structures, many per call.

Structures are put into batches of bounded size. Batches are padded to a few standard
lengths, so that a mixed set of structures compiles few programs.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import equinox as eqx
import jax
import numpy as np
from ase import Atoms

from sundog.errors import InputError
from sundog.forcefield.base import AbstractForceField
from sundog.forcefield.prediction import Prediction
from sundog.io.structures import system_from_atoms
from sundog.numerics.lengths import standard_length
from sundog.numerics.precision import with_x64
from sundog.system import System, concatenate, pad

ATOMS_PER_BATCH = 1024
PAIRS_PER_BATCH = 400_000
LARGE = 1500
"""Atoms above which a structure is computed alone, with the device's own pair lists."""

GROWTH = 1.3
"""Ratio of successive standard lengths; padding costs at most this much."""

PER_SYSTEM = frozenset({"energy", "virial", "volume", "energies", "dipole"})
"""Parts of a prediction that have an entry per structure; the others have one per atom."""

Structure = Atoms | System


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
        force_field: from `sundog.load`.
        structures: ASE atoms, whose `info["charge"]` and `info["spin"]` (multiplicity) are
            read, or `System`s.
        charge: total charge of every structure; goes before the structures' own.
        multiplicity: 2S + 1 of every structure; goes before the structures' own.

    Raises:
        StructureError: a structure that the force field cannot describe.
        InputError: no structures.
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
    """Yield predictions in order as their batches are done; arguments as for `predict`."""
    for number, batch in _batches(force_field, structures, charge, multiplicity):
        try:
            yield from _predict_batch(force_field, batch)
        except InputError as error:
            if len(structures) > 1:
                error.add_note(f"in the batch that starts with structure {number}")
            raise


@with_x64
def _predict_batch(force_field: AbstractForceField, batch: list[System]) -> list[Prediction]:
    system = concatenate(batch)
    if len(batch) == 1 and system.number_of_atoms > LARGE:
        pairs = force_field.allocate_neighbors(system, skin=0.0).pairs
    else:
        atoms, systems = (
            standard_length(count, GROWTH) for count in (system.number_of_atoms, len(batch))
        )
        system = pad(system, atoms, systems)
        pairs = force_field.pairs_once(system)
    prediction = _call(force_field, system, pairs)
    return _split(jax.device_get(prediction), [member.number_of_atoms for member in batch])


@eqx.filter_jit
def _call(force_field: AbstractForceField, system: System, pairs: Any) -> Prediction:
    return force_field(system, pairs)


@with_x64
def _as_system(
    force_field: AbstractForceField,
    structure: Structure,
    charge: float | None,
    multiplicity: float | None,
) -> System:
    if isinstance(structure, Atoms):
        structure = system_from_atoms(structure, charge, multiplicity)
    elif structure.number_of_systems != 1:
        raise InputError("predict: a System must hold one structure; give a list for several")
    force_field.check(structure)
    return structure


def _batches(
    force_field: AbstractForceField,
    structures: Sequence[Structure],
    charge: float | None,
    multiplicity: float | None,
) -> Iterator[tuple[int, list[System]]]:
    """Yield runs of structures within the limits, each with the number of its first."""
    batch: list[System] = []
    atoms = pairs = 0
    for number, structure in enumerate(structures):
        try:
            system = _as_system(force_field, structure, charge, multiplicity)
        except InputError as error:
            if len(structures) > 1:
                error.args = (f"structure {number}: {error.args[0]}",)
            raise
        size = system.number_of_atoms
        # Molecules meet all their atoms; in a crystal a few hundred are within reach.
        more = size * min(size, 800) if not np.asarray(system.pbc).any() else size * 800
        mixed = bool(batch) and (batch[0].fragment_index is None) != (system.fragment_index is None)
        if batch and (atoms + size > ATOMS_PER_BATCH or pairs + more > PAIRS_PER_BATCH or mixed):
            yield number - len(batch), batch
            batch, atoms, pairs = [], 0, 0
        batch.append(system)
        atoms, pairs = atoms + size, pairs + more
    yield len(structures) - len(batch), batch


def _split(prediction: Prediction, sizes: list[int]) -> list[Prediction]:
    """Return one prediction per structure, without padding and without the systems axis."""
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
