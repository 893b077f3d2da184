"""Whatever gives energies to many structures: a sundog force field or an ASE calculator.

Structures are ASE atoms with `info["charge"]`, and may carry fragments: `arrays["fragment"]`,
the fragment of each atom (0, 1, …), and `info["fragment_charges"]`.
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


Properties = dict[str, np.ndarray | None]
"""By quantity, in eV, Å and e: energy, forces, stress (3×3), dipole, charges, hirshfeld_ratios."""


@dataclass
class Answer:
    """Energies of structures, and what became of those without one.

    Attributes:
        energies: eV; not a number where there is none.
        failures: what went wrong, by number of the structure.
    """

    energies: Energies
    failures: dict[int, str] = field(default_factory=dict)


class AbstractModel(ABC):
    """Energies of many structures.

    Attributes:
        name: for tables.
        charges: what the charges of fragments are to it. `fragments`: they constrain the atoms' of
            each fragment; `structure`: only their sum counts; `own`: distant fragments are
            structures of their own, each with its total charge.
    """

    name: str
    charges: Literal["fragments", "structure", "own"]

    @abstractmethod
    def __call__(self, structures: Sequence[Atoms]) -> Answer:
        """Return the energies; a structure that cannot be computed is told, not raised."""

    @abstractmethod
    def properties(self, structures: Sequence[Atoms]) -> Iterator[Properties | str]:
        """Yield all that there is to say of each structure, or why it cannot be computed."""

    def trajectories(
        self, structures: Sequence[Atoms], settings: SimulationSettings, report: Report
    ) -> Iterator[Trajectory | str]:
        """Yield the trajectory that begins at each structure, or why there is none."""
        yield from [f"{self.name} gives single points only"] * len(structures)

    def under(self, hamiltonian: Hamiltonian) -> "AbstractModel":
        """Return the model under another treatment and cutoff, if those are open to choice."""
        return self


class ForceFieldModel(AbstractModel):
    """A sundog force field."""

    def __init__(
        self,
        force_field: AbstractForceField,
        name: str,
        *,
        fragments: bool = True,
        remake: Callable[[Hamiltonian], AbstractForceField] | None = None,
    ):
        """Use a force field.

        Args:
            force_field: of any kernels.
            name: for tables.
            fragments: whether to constrain the charges of fragments.
            remake: returns it under the treatment and cutoff of another Hamiltonian, where those
                are open to choice.
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

    def properties(self, structures: Sequence[Atoms]) -> Iterator[Properties | str]:
        """Yield the properties in order, computed in batches; fragments are not looked at."""
        wrong = refused(self.force_field, structures)
        sound = [atoms for number, atoms in enumerate(structures) if number not in wrong]
        predictions = predict_each(self.force_field, sound)
        for number, atoms in enumerate(structures):
            if number in wrong:
                yield str(wrong[number])
                continue
            found = next(predictions)
            yield {
                "energy": np.asarray(found.energy),
                "forces": np.asarray(found.forces),
                "stress": np.asarray(found.stress) if atoms.pbc.all() else None,
                "dipole": _host(found.dipole),
                "charges": _host(found.partial_charges),
                "hirshfeld_ratios": _host(found.hirshfeld_ratios),
            }

    def trajectories(
        self, structures: Sequence[Atoms], settings: SimulationSettings, report: Report
    ) -> Iterator[Trajectory | str]:
        """Yield the trajectories, by the engine."""
        for atoms in structures:
            try:
                yield simulated(self.force_field, atoms, settings, report)
            except SundogError as error:
                yield str(error)

    def _fragments(self, atoms: Atoms) -> Fragments | None:
        if self.charges != "fragments" or FRAGMENT not in atoms.arrays:
            return None
        return atoms.arrays[FRAGMENT], np.asarray(atoms.info[FRAGMENT_CHARGES], float)


class CalculatorModel(AbstractModel):
    """An ASE calculator, which computes one structure after another."""

    charges = "own"

    def __init__(self, make: Callable[[], Any], name: str):
        """Make a calculator."""
        self.name = name
        self._calculator = make()

    def __call__(self, structures: Sequence[Atoms]) -> Answer:
        """Return the energies."""
        found, failures = np.full(len(structures), np.nan), {}
        for number, atoms in enumerate(structures):
            one = atoms.copy()
            one.calc = self._calculator
            try:
                found[number] = one.get_potential_energy()
            except Exception as error:  # a calculator raises what it likes
                failures[number] = f"{type(error).__name__}: {error}"
        failures |= dict.fromkeys(_lost(found, failures), "the energy is not finite")
        return Answer(found, failures)

    def properties(self, structures: Sequence[Atoms]) -> Iterator[Properties | str]:
        """Yield the properties that the calculator has."""
        known = self._calculator.implemented_properties
        for atoms in structures:
            one = atoms.copy()
            one.calc = self._calculator
            try:
                yield {
                    "energy": np.asarray(one.get_potential_energy()),
                    "forces": one.get_forces() if "forces" in known else None,
                    "stress": one.get_stress(voigt=False)
                    if "stress" in known and atoms.pbc.all()
                    else None,
                    "dipole": one.get_dipole_moment() if "dipole" in known else None,
                    "charges": one.get_charges() if "charges" in known else None,
                    "hirshfeld_ratios": None,
                }
            except Exception as error:  # a calculator raises what it likes
                yield f"{type(error).__name__}: {error}"

    def trajectories(
        self, structures: Sequence[Atoms], settings: SimulationSettings, report: Report
    ) -> Iterator[Trajectory | str]:
        """Yield the trajectories, by ASE."""
        for atoms in structures:
            try:
                yield simulated_by_ase(self._calculator, atoms, settings, report)
            except Exception as error:  # a calculator raises what it likes
                yield f"{type(error).__name__}: {error}"


def calculator_model(target: str) -> CalculatorModel:
    """Return the model of a calculator's factory.

    Args:
        target: `module:factory`, which is called without arguments; with `NAME=` before it, the
            model has that name.

    Raises:
        InputError: there is no such factory, or it does not give a calculator.
    """
    called, _, place = target.rpartition("=")
    module, _, name = place.partition(":")
    what = "--calculator: the factory cannot be used"
    expected = "module:factory, as ase.calculators.emt:EMT"
    try:
        make = getattr(importlib.import_module(module), name)
        model = CalculatorModel(make, called or target)
    except SundogError:
        raise
    except Exception as error:  # modules and factories raise what they like
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


def _lost(found: Energies, failures: dict[int, str]) -> list[int]:
    return [n for n in np.flatnonzero(~np.isfinite(found)).tolist() if n not in failures]
