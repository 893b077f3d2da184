"""Dipole about the centre of mass, of the partial charges on the nuclei."""

from typing import ClassVar

from sundog.engine.observers.base import AbstractObserver, Need
from sundog.engine.state import MDState
from sundog.typing import PerSystem


class Dipole(AbstractObserver):
    """Dipole of each structure along x, y and z."""

    needs: ClassVar[frozenset[Need]] = frozenset({"charges"})

    @property
    def units(self) -> dict[str, str]:
        """Units of its columns by their names."""
        return {f"dipole_{axis}_e_angstrom": "e·Å" for axis in "xyz"}

    def __call__(self, state: MDState) -> dict[str, PerSystem]:
        """Return the dipole in e·Å."""
        dipole = state.dipole
        assert dipole is not None
        return {f"dipole_{axis}_e_angstrom": dipole[:, k] for k, axis in enumerate("xyz")}
