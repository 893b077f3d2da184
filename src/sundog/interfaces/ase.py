"""SO3LR as an ASE calculator.

    from sundog import Calculator
    atoms.calc = Calculator(electrostatics="truncated", cutoff_angstrom=12)

Charge and multiplicity are read from `atoms.info["charge"]` and `atoms.info["spin"]`.
"""

import logging
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any, cast

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator as AseCalculator
from ase.calculators.calculator import all_changes
from ase.stress import full_3x3_to_voigt_6_stress

from sundog.errors import InputError
from sundog.forcefield.base import AbstractForceField
from sundog.forcefield.formulations.choice import with_kernels
from sundog.forcefield.so3lr import ForceField
from sundog.hamiltonian import Hamiltonian, HamiltonianFields
from sundog.interfaces._compiled import Evaluator
from sundog.io.electrons import electronic_state
from sundog.io.structures import system_from_atoms
from sundog.loading import checked
from sundog.names import KernelName
from sundog.numerics.precision import with_x64
from sundog.numerics.processes import refuse_forked
from sundog.system import System
from sundog.weights.load import load

_LOG = logging.getLogger(__name__)
"""Logger for the choice and the check of kernels."""


OF_ASE = ("restart", "label", "atoms", "directory")
"""Keywords of every calculator of ASE."""

ELSEWHERE = {
    "total_charge": "charge",
    "q": "charge",
    "spin": "multiplicity",
    "mult": "multiplicity",
    "spin_multiplicity": "multiplicity",
    "uhf": "multiplicity, the number of unpaired electrons + 1,",
    "cutoff": "cutoff_angstrom",
    "lr_cutoff": "cutoff_angstrom",
    "rcut": "cutoff_angstrom",
    "dtype": "precision",
    "default_dtype": "precision",
    "model_path": "model",
    "calculate_stress": "no keyword, because stress is always computed,",
    "device": "the variable JAX_PLATFORMS of the environment",
}
"""Keywords of other calculators, with what says the same here."""


def _refuse_unknown(given: Iterable[str], known: Iterable[str]) -> None:
    """Raise `InputError` for a keyword that a calculator does not have."""
    made_with = ("model", "kernels", *HamiltonianFields.__annotations__)
    names = list(dict.fromkeys([*known, "charge", "multiplicity", *made_with]))
    for name in given:
        if name in known:
            continue
        close = get_close_matches(name, names, 1)
        meant = ELSEWHERE.get(name.lower()) or (close[0] if close else None)
        raise InputError(
            f"{name}: a calculator has no such keyword",
            expected=None if meant else ", ".join(names),
            remedy=f"Perhaps {meant} is meant" if meant else None,
        )


class Calculator(AseCalculator):
    """Energy, forces, stress, charges and dipole of any number of structures in turn.

    Stress needs periodicity along all three directions. `results` also holds
    `hirshfeld_ratios` and the energy of every term, `energy_so3krates`, `energy_zbl`,
    `energy_electrostatics`, `energy_dispersion`.

    A calculator can be pickled and copied, before and after its use, and sent to processes that
    are spawned; the copies give the same energies. In processes that are forked after JAX has
    started it refuses to compute.
    """

    implemented_properties = [  # noqa: RUF012  (ASE's own declaration)
        "energy",
        "free_energy",
        "forces",
        "stress",
        "charges",
        "dipole",
    ]

    def __init__(
        self,
        model: str | Hamiltonian | ForceField | None = None,
        *,
        kernels: KernelName = "auto",
        charge: int | None = None,
        multiplicity: int | None = None,
        **kwargs: Any,
    ):
        """Load a model.

        Args:
            model: name or path of the weights or a `Hamiltonian`, as for `sundog.load`; or a force
                field, whose own settings then hold.
            kernels: name of the kernels: `auto` (compiled for the CPU where available), `plain`,
                `cpu`, or `reference`, the slow formulation that the others are checked against on
                the first structure.
            charge: total charge of every structure, in place of the structures' own.
            multiplicity: multiplicity 2S + 1 of every structure, in place of the structures' own.
            **kwargs: `electrostatics`, `cutoff_angstrom`, `ewald_accuracy`, `dispersion_tail` and
                `precision` as for `sundog.load`; `atoms`, `label`, `directory` and `restart` are
                ASE's.

        Raises:
            WeightsError: the weights are missing or damaged.
            InputError: a keyword is unknown, or an option is not acceptable, as for `sundog.load`.
        """
        refuse_forked()
        known = HamiltonianFields.__annotations__
        _refuse_unknown(kwargs, (*known, *OF_ASE))
        chosen = {name: kwargs.pop(name) for name in known if name in kwargs}
        if chosen and isinstance(model, ForceField):
            raise InputError(
                f"{next(iter(chosen))}: the force field that was given fixes its value",
                remedy="Leave it out, or make the force field with it: sundog.load(…)",
            )
        self._charge, self._multiplicity = charge, multiplicity
        super().__init__(**kwargs)
        if not isinstance(model, ForceField):
            model = load(model, **cast("HamiltonianFields", chosen))
        self._force_field = model
        self._asked: KernelName = kernels
        self._fast: AbstractForceField | None
        self._fast, self._kernels = with_kernels(model, kernels)
        _LOG.info("Kernels: %s", self._kernels)
        self._evaluate: Evaluator | None = None
        self._electrons: tuple[int, int] | None = None

    def set(self, **kwargs: Any) -> dict[str, Any]:
        """Change the `charge` or the `multiplicity` of every structure; ASE calls this, too.

        Args:
            **kwargs: new values; None for the structures' own.

        Returns:
            The values that have changed.

        Raises:
            InputError: another keyword; what a calculator is made with is not changed afterwards.
        """
        settable = {"charge": "_charge", "multiplicity": "_multiplicity"}
        made_with = ("model", "kernels", *HamiltonianFields.__annotations__)
        for name in kwargs:
            if name in made_with:
                raise InputError(
                    f"{name}: it is chosen when a calculator is made", remedy="Make another one"
                )
        _refuse_unknown(kwargs, settable)
        changed = {
            name: value for name, value in kwargs.items() if value != getattr(self, settable[name])
        }
        for name, value in changed.items():
            setattr(self, settable[name], value)
        if changed:
            self.reset()
        return changed

    def __getstate__(self) -> dict[str, Any]:
        """Return what a pickle or a copy holds: all but the lists and the kernels, made anew."""
        return vars(self) | {"_fast": None, "_evaluate": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)

    @property
    def force_field(self) -> ForceField:
        """Force field in the reference formulation."""
        return self._force_field

    def check_state(self, atoms: Atoms, tol: float = 1e-15) -> list[str]:
        """Return what changed since the last calculation, charge and spin included."""
        changes = super().check_state(atoms, tol=tol)
        state = electronic_state(atoms, self._charge, self._multiplicity)
        return [*changes, "info"] if state != self._electrons else changes

    @with_x64
    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: Sequence[str] = ("energy",),
        system_changes: Sequence[str] = all_changes,
    ) -> None:
        """Compute all properties of `atoms`; ASE calls this.

        Args:
            atoms: the structure; by default that of the last call.
            properties: names of the properties that ASE asks for; all are computed anyway.
            system_changes: names of what has changed since the last call, for ASE.

        Raises:
            StructureError: the model cannot describe the structure.
            SimulationError: the energy is not a finite number.
        """
        refuse_forked()
        super().calculate(atoms, list(properties), list(system_changes))
        assert self.atoms is not None
        self._electrons = electronic_state(self.atoms, self._charge, self._multiplicity)
        system = system_from_atoms(self.atoms, *self._electrons)
        if self._evaluate is None:
            self._force_field.check(system)
            self._evaluate = Evaluator(self._checked(system))
        prediction = self._evaluate(system)
        self.results = {
            "energy": float(prediction.energy[0]),
            "free_energy": float(prediction.energy[0]),
            "forces": np.asarray(prediction.forces),
            "charges": np.asarray(prediction.partial_charges, np.float64),
            "dipole": np.asarray(prediction.dipole)[0],
            "hirshfeld_ratios": np.asarray(prediction.hirshfeld_ratios, np.float64),
            **{f"energy_{k}": float(v[0]) for k, v in prediction.energies.items()},
        }
        if self.atoms.pbc.all():
            self.results["stress"] = full_3x3_to_voigt_6_stress(prediction.stress[0])

    def _checked(self, system: System) -> AbstractForceField:
        """Return the fast kernels, compared with the reference on the first structure."""
        reference, report = self._force_field, _LOG.info
        if self._fast is None:  # in a copy
            self._fast, self._kernels = with_kernels(reference, self._asked)
        return checked(self._fast, reference, self._kernels, system, report, _LOG.warning)
