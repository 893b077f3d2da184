"""The contract of an observer."""

from abc import abstractmethod
from typing import ClassVar, Literal, NamedTuple

import equinox as eqx

from sundog.engine.ensembles import Ensemble
from sundog.engine.state import MDState
from sundog.typing import PerSystem

Need = Literal["cell", "charges"]
"""Need of an observer: a structure with a cell of finite volume, or a force field with partial
charges."""


class Mean(NamedTuple):
    """A line in the summary of a run: mean and standard error of a column.

    Attributes:
        name: name of the column.
        label: words at the beginning of the line.
        unit: unit as it is written.
        digits: number of digits after the decimal point.
    """

    name: str
    label: str
    unit: str
    digits: int


class Reading(NamedTuple):
    """A part of the progress line of a run: the last values of one or several columns.

    Attributes:
        symbol: symbol before the values.
        names: names of the columns.
        unit: unit after the values.
        digits: number of digits after the decimal point.
    """

    symbol: str
    names: tuple[str, ...]
    unit: str
    digits: int


class AbstractObserver(eqx.Module):
    """Measurement along a run: columns of the energies table, made from the state.

    An observer of one's own is given to a run with `observers=[…]`. One that every run has is a
    file in `engine/observers/` and a name in `engine.samples.STANDARD`.

    Attributes:
        needs: properties without which it cannot observe a structure.
        summary: lines in the summary of a run.
        progress: parts of the progress line.
    """

    needs: ClassVar[frozenset[Need]] = frozenset()
    summary: ClassVar[tuple[Mean, ...]] = ()
    progress: ClassVar[tuple[Reading, ...]] = ()

    @property
    @abstractmethod
    def units(self) -> dict[str, str]:
        """Units of its columns by their names; a name ends with the unit, as `pressure_bar`."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of its columns."""
        return tuple(self.units)

    @abstractmethod
    def __call__(self, state: MDState) -> dict[str, PerSystem]:
        """Return a number for each structure by the name of the column (pure, jittable)."""

    @classmethod
    def of(cls, state: MDState, ensemble: Ensemble) -> "AbstractObserver":
        """Return the observer of a run that begins with a state (host only)."""
        return cls()
