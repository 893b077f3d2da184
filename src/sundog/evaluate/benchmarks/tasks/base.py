"""Tasks of benchmarks: structures that a model computes, and a score made of its answers."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from ase import Atoms
from jaxtyping import Float

from sundog.errors import InputError
from sundog.evaluate.dynamics import Trajectory
from sundog.evaluate.models import AbstractModel, Energies, Failure, Properties
from sundog.runs.settings import SimulationSettings

Interval = tuple[float, float] | None
"""Lower and upper end of a 95 % interval, None where there is none."""


@dataclass(frozen=True)
class Answers:
    """Answers of a model to the structures of a task.

    Attributes:
        each: Properties or trajectory of every structure, or the reason why there are none.
    """

    each: Sequence[Properties | Trajectory | Failure]

    @property
    def energies(self) -> Energies:
        """Energies of the structures in eV; not a number where there is none."""
        return np.array([_energy(one) for one in self.each])

    def reason(self, number: int) -> str | None:
        """Return why a structure has no finite energy, None where it has one."""
        one = self.each[number]
        if isinstance(one, Failure):
            return one.reason
        return None if np.isfinite(_energy(one)) else "the energy is not finite"

    def of(self, number: int, quantity: str) -> np.ndarray | None:
        """Return a property of a structure in eV, Å and e, None where the model has none."""
        one = self.each[number]
        return one.of(quantity) if isinstance(one, Properties) else None

    def trajectory(self, number: int) -> Trajectory:
        """Return the trajectory of a structure for which `reason` gives none."""
        one = self.each[number]
        assert isinstance(one, Trajectory)
        return one


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Values along a path, for the figure of a benchmark.

    Attributes:
        panel: Title of the panel that the curve is drawn in.
        label: Label in the legend.
        x: Places along the path.
        x_label: Label of the axis of `x`, with unit.
        y: Values at these places; not a number where there is none.
        y_label: Label of the axis of `y`, with unit.
        reference: Values to compare with, where there are any.
        logarithmic: Whether `y` spans decades and is drawn on a logarithmic axis.
    """

    panel: str
    label: str
    x: Float[np.ndarray, " points"]
    x_label: str
    y: Float[np.ndarray, " points"]
    y_label: str
    reference: Float[np.ndarray, " points"] | None = None
    logarithmic: bool = False

    def json(self) -> dict[str, Any]:
        """Return the curve for JSON, with null for what is not a finite number."""
        found = vars(self) | {"x": _plain(self.x), "y": _plain(self.y)}
        return found | {"reference": None if self.reference is None else _plain(self.reference)}


@dataclass(frozen=True)
class FailedItem:
    """Item that the model could not compute, with the reason."""

    name: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Score:
    """Score that a task makes of the answers.

    Attributes:
        metrics: Metrics by name.
        units: Unit of each metric.
        n: Number of items that the metrics are made of.
        n_of: Number of items that the task has.
        failed: Items that the model could not compute.
        intervals: 95 % intervals of the metrics that have one.
        groups: Metrics by subset.
        worst: Items with the largest errors, as rows for JSON.
        missing: Reasons why the model or the data cannot give a metric, by its name.
        curves: Curves of the figure.
        shown: Metrics that are printed; all where none is named.
    """

    metrics: dict[str, float]
    units: dict[str, str]
    n: int
    n_of: int
    failed: list[FailedItem]
    intervals: dict[str, Interval] = field(default_factory=dict)
    groups: dict[str, dict[str, Any]] = field(default_factory=dict)
    worst: list[dict[str, Any]] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    curves: list[Curve] = field(default_factory=list)
    shown: Sequence[str] = ()

    def __post_init__(self):
        """Show all metrics where none is named."""
        object.__setattr__(self, "shown", tuple(self.shown or self.metrics))

    def json(self) -> dict[str, Any]:
        """Return the score for JSON."""
        return vars(self) | {
            "failed": [vars(one) for one in self.failed],
            "curves": [curve.json() for curve in self.curves],
            "shown": list(self.shown),
        }


class AbstractTask(ABC):
    """Structures to compute, and the score that is made of the answers.

    Attributes:
        items: Word for the items that `n` of the score counts, in the plural.
        needs: Whether the task needs of each structure its energy, all properties, or a
            trajectory that begins there.
        settings: Settings of the simulations, where trajectories are needed.
    """

    items: str
    needs: Literal["energy", "properties", "trajectory"]
    settings: SimulationSettings | None = None

    @abstractmethod
    def structures(self, model: AbstractModel) -> list[Atoms]:
        """Return the structures that the model is to compute, in an order that `score` knows."""

    @abstractmethod
    def score(self, model: AbstractModel, answers: Answers) -> Score:
        """Return the score.

        Raises:
            InputError: The model computed none of the items.
        """


def none_computed(items: str, failed: Sequence[FailedItem]) -> InputError:
    """Return the error to raise when the model computed none of the items."""
    return InputError(
        f"the model computed none of the {items}",
        got=failed[0].reason if failed else None,
        remedy="Look at what it supports: elements, charges, molecules without a cell",
    )


def _energy(one: Properties | Trajectory | Failure) -> float:
    found = None if isinstance(one, Failure) else one.energy
    return np.nan if found is None else float(found)


def _plain(values: np.ndarray) -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in values]
