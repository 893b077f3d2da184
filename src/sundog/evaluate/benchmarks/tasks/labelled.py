"""Task of labelled structures: energies within a composition, forces, dipoles."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ase import Atoms

from sundog.data.labels import UNITS, Labels
from sundog.errors import FileFormatError
from sundog.evaluate.benchmarks.card import Card
from sundog.evaluate.benchmarks.files import find
from sundog.evaluate.benchmarks.tasks.base import (
    AbstractTask,
    Answers,
    FailedItem,
    Interval,
    Score,
    none_computed,
)
from sundog.evaluate.datasets.comparison import Comparison, composition
from sundog.evaluate.models import AbstractModel, Failure, Properties
from sundog.io.reading import read_structures

SHOWN = ("mae_", "mean_angle", "mean_vector")
"""Beginnings of the names of metrics that are printed."""

ANGLES = {"mean_angle_degrees": "°", "mean_cosine": ""}
"""Units of the statistics that are not in the unit of the quantity."""


class LabelledTask(AbstractTask):
    """Task of predictions that are compared with labels."""

    items = "structures"
    needs = "properties"

    def __init__(self, structures: Sequence[Atoms], keys: Mapping[str, str], unit: str = "eV"):
        """Make the task of labelled structures.

        Args:
            structures: Structures with labels; `info["group"]`, if present, names the subset.
            keys: Keys of the labels, by quantity.
            unit: Unit of energies, and per Å of forces; one of `labels.UNITS`.
        """
        self._structures = list(structures)
        self._labels = Labels(dict(keys), UNITS[unit])

    def structures(self, model: AbstractModel) -> list[Atoms]:
        """Return the structures."""
        return self._structures

    def score(self, model: AbstractModel, answers: Answers) -> Score:
        """Return metrics of each quantity, in all and by group.

        Raises:
            InputError: Nothing can be compared.
            FileFormatError: A label has the wrong shape.
        """
        failed = [
            FailedItem(self._name(n), one.reason)
            for n, one in enumerate(answers.each)
            if isinstance(one, Failure)
        ]
        metrics, units, intervals = self._compared(answers, None)
        if not metrics:
            raise none_computed(self.items, failed)
        names = dict.fromkeys(str(atoms.info.get("group", "")) for atoms in self._structures)
        groups: dict[str, dict[str, Any]] = {}
        for name in names if len(names) > 1 else ():
            some, _, _ = self._compared(answers, name)
            if some:
                count = sum(atoms.info.get("group") == name for atoms in self._structures)
                groups[name] = {"n": count, **some}
        return Score(
            metrics=metrics,
            units=units,
            intervals=intervals,
            n=len(self._structures) - len(failed),
            n_of=len(self._structures),
            failed=failed,
            groups=groups,
            shown=[key for key in metrics if key.startswith(SHOWN)],
            missing={
                f"mae_{quantity}": "the model does not predict it"
                for quantity in self._labels.keys
                if f"mae_{quantity}" not in metrics
            },
        )

    def _compared(
        self, answers: Answers, group: str | None
    ) -> tuple[dict[str, float], dict[str, str], dict[str, Interval]]:
        """Return metrics, their units and intervals, of one group or of all."""
        comparison = Comparison(self._structures, self._labels)
        for number, one in enumerate(answers.each):
            wanted = group is None or self._structures[number].info.get("group") == group
            if wanted and isinstance(one, Properties):
                comparison.add(number, one)
        metrics, units, intervals = {}, {}, {}
        for quantity, found in comparison.finished().metrics().items():
            for statistic, value in found.statistics().items():
                key = f"{statistic}_{quantity}"
                metrics[key] = value
                units[key] = ANGLES.get(statistic, found.unit)
            intervals[f"mae_{quantity}"] = found.overall.mae_interval
        return metrics, units, intervals

    def _name(self, number: int) -> str:
        atoms = self._structures[number]
        return str(atoms.info.get("name", f"structure {number}, {composition(atoms)}"))


def labelled_file(
    card: Card, data_dir: Path | None, names: Sequence[str], quantities: Sequence[str]
) -> LabelledTask:
    """Return the task of a file whose frames have REF_… labels in eV, Å and e.

    Args:
        card: Card of the benchmark.
        data_dir: Folder of the data.
        names: Names that the file may have.
        quantities: Quantities that every frame must have a label of.

    Raises:
        MissingDataError: The file is not there.
        FileFormatError: A frame lacks a label.
    """
    path = find(card, data_dir, names)
    keys = {quantity: f"REF_{quantity}" for quantity in quantities}
    structures = read_structures(path)
    for number, atoms in enumerate(structures):
        held = {**atoms.info, **atoms.arrays}
        if lacking := [key for key in keys.values() if key not in held]:
            raise FileFormatError(
                f"{path}: frame {number} has no {', '.join(lacking)}", remedy=card.data
            )
    return LabelledTask(structures, keys)
