"""`Result`: what an observable says of a run, as values, tables, pictures and sentences."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from sundog.analysis.statistics import Estimate
from sundog.plots.pictures import Picture


@dataclass(frozen=True)
class Quantity:
    """Number with an error bar.

    Attributes:
        name: name with its unit, unique within the result, as `diffusion_angstrom2_per_ps`.
        label: words for it.
        unit: unit as it is written.
        value: mean, error and effective samples.
        digits: number of digits after the decimal point.
    """

    name: str
    label: str
    unit: str
    value: Estimate
    digits: int = 3

    def text(self) -> str:
        """Return a line with label, value and error bar."""
        return f"{self.label}: {self.value.text(self.digits, self.unit)}"


Table = Mapping[str, np.ndarray]
"""Columns of the same length by their names, which end with the unit, as `r_angstrom`."""


@dataclass(frozen=True, eq=False)
class Result:
    """Results of one observable.

    Attributes:
        name: name of the observable.
        title: words for it.
        quantities: numbers with error bars.
        tables: tables by name.
        pictures: figures as values.
        notes: sentences: limits that apply, what was chosen, what was left out.
    """

    name: str
    title: str
    quantities: tuple[Quantity, ...] = ()
    tables: Mapping[str, Table] = field(default_factory=dict)
    pictures: tuple[Picture, ...] = ()
    notes: tuple[str, ...] = ()
