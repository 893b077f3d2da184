"""Models that are evaluated: a sundog force field or an ASE calculator, behind one interface.

Structures are ASE atoms with their total charge in `info["charge"]`. They may carry fragments:
`arrays["fragment"]`, the number of the fragment of each atom (0, 1, …), and
`info["fragment_charges"]`, the total charge of each fragment in e.
"""

import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from ase import Atoms
from jaxtyping import Float

from sundog.data.keys import FRAGMENT, FRAGMENT_CHARGES
from sundog.errors import InputError, SundogError
from sundog.evaluate.dynamics import Report, Trajectory, simulated, simulated_by_ase
from sundog.forcefield.base import AbstractForceField
from sundog.hamiltonian import Hamiltonian
from sundog.io.structures import system_from_atoms
from sundog.numerics.precision import with_x64
from sundog.runs.settings import SimulationSettings
from sundog.single_points.predict import energies, predict_each
from sundog.single_points.screening import refused
from sundog.system import Fragments

Energies = Float[np.ndarray, " structures"]
"""Energies of structures in eV; not a number where there is none."""


@dataclass(frozen=True)
class Failure:
    """Reason, in words, why a model gives no result for a structure."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Properties:
    """Properties of one structure; None where the model does not predict them.

    Attributes:
        energy: Energy in eV.
        forces: Forces in eV/Å.
        stress: Stress dE/dε/V in eV/Å³, of structures that are periodic along all directions.
        dipole: Dipole moment in e·Å.
        charges: Partial charges of the atoms in e.
        hirshfeld_ratios: Ratios of the effective to the free volume of each atom.
    """

    energy: float | None = None
    forces: Float[np.ndarray, "atoms 3"] | None = None
    stress: Float[np.ndarray, "3 3"] | None = None
    dipole: Float[np.ndarray, " 3"] | None = None
    charges: Float[np.ndarray, " atoms"] | None = None
    hirshfeld_ratios: Float[np.ndarray, " atoms"] | None = None

    def of(self, quantity: str) -> np.ndarray | None:
        """Return a quantity by the name of its field, as an array."""
        value = getattr(self, quantity)
        return None if value is None else np.asarray(value, np.float64)


@dataclass(frozen=True)
class Answer:
    """Energies of structures, with the reasons where there is none.

    Attributes:
        energies: Energy of each structure in eV; not a number where there is none.
        failures: Reasons why there is no energy, by number of the structure.
    """

    energies: Energies
    failures: dict[int, str] = field(default_factory=dict)


class AbstractModel(ABC):
    """Model that predicts energies, and perhaps more, of many structures.

    Attributes:
        name: Name of the model in tables.
        charges: Use that the model makes of the charges of fragments. `fragments`: the partial
            charges of each fragment add up to its charge; `structure`: only the total charge of
            the structure counts; `own`: separated fragments are computed as structures of their
            own, each with its total charge.
    """

    name: str
    charges: Literal["fragments", "structure", "own"]

    @abstractmethod
    def __call__(self, structures: Sequence[Atoms]) -> Answer:
        """Return the energies; for a structure that cannot be computed, the reason."""

    @abstractmethod
    def properties(self, structures: Sequence[Atoms]) -> Iterator[Properties | Failure]:
        """Yield the properties of each structure, or the reason why it cannot be computed."""

    def trajectories(
        self, structures: Sequence[Atoms], settings: SimulationSettings, report: Report
    ) -> Iterator[Trajectory | Failure]:
        """Yield the trajectory that begins at each structure, or the reason why there is none.

        Args:
            structures: Structures that the simulations start from.
            settings: Settings of every simulation.
            report: Function that is called with lines of progress.
        """
        yield from [Failure(f"{self.name} gives single points only")] * len(structures)

    def under(self, hamiltonian: Hamiltonian) -> "AbstractModel":
        """Return the model under another treatment and cutoff, if those are open to choice."""
        return self


class ForceFieldModel(AbstractModel):
    """Model that is a sundog force field, computed in batches."""

    def __init__(
        self,
        force_field: AbstractForceField,
        name: str,
        *,
        fragments: bool = True,
        remake: Callable[[Hamiltonian], AbstractForceField] | None = None,
    ):
        """Wrap a force field.

        Args:
            force_field: Force field on any kernels.
            name: Name of the model in tables.
            fragments: Whether the partial charges of each fragment add up to its charge.
            remake: Function that returns the force field under the treatment and cutoff of another
                Hamiltonian, where those are open to choice.
        """
        self.force_field = force_field
        self.name = name
        self.charges = "fragments" if fragments else "structure"
        self._remake = remake

    def under(self, hamiltonian: Hamiltonian) -> "ForceFieldModel":
        """Return the model under another treatment and cutoff, if those are open to choice."""
        if self._remake is None:
            return self
        changed = copy(self)
        changed.force_field = self._remake(hamiltonian)
        return changed

    @with_x64
    def __call__(self, structures: Sequence[Atoms]) -> Answer:
        """Return the energies, computed in batches."""
        systems, numbers, failures = [], [], {}
        for number, atoms in enumerate(structures):
            try:
                system = system_from_atoms(atoms, fragments=self._fragments(atoms))
                self.force_field.check(system)
            except InputError as error:
                failures[number] = str(error)
                continue
            systems.append(system)
            numbers.append(number)
        found = np.full(len(structures), np.nan)
        found[numbers] = energies(self.force_field, systems)
        failures |= dict.fromkeys(_lost(found, failures), "the energy is not finite")
        return Answer(found, failures)

    def properties(self, structures: Sequence[Atoms]) -> Iterator[Properties | Failure]:
        """Yield the properties in order, computed in batches and without regard to fragments."""
        wrong = refused(self.force_field, structures)
        sound = [atoms for number, atoms in enumerate(structures) if number not in wrong]
        predictions = predict_each(self.force_field, sound)
        for number, atoms in enumerate(structures):
            if number in wrong:
                yield Failure(str(wrong[number]))
                continue
            found = next(predictions)
            yield Properties(
                energy=float(np.asarray(found.energy)),
                forces=np.asarray(found.forces),
                stress=np.asarray(found.stress) if atoms.pbc.all() else None,
                dipole=_host(found.dipole),
                charges=_host(found.partial_charges),
                hirshfeld_ratios=_host(found.hirshfeld_ratios),
            )

    def trajectories(
        self, structures: Sequence[Atoms], settings: SimulationSettings, report: Report
    ) -> Iterator[Trajectory | Failure]:
        """Yield the trajectories, simulated by the engine; see `AbstractModel`."""
        for atoms in structures:
            try:
                yield simulated(self.force_field, atoms, settings, report)
            except SundogError as error:
                yield Failure(str(error))

    def _fragments(self, atoms: Atoms) -> Fragments | None:
        if self.charges != "fragments" or FRAGMENT not in atoms.arrays:
            return None
        return atoms.arrays[FRAGMENT], np.asarray(atoms.info[FRAGMENT_CHARGES], float)


class CalculatorModel(AbstractModel):
    """Model that is an ASE calculator, which computes one structure after another."""

    charges = "own"

    def __init__(self, make: Callable[[], Any], name: str):
        """Make the calculator by calling `make`; `name` is the model's name in tables."""
        self.name = name
        self._calculator = make()

    def __call__(self, structures: Sequence[Atoms]) -> Answer:
        """Return the energies, computed one structure at a time."""
        found, failures = np.full(len(structures), np.nan), {}
        for number, atoms in enumerate(structures):
            one = atoms.copy()
            one.calc = self._calculator
            try:
                found[number] = one.get_potential_energy()
            except Exception as error:  # calculators raise exceptions of any type
                failures[number] = _told(error)
        failures |= dict.fromkeys(_lost(found, failures), "the energy is not finite")
        return Answer(found, failures)

    def properties(self, structures: Sequence[Atoms]) -> Iterator[Properties | Failure]:
        """Yield the properties that the calculator has."""
        known = self._calculator.implemented_properties
        for atoms in structures:
            one = atoms.copy()
            one.calc = self._calculator
            try:
                yield Properties(
                    energy=float(one.get_potential_energy()),
                    forces=one.get_forces() if "forces" in known else None,
                    stress=one.get_stress(voigt=False)
                    if "stress" in known and atoms.pbc.all()
                    else None,
                    dipole=one.get_dipole_moment() if "dipole" in known else None,
                    charges=one.get_charges() if "charges" in known else None,
                )
            except Exception as error:  # calculators raise exceptions of any type
                yield Failure(_told(error))

    def trajectories(
        self, structures: Sequence[Atoms], settings: SimulationSettings, report: Report
    ) -> Iterator[Trajectory | Failure]:
        """Yield the trajectories, simulated by ASE; see `AbstractModel`."""
        for atoms in structures:
            try:
                yield simulated_by_ase(self._calculator, atoms, settings, report)
            except Exception as error:  # calculators raise exceptions of any type
                yield Failure(_told(error))


def calculator_model(target: str) -> CalculatorModel:
    """Return the model that a factory of ASE calculators makes.

    Args:
        target: Place of the factory as `module:factory`; it is called without arguments. With
            `NAME=` before it, the model has that name.

    Raises:
        InputError: There is no such factory, or it does not return a calculator.
    """
    called, _, place = target.rpartition("=")
    module, _, name = place.partition(":")
    what = "calculator: the factory cannot be used"
    expected = "module:factory, as ase.calculators.emt:EMT"
    try:
        make = getattr(importlib.import_module(module), name)
        model = CalculatorModel(make, called or target)
    except SundogError:
        raise
    except Exception as error:  # modules and factories raise exceptions of any type
        raise InputError(
            what,
            got=f"{target}: {type(error).__name__}: {error}",
            expected=expected,
            remedy="Check the name, and that it can be imported and called without arguments",
        ) from error
    if not hasattr(model._calculator, "get_potential_energy"):
        raise InputError(what, got=f"{target}, which gives no ASE calculator", expected=expected)
    return model


def _host(array: Any) -> np.ndarray | None:
    return None if array is None else np.asarray(array, np.float64)


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _lost(found: Energies, failures: dict[int, str]) -> list[int]:
    return [n for n in np.flatnonzero(~np.isfinite(found)).tolist() if n not in failures]
