"""Relaxation of structures: a single one, with its cell if asked for, or many in batches.

One structure is relaxed by ASE's optimizers, many at fixed cells by `engine.minimize`, which
moves all structures of a batch in one program and holds each still once it has converged.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, overload

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.filters import FrechetCellFilter
from ase.optimize import FIRE, LBFGS

from sundog.engine.minimize import minimize as fire_steps
from sundog.engine.state import MDState, initial_state
from sundog.errors import CellError, InputError
from sundog.forcefield.base import AbstractForceField
from sundog.forcefield.so3lr import ForceField
from sundog.hamiltonian import ElectronOptions, ModelOptions
from sundog.interfaces.ase import Calculator
from sundog.io.completeness import check_structure
from sundog.io.electrons import describe_states, state_of, with_electronic_state
from sundog.io.gate import Gated, doubts, gate, unchecked
from sundog.io.results import carried
from sundog.io.structures import system_from_atoms
from sundog.loading import choose_kernels, load_force_field
from sundog.numerics.precision import with_x64
from sundog.runs.groups import RelaxationSettings
from sundog.runs.mechanics import fixed_atoms
from sundog.single_points.batches import Batcher, batches
from sundog.units import BAR
from sundog.weights.known_errors import weak_spots

MASKS = {"anisotropic": [1, 1, 1, 0, 0, 0], "flexible": [1, 1, 1, 1, 1, 1]}
"""Voigt components of the strain that ASE may apply to the cell, by the change asked for."""

SKIN_ANGSTROM = 0.5
"""Reserve of the pair lists in Å; a relaxation moves atoms little."""


@dataclass(frozen=True, eq=False)
class Relaxation:
    """Result of a relaxation.

    Attributes:
        atoms: the relaxed structure, with energy and forces, charge and multiplicity.
        converged: whether no force is above the threshold.
        energy_change_ev: energy after minus energy before, in eV.
        steps: number of steps made; in a batch, the number for the whole batch.
    """

    atoms: Atoms
    converged: bool
    energy_change_ev: float
    steps: int


@overload
def minimize(structures: Atoms, **settings: Any) -> Relaxation: ...
@overload
def minimize(structures: Sequence[Atoms], **settings: Any) -> list[Relaxation]: ...
@with_x64
def minimize(
    structures: Atoms | Sequence[Atoms],
    *,
    force_field: AbstractForceField | None = None,
    report: Callable[[str], None] | None = None,
    **settings: Any,
) -> Relaxation | list[Relaxation]:
    """Relax a structure, or many in batches, until no force is above a threshold.

    Args:
        structures: a structure, or several, whose cells then stay unchanged.
        force_field: force field in place of the one that `model`, `electrostatics`, … describe.
        report: called with lines about the choice of force field and kernels.
        **settings: settings by the names of the flags of `sundog minimize`: the fields of
            `RelaxationSettings`, `ModelOptions` and `ElectronOptions`.

    Raises:
        InputError: there are no structures, or a setting is unknown or has an impossible value.
        StructureError: the model cannot describe a structure.
        SimulationError: an energy is no longer finite.
    """
    own, model, electrons = _apart(settings)
    several = [structures] if isinstance(structures, Atoms) else list(structures)
    if not several:
        raise InputError("minimize: no structures were given")
    say = report or (lambda line: None)
    usual = force_field is None or isinstance(force_field, ForceField)
    gated = None
    if isinstance(structures, Atoms):
        gated = (gate if usual else unchecked)(structures, electrons)
    every, said = stated(several, electrons, gated)
    for line in said:
        say(line)
    if force_field is None:
        force_field, described = load_force_field(model, every, run=True)
        say(described)
        if gated is not None:
            for line in weak_spots(gated.topology, gated.perception, model.model):
                say(line)
    if isinstance(structures, Atoms):
        return relax(every[0], own, force_field, model.kernels)
    refuse_of_several(own)
    if isinstance(force_field, ForceField):
        first = system_from_atoms(every[0])
        force_field = choose_kernels(force_field, model.kernels, first, say)
    return relax_together(every, own, force_field)


def relax(
    atoms: Atoms,
    settings: RelaxationSettings,
    force_field: AbstractForceField,
    kernels: str = "auto",
    logfile: str | None = None,
) -> Relaxation:
    """Return one structure relaxed by an optimizer of ASE, with its cell if asked for.

    Args:
        atoms: the structure, which states its charge and multiplicity.
        settings: settings of the relaxation.
        force_field: force field with any kernels; the reference is put on the kernels asked for.
        kernels: name of the kernels.
        logfile: file for a line of ASE per step; `-` for stdout.

    Raises:
        CellError: the cell is to be relaxed, and the structure has none.
    """
    moving = atoms.copy()
    moving.calc = Calculator(force_field, kernels=kernels)  # pyright: ignore[reportArgumentType]
    relaxed = _with_cell(moving, settings)
    before = moving.get_potential_energy()
    optimizer = {None: LBFGS, "lbfgs": LBFGS, "fire": FIRE}[settings.optimizer](
        relaxed, logfile=logfile
    )
    converged = optimizer.run(fmax=settings.force_ev_per_angstrom, steps=settings.steps)
    change = moving.get_potential_energy() - before
    return Relaxation(_labelled(moving), bool(converged), change, optimizer.get_number_of_steps())


def relax_together(
    structures: Sequence[Atoms], settings: RelaxationSettings, force_field: AbstractForceField
) -> list[Relaxation]:
    """Return structures relaxed in batches at fixed cells.

    Args:
        structures: structures, each of which states its charge and multiplicity.
        settings: settings of the relaxation.
        force_field: force field on fast kernels.

    Raises:
        StructureError: the model cannot describe a structure, or one has constraints other than
            fixed atoms.
        SimulationError: an energy is no longer finite.
    """
    systems = [system_from_atoms(atoms) for atoms in structures]
    for system in systems:
        force_field.check(system)
    found: dict[int, Relaxation] = {}
    batcher = Batcher(force_field)
    for batch in batches(systems):
        padded, _ = batcher([systems[n] for n in batch])
        frozen = _frozen([structures[n] for n in batch], padded.number_of_atoms)
        begin = initial_state(padded, force_field, seed=0, skin=SKIN_ANGSTROM, frozen=frozen)
        state, steps = begin, 0
        for fire in fire_steps(
            begin,
            force_field,
            force_threshold=settings.force_ev_per_angstrom,
            steps=settings.steps,
        ):
            state, steps = fire.md, int(fire.steps)
        members = zip(batch, _parts(state, [len(structures[n]) for n in batch]), strict=True)
        for place, (number, (positions, forces)) in enumerate(members):
            atoms = structures[number].copy()
            atoms.positions = positions
            energy = float(state.potential_energy[place])
            atoms.calc = SinglePointCalculator(atoms, energy=energy, forces=forces)
            free = np.delete(forces, fixed_atoms(atoms), axis=0)
            largest = float(np.linalg.norm(free, axis=1).max(initial=0.0))
            found[number] = Relaxation(
                atoms,
                largest <= settings.force_ev_per_angstrom,
                energy - float(begin.potential_energy[place]),
                steps,
            )
    return [found[number] for number in range(len(structures))]


def _frozen(structures: Sequence[Atoms], length: int) -> np.ndarray | None:
    """Return which atoms of a padded batch do not move, or None where all do."""
    frozen, start = np.zeros(length, bool), 0
    for atoms in structures:
        frozen[start + fixed_atoms(atoms)] = True
        start += len(atoms)
    return frozen if frozen.any() else None


def _parts(state: MDState, sizes: Sequence[int]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield positions in the user's coordinates and forces of each structure of a batch."""
    positions = np.asarray(state.system.positions + state.system.origin[state.system.system_index])
    forces = np.asarray(state.forces)
    ends = np.cumsum(sizes)
    for size, end in zip(sizes, ends, strict=True):
        yield positions[end - size : end].copy(), forces[end - size : end].copy()


def _apart(
    settings: dict[str, Any],
) -> tuple[RelaxationSettings, ModelOptions, ElectronOptions]:
    kinds = (RelaxationSettings, ModelOptions, ElectronOptions)
    names = [{one.name for one in fields(kind)} for kind in kinds]
    if unknown := settings.keys() - set().union(*names):
        raise InputError(
            f"{min(unknown)}: a relaxation has no such setting",
            expected=", ".join(sorted(set().union(*names))),
        )
    own, model, electrons = (
        {name: value for name, value in settings.items() if name in known} for known in names
    )
    return RelaxationSettings(**own), ModelOptions(**model), ElectronOptions(**electrons)


def stated(
    structures: Sequence[Atoms], electrons: ElectronOptions, gated: Gated | None = None
) -> tuple[list[Atoms], list[str]]:
    """Return structures as they can be relaxed and written, and lines about them.

    They state their charge and multiplicity, those asked for or their own, and no longer carry
    labels of the geometry that they have. A single structure passes the gate; of several, those
    that would not are counted.

    Args:
        structures: structures.
        electrons: charge and multiplicity that were asked for.
        gated: valences and electrons of a single structure that has passed the gate.

    Raises:
        StructureError: there are no atoms, or the cell, charge or multiplicity is impossible; of
            several structures, the number of the one is named.
    """
    states, known = [], []
    if len(structures) == 1:
        gated = gated or gate(structures[0], electrons)
        states, known = [gated.state], list(gated.said)
    for number, atoms in enumerate(structures if len(structures) > 1 else ()):
        try:
            check_structure(atoms)
            states.append(state_of(atoms, electrons.charge, electrons.multiplicity))
        except InputError as error:
            error.args = (f"structure {number}: {error}",)
            raise
    if len(structures) > 1:
        known = doubts(structures, electrons)
    kept, said = carried(structures, moved=True)
    every = [
        with_electronic_state(atoms, state.charge, state.multiplicity)
        for atoms, state in zip(kept, states, strict=True)
    ]
    return every, [*known, *describe_states(states), *said]


def refuse_of_several(settings: RelaxationSettings) -> None:
    """Raise `InputError` for settings with which several structures cannot be relaxed."""
    if settings.optimizer == "lbfgs":
        raise InputError(
            "optimizer: several structures are relaxed together by fire",
            got=settings.optimizer,
            remedy="Leave it out, or give one structure",
        )
    if settings.cell != "none":
        raise InputError(
            "cell: only a single structure is relaxed with its cell",
            got=settings.cell,
            remedy="Give one structure, or leave the cells as they are",
        )


def _with_cell(atoms: Atoms, settings: RelaxationSettings) -> Any:
    """Return the object that the optimizer moves: the atoms, or atoms and cell."""
    if settings.cell == "none":
        return atoms
    if not atoms.pbc.all():
        raise CellError(
            "cell: only a structure that is periodic along all three vectors has one to relax",
            got=f"pbc {atoms.pbc.tolist()}",
            remedy="Leave the setting out",
        )
    pressure = settings.pressure_bar * BAR
    if settings.cell == "isotropic":
        return FrechetCellFilter(atoms, hydrostatic_strain=True, scalar_pressure=pressure)
    return FrechetCellFilter(atoms, mask=MASKS[settings.cell], scalar_pressure=pressure)


def _labelled(atoms: Atoms) -> Atoms:
    """Return a copy that keeps energy, forces and stress, without the calculator."""
    assert atoms.calc is not None
    kept = {k: v for k, v in atoms.calc.results.items() if k in ("energy", "forces", "stress")}
    relaxed = atoms.copy()
    relaxed.calc = SinglePointCalculator(relaxed, **kept)
    return relaxed
