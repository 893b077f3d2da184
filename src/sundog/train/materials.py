"""Materials of a run: sets, survey, plan and force field, made of the settings.

Everything here follows from settings and data, so that a resumed run makes it again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import equinox as eqx
import jax
import numpy as np

from sundog.data.records import Gathered, Record, Records, Tags, gathered, tagged
from sundog.data.splits import PARTS
from sundog.errors import InputError
from sundog.forcefield.so3lr import ForceField, assemble
from sundog.hamiltonian import Hamiltonian
from sundog.model.hyperparameters import Hyperparameters
from sundog.model.so3krates import initialize
from sundog.numerics.precision import with_x64
from sundog.terms.zbl import initialize_zbl
from sundog.train.order import Plan
from sundog.train.settings import Shape, TrainingSettings
from sundog.train.survey import (
    Survey,
    divide,
    refuse_leaks,
    refuse_unlabelled,
    survey,
)
from sundog.train.suspicion import check_forces
from sundog.weights.load import build
from sundog.weights.store import WeightSet, resolve

Report = Callable[[str], None]


class Joined:
    """Several sets of structures, one after another."""

    def __init__(self, sets: Sequence[Records]):
        """Join sets."""
        self._sets = sets
        self._ends = np.cumsum([len(one) for one in sets])

    def __len__(self) -> int:
        """Return the number of structures."""
        return int(self._ends[-1])

    def __getitem__(self, number: int) -> Record:
        """Return a structure; errors are those of `Records`."""
        which = int(np.searchsorted(self._ends, number, side="right"))
        start = self._ends[which] - len(self._sets[which])
        return self._sets[which][number - int(start)]

    def gather(self, numbers: np.ndarray, quantities: Sequence[str]) -> Gathered:
        """Return structures of these numbers, in this order, with some of their labels."""
        if len(self._sets) == 1:
            return self._sets[0].gather(numbers, quantities)
        return gathered([self[number] for number in numbers.tolist()], quantities)

    def tags(self, numbers: np.ndarray) -> Tags:
        """Return hashes and groups of structures of these numbers."""
        if len(self._sets) == 1:
            return self._sets[0].tags(numbers)
        return tagged([self[number] for number in numbers.tolist()])


@dataclass(frozen=True)
class Materials:
    """Data and force field of a run.

    Attributes:
        records: all structures, those for validation included.
        found: their survey.
        train: numbers of those for training.
        valid: numbers of those for validation.
        plan: batches of training.
        checks: batches of validation.
        force_field: force field as it starts.
        references: reference energies of the elements in eV, by atomic number, where they are
            taken off the energies.
        start: card of the weights that are started from, or None.
        settings: settings of the run.
    """

    records: Records
    found: Survey
    train: np.ndarray
    valid: np.ndarray
    plan: Plan
    checks: Plan
    force_field: ForceField
    references: dict[int, float]
    start: dict[str, Any] | None
    settings: TrainingSettings

    @property
    def steps(self) -> int:
        """Number of steps of the whole run."""
        if self.settings.steps is not None:
            return self.settings.steps
        batches = len(self.plan.epoch(0)) * self.settings.epochs
        return max(batches // self.settings.optimizer.accumulate, 1)

    @property
    def cutoffs(self) -> dict[str, float]:
        """Cutoff of each range in Å."""
        return self.force_field.cutoffs

    def describe(self) -> list[str]:
        """Return lines on what is trained on, and with."""
        plan, h = self.plan, self.force_field.network.hyperparameters
        labelled = ", ".join(
            f"{name} {int(one[self.train].sum())}" for name, one in self.found.labelled.items()
        )
        size = sum(leaf.size for leaf in jax.tree.leaves(self.force_field.network))
        shapes = "; ".join(_shape_in_words(shape) for shape in plan.shapes)
        return [
            f"Data: {len(self.train)} structures for training, {len(self.valid)} for validation, "
            f"{self.found.atoms[self.train].mean():.1f} atoms each; labels: {labelled}",
            f"Model: {size} parameters, {h.features} features, {h.layers} layers, "
            f"{h.average_neighbors:.4g} neighbours in the mean",
            f"Batches: layout {plan.layout}, {len(plan.epoch(0))} an epoch; {shapes}",
            f"Steps: {self.steps}",
        ]


def _shape_in_words(shape: Any) -> str:
    named = zip(shape._fields, shape, strict=True)
    return " ".join(f"{value} {name}" for name, value in named)


@with_x64
def gather(
    sets: Sequence[Records],
    held: Sequence[Records],
    settings: TrainingSettings,
    report: Report,
    parts: Mapping[str, np.ndarray] | None = None,
) -> Materials:
    """Return what a run trains on and with.

    Args:
        sets: structures for training.
        held: structures for validation; without any some of the others are held out.
        settings: settings of the run.
        report: called with lines on what is left out.
        parts: numbers of the structures for `train` and `validation`, where they are divided
            already; others are left alone.

    Raises:
        InputError: the data or the settings are refused.
        WeightsError: the weights to start from cannot be read.
    """
    weights = None if settings.start_from is None else resolve(settings.start_from)
    hyperparameters = _hyperparameters(settings, weights)
    exact = settings.electrostatics == "exact"
    cutoffs = {
        "short": hyperparameters.cutoff,
        "long": np.inf if exact else settings.cutoff_angstrom,
    }
    records = Joined([*sets, *held])
    quantities = tuple(settings.loss.weights)
    found = survey(records, cutoffs, quantities, settings.data, report)
    if parts is not None:
        train, valid = (np.intersect1d(parts[one], found.usable) for one in PARTS[:2])
        _refuse_empty(train, valid)
    elif held:
        ours = sum(len(one) for one in sets)
        train, valid = found.usable[found.usable < ours], found.usable[found.usable >= ours]
        _refuse_empty(train, valid)
    else:
        data = settings.data
        train, valid = divide(found, data.validation_structures, data.split, settings.seed)
    refuse_leaks(found, train, valid)
    refuse_unlabelled(found, train, settings.loss.weights)
    if settings.data.check_labels and "forces" in quantities:
        report(check_forces(records, train, weights, settings.electrostatics))
    if weights is None:
        given = settings.shape.average_neighbors
        mean = found.average_neighbors(train) if given is None else given
        hyperparameters = replace(hyperparameters, average_neighbors=mean)
    references: dict[int, float] = {}
    if "energy" in quantities and settings.loss.energy_reference == "elements":
        from sundog.train.references import Referred, fit_references

        references = fit_references(records, train)
        records = Referred(records, references, valid)
    return Materials(
        records,
        found,
        train,
        valid,
        Plan(found, train, settings.batches, settings.seed),
        Plan(found, valid, settings.batches, settings.seed),
        _force_field(settings, hyperparameters, weights),
        references,
        None if weights is None else weights.card,
        settings,
    )


def _refuse_empty(train: np.ndarray, valid: np.ndarray) -> None:
    for name, numbers in (("data", train), ("validation_data", valid)):
        if not len(numbers):
            raise InputError(
                f"{name}: no structure is left to "
                f"{'train on' if name == 'data' else 'validate with'}",
                remedy="See the lines above for the reasons",
            )


def _hyperparameters(settings: TrainingSettings, weights: WeightSet | None) -> Hyperparameters:
    shape = settings.shape
    if weights is not None:
        if shape != Shape():
            raise InputError(
                "start_from: the weights say the shape of the model",
                got=settings.start_from,
                remedy="Leave out the settings of the shape, or start from random parameters",
            )
        return weights.hyperparameters
    return Hyperparameters(
        features=shape.features,
        heads=shape.heads,
        degrees=shape.degrees,
        layers=shape.layers,
        radial_functions=shape.radial_functions,
        angular_features=shape.angular_features,
        hirshfeld_features=shape.hirshfeld_features,
        cutoff=shape.short_cutoff_angstrom,
    )


def _force_field(
    settings: TrainingSettings, hyperparameters: Hyperparameters, weights: WeightSet | None
) -> ForceField:
    hamiltonian = Hamiltonian(
        model=settings.start_from,
        electrostatics=settings.electrostatics,
        cutoff_angstrom=settings.cutoff_angstrom,
        precision=settings.precision,
    )
    if weights is not None:
        return build(weights, hamiltonian)
    network = eqx.filter_jit(initialize)(hyperparameters, jax.random.key(settings.seed))
    zbl = initialize_zbl(hyperparameters.cutoff, hyperparameters.zbl_cutoff)
    return assemble(network, zbl, hamiltonian)
