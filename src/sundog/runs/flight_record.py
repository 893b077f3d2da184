"""Flight record of a run that diverged: the steps before the failure, atom by atom.

The chunk that failed is run again from its beginning, its last steps one by one. The record lists
them, the atoms with the largest forces, their closest contacts, a likely cause and a remedy.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import jax.numpy as jnp
import numpy as np
from ase import Atoms

from sundog.elements import covalent_radii, symbol
from sundog.engine.observers.energies import Thermometer
from sundog.engine.run import BlowUpError, advance
from sundog.engine.state import MDState
from sundog.files import write_atomically
from sundog.io.extxyz import write_extxyz
from sundog.neighbors.lattice import complete_lattice
from sundog.runs.directory import RunDirectory
from sundog.units import FEMTOSECOND

STEPS_SHOWN, ATOMS_SHOWN, CONTACTS_SHOWN = 10, 5, 3
"""Numbers shown: of last steps, of atoms with the largest forces, of contacts of each of them."""

TOO_CLOSE = 0.7
"""Distance in sums of the covalent radii below which a contact is named as the likely cause; even
triple bonds are longer, about 0.8."""

LONG_TIMESTEP_FS = 1.0
"""Timestep in fs above which it is named as the likely cause: about a tenth of the period of an X–H
stretch."""


@dataclass(frozen=True)
class _Moment:
    """A state of the replica that failed, on the host."""

    step: int
    energy: float
    temperature: float
    positions: np.ndarray
    momenta: np.ndarray
    velocities: np.ndarray
    forces: np.ndarray
    cell: np.ndarray
    origin: np.ndarray
    pbc: np.ndarray


def write_flight_record(
    directory: RunDirectory,
    failure: BlowUpError,
    atoms: Atoms,
    timestep_fs: float,
    with_all_forces: Callable[[MDState], MDState],
) -> None:
    """Write `flight_record.txt` and the structures of its steps, `flight_record.extxyz`.

    Args:
        directory: directory of the run.
        failure: failure that stopped the run; of several replicas the one that failed is shown.
        atoms: the structure, for names of atoms.
        timestep_fs: timestep in fs.
        with_all_forces: function that returns a state with its physical forces.

    Raises:
        RunDirectoryError: the disk is full.
    """
    thermometer = Thermometer(failure.ensemble.conserved_momenta)
    replica = _worst_replica(failure.after)
    states = (with_all_forces(state) for state in _repeated(failure))
    moments = [_moment(state, replica, len(atoms), thermometer) for state in states]
    first, last = moments[0], moments[-1]
    lines = [str(failure), "", f"Last good state: step {first.step}. Then, step by step:"]
    for moment in moments:
        force = np.linalg.norm(moment.forces, axis=1)
        lines.append(
            f"  step {moment.step:>10}  E {moment.energy:>14.5g} eV"
            f"  T {moment.temperature:>10.4g} K"
            f"  largest force {force.max():>10.4g} eV/Å on {_name(atoms, int(force.argmax()))}"
        )
    worst = _most_pushed(last)
    lines += ["", "Atoms with the strongest forces, and what is next to them, in the last step:"]
    lines += [_describe(atoms, last, k) for k in worst]
    lines += ["", "The same atoms in the last good state:"]
    lines += [_describe(atoms, first, k) for k in worst]
    lines += ["", f"Likely cause: {_cause(atoms, first, timestep_fs)}", ""]
    write_atomically(directory.path / "flight_record.txt", "\n".join(lines))
    frames = [_frame(atoms, moment) for moment in moments]
    write_extxyz(directory.path / "flight_record.extxyz", frames)


def _repeated(failure: BlowUpError) -> Iterator[MDState]:
    """Yield the state before the failure and the last ones that lead up to it."""
    yield failure.before
    steps = int(failure.after.step) - int(failure.before.step)
    state = failure.before
    skipped = max(0, steps - STEPS_SHOWN)
    if skipped:
        state = _advanced(state, failure, skipped)
        yield state
    for _ in range(steps - skipped):
        after = _advanced(state, failure, 1)
        if after.neighbors.overflow:
            larger = state.neighbors.enlarged(state.system, after.neighbors)
            state = replace(state, neighbors=larger)
            after = _advanced(state, failure, 1)
        state = after
        yield state


def _advanced(state: MDState, failure: BlowUpError, steps: int) -> MDState:
    """Return the state after some steps, by the program that has been compiled for the run."""
    count, stride = jnp.int32(1), jnp.int32(steps)
    after, _ = advance(state, failure.ensemble, failure.observers, count, stride, failure.capacity)
    return after


def _moment(state: MDState, replica: int, size: int, thermometer: Thermometer) -> _Moment:
    mine = slice(replica * size, (replica + 1) * size)
    return _Moment(
        step=int(state.step),
        energy=float(state.potential_energy[replica]),
        temperature=float(thermometer(state)[replica]),
        positions=np.asarray(state.system.positions[mine]),
        momenta=np.asarray(state.momenta[mine]),
        velocities=np.asarray(state.momenta[mine]) / np.asarray(state.masses[mine])[:, None],
        forces=np.asarray(state.forces[mine]),
        cell=np.asarray(state.system.cell[replica]),
        origin=np.asarray(state.system.origin[replica]),
        pbc=np.asarray(state.system.pbc[replica]),
    )


def _worst_replica(state: MDState) -> int:
    force = np.linalg.norm(np.nan_to_num(np.asarray(state.forces), nan=np.inf), axis=1)
    return int(state.system.system_index[int(force.argmax())])


def _most_pushed(moment: _Moment) -> list[int]:
    force = np.linalg.norm(np.nan_to_num(moment.forces, nan=np.inf), axis=1)
    return np.argsort(-force, kind="stable")[:ATOMS_SHOWN].tolist()


def _describe(atoms: Atoms, moment: _Moment, atom: int) -> str:
    force = float(np.linalg.norm(moment.forces[atom]))
    speed = float(np.linalg.norm(moment.velocities[atom])) * FEMTOSECOND
    contacts = ", ".join(
        f"{_name(atoms, other)} {distance:.3f} Å" for other, distance in _contacts(moment, atom)
    )
    return (
        f"  {_name(atoms, atom):<10} force {force:>10.4g} eV/Å, speed {speed:>8.4g} Å/fs; "
        f"nearest: {contacts}"
    )


def _contacts(moment: _Moment, atom: int) -> list[tuple[int, float]]:
    """Return the nearest atoms and their distances, by the nearest image of each."""
    vectors = moment.positions - moment.positions[atom]
    if moment.pbc.any():
        lattice, _ = complete_lattice(moment.cell, moment.pbc, moment.positions)
        fractions = vectors @ np.linalg.inv(lattice)
        vectors = (fractions - np.round(fractions) * moment.pbc) @ lattice
    distances = np.linalg.norm(vectors, axis=1)
    distances[atom] = np.inf
    order = np.argsort(distances, kind="stable")[: min(CONTACTS_SHOWN, len(distances) - 1)]
    return [(int(other), float(distances[other])) for other in order]


def _cause(atoms: Atoms, moment: _Moment, timestep_fs: float) -> str:
    """Return the cause that the last good state makes most likely."""
    radius = covalent_radii()[atoms.numbers]
    for atom in _most_pushed(moment):
        for other, distance in _contacts(moment, atom):
            if distance < TOO_CLOSE * (radius[atom] + radius[other]):
                return (
                    f"{_name(atoms, atom)} and {_name(atoms, other)} are {distance:.3f} Å apart "
                    "before the failure. If that is so in the structure file, repair it or "
                    "minimise (minimize=True)."
                )
    if timestep_fs > LONG_TIMESTEP_FS:
        return f"the timestep of {timestep_fs:g} fs is long; try 0.5 fs."
    return (
        "the structure was pulled to where the model knows little. Minimise first (minimize=True), "
        "heat slowly (temperature_end_kelvin), try a timestep of 0.25 fs, and check charge, "
        "spin and protonation."
    )


def _frame(atoms: Atoms, moment: _Moment) -> Atoms:
    frame = atoms.copy()
    frame.set_cell(moment.cell)
    frame.positions = moment.positions + moment.origin
    frame.set_momenta(moment.momenta)
    frame.set_array("forces", moment.forces)
    frame.info["step"] = moment.step
    return frame


def _name(atoms: Atoms, atom: int) -> str:
    return f"{symbol(int(atoms.numbers[atom]))} {atom}"
