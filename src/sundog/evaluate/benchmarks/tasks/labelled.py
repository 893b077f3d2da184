"""Structures with reference values: energies within a composition, forces, dipoles."""

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
    Interval,
    Score,
    none_computed,
)
from sundog.evaluate.datasets.comparison import Comparison, composition
from sundog.evaluate.models import AbstractModel
from sundog.io.structures import read_structures

SHOWN = ("mae_", "mean_angle", "mean_vector")
STATISTICS = ("mae", "rmse", "max", "mean_vector_error", "mean_angle_degrees", "mean_cosine")
"""Of a comparison, that become metrics with the quantity behind their name."""

ANGLES = {"mean_angle_degrees": "°", "mean_cosine": ""}
"""Units of those that are not in the unit of the quantity."""


class LabelledTask(AbstractTask):
    """Predictions against labels."""

    items = "structures"
    needs = "properties"

    def __init__(self, structures: Sequence[Atoms], keys: Mapping[str, str], unit: str = "eV"):
        """Take structures.

        Args:
            structures: with labels; `info["group"]`, where it is, names the subset of each.
            keys: of the labels, by quantity.
            unit: of energies and forces (per Å), one of `labels.UNITS`.
        """
        self._structures = list(structures)
        self._labels = Labels(dict(keys), UNITS[unit])

    def structures(self, model: AbstractModel) -> list[Atoms]:
        """Return the structures."""
        return self._structures

    def score(self, model: AbstractModel, answers: Answers) -> Score:
        """Return metrics of each quantity, in all and by group.

        Raises:
            InputError: nothing can be compared.
            FileFormatError: a label of the wrong shape.
        """
        reasons = {n: one for n, one in enumerate(answers.each) if isinstance(one, str)}
        failed = [{"name": self._name(n), "reason": why} for n, why in reasons.items()]
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
            n=len(self._structures) - len(reasons),
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
            if wanted and not isinstance(one, str):
                comparison.add(number, one)
        metrics, units, intervals = {}, {}, {}
        for quantity, found in comparison.finished().metrics().items():
            for statistic in STATISTICS:
                if statistic in found:
                    key = f"{statistic}_{quantity}"
                    metrics[key] = found[statistic]
                    units[key] = ANGLES.get(statistic, found["unit"])
            intervals[f"mae_{quantity}"] = found["mae_interval"]
        return metrics, units, intervals

    def _name(self, number: int) -> str:
        atoms = self._structures[number]
        return str(atoms.info.get("name", f"structure {number}, {composition(atoms)}"))


def labelled_file(
    card: Card, data_dir: Path | None, names: Sequence[str], quantities: Sequence[str]
) -> LabelledTask:
    """Return the task of a file whose frames have REF_… labels in eV, Å and e.

    Args:
        card: of the benchmark.
        data_dir: folder of the data.
        names: what the file may be called.
        quantities: that every frame must have a label of.

    Raises:
        MissingDataError: the file is not there.
        FileFormatError: a frame lacks a label.
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
