"""Potential energy by terms of the force field."""

import equinox as eqx

from sundog.engine.ensembles import Ensemble
from sundog.engine.observers.base import AbstractObserver
from sundog.engine.state import MDState
from sundog.typing import PerSystem


class TermEnergies(AbstractObserver):
    """Energy of each term, and of each restraint.

    Attributes:
        terms: names of the terms.
    """

    terms: tuple[str, ...] = eqx.field(static=True)

    @property
    def units(self) -> dict[str, str]:
        """Units of its columns by their names."""
        return {f"energy_{name}_ev": "eV" for name in self.terms}

    def __call__(self, state: MDState) -> dict[str, PerSystem]:
        """Return energies in eV."""
        return {f"energy_{name}_ev": state.energies[name] for name in self.terms}

    @classmethod
    def of(cls, state: MDState, ensemble: Ensemble) -> "TermEnergies":
        """Return the observer of the terms in a state."""
        return cls(tuple(state.energies))
