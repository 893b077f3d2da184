"""What every task has: structures that a model computes, and a score made of its answers."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from ase import Atoms
from jaxtyping import Float

from sundog.errors import InputError
from sundog.evaluate.models import AbstractModel, Energies, Properties
from sundog.runs.settings import SimulationSettings

Interval = tuple[float, float] | None


@dataclass(frozen=True)
class Answers:
    """What a model said of structures.

    Attributes:
        each: the properties of every structure, or why there are none.
    """

    each: Sequence[Properties | str]

    @property
    def energies(self) -> Energies:
        """Return the energies in eV; not a number where there is none."""
        return np.array([_energy(one) for one in self.each])

    def reason(self, number: int) -> str | None:
        """Return why a structure has no finite energy, None where it has one."""
        one = self.each[number]
        if isinstance(one, str):
            return one
        return None if np.isfinite(_energy(one)) else "the energy is not finite"

    def of(self, number: int, quantity: str) -> np.ndarray | None:
        """Return a quantity of a structure in eV, Å and e, None where the model has none."""
        one = self.each[number]
        return None if isinstance(one, str) else one[quantity]


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Values along a path, for the figure of a benchmark.

    Attributes:
        panel: title of the panel that it is drawn in.
        label: in the legend.
        x: where, with its name in `x_label`.
        y: values, with their name in `y_label`; not a number where there is none.
        reference: values to compare with, where there are any.
        logarithmic: whether magnitudes over decades matter.
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
        """Return it ready for JSON, which has no word for what is not a number."""
        found = vars(self) | {"x": _plain(self.x), "y": _plain(self.y)}
        return found | {"reference": None if self.reference is None else _plain(self.reference)}


@dataclass(frozen=True, kw_only=True)
class Score:
    """What the answers are worth.

    Attributes:
        metrics: by name.
        units: of each metric.
        intervals: 95 %, of the metrics that have one.
        n: items that count.
        n_of: items that were asked for.
        failed: name of each item that the model could not compute, and why.
        groups: metrics by subset.
        worst: items with the largest errors.
        missing: metrics that the model or the data cannot give, and why.
        shown: metrics that are worth a line where they are printed; all by default.
        curves: for the figure.
    """

    metrics: dict[str, float]
    units: dict[str, str]
    n: int
    n_of: int
    failed: list[dict[str, str]]
    intervals: dict[str, Interval] = field(default_factory=dict)
    groups: dict[str, dict[str, Any]] = field(default_factory=dict)
    worst: list[dict[str, Any]] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    curves: list[Curve] = field(default_factory=list)
    shown: Sequence[str] = ()


class AbstractTask(ABC):
    """Structures to compute, and what to make of the answers.

    Attributes:
        items: what `n` of the score counts, in the plural.
        needs: whether the energy of each structure is enough, or a trajectory has to begin there.
        settings: of the simulations, where trajectories are needed.
    """

    items: str
    needs: Literal["energy", "properties", "trajectory"]
    settings: SimulationSettings | None = None

    @abstractmethod
    def structures(self, model: AbstractModel) -> list[Atoms]:
        """Return what the model is to compute, in an order that `score` knows."""

    @abstractmethod
    def score(self, model: AbstractModel, answers: Answers) -> Score:
        """Return the score.

        Raises:
            InputError: the model computed none of the items.
        """


def none_computed(items: str, failed: Sequence[dict[str, str]]) -> InputError:
    """Return the error to raise when the model computed none of the items."""
    return InputError(
        f"the model computed none of the {items}",
        got=failed[0]["reason"] if failed else None,
        remedy="Look at what it supports: elements, charges, molecules without a cell",
    )


def _energy(one: Properties | str) -> float:
    found = None if isinstance(one, str) else one["energy"]
    return np.nan if found is None else float(found)


def _plain(values: np.ndarray) -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in values]
