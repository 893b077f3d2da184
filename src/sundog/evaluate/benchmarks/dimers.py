"""Interaction energies of dimers, E(dimer) − E(monomers apart), by any model.

The network's embeddings of charge and spin take the totals over the whole structure. The
monomers of a force field are therefore one structure, far apart: computed each alone, an ion
would be embedded with a charge of its own that the dimer does not see. For an ASE calculator
they are structures of their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from ase import Atoms
from jaxtyping import Float

from sundog.errors import FileFormatError
from sundog.evaluate.models import FRAGMENT, FRAGMENT_CHARGES, AbstractModel
from sundog.units import KCAL_PER_MOL

APART = 10_000.0
"""Å by which monomer B is moved away."""

Values = Float[np.ndarray, " dimers"]


@dataclass(frozen=True, kw_only=True)
class Dimer:
    """Two molecules and how strongly they are bound.

    Attributes:
        name: of the dimer.
        group: of the set that it belongs to.
        atoms: the dimer; monomer A comes first.
        first: atoms of monomer A.
        charges: of both monomers.
        reference: interaction energy in kcal/mol.
        apart: the same atoms with the monomers far apart; by default B is moved along x.
        labels: whatever else scores are made of.
    """

    name: str
    group: str
    atoms: Atoms
    first: int
    charges: tuple[int, int]
    reference: float
    apart: Atoms | None = None
    labels: dict[str, float] = field(default_factory=dict)

    def __post_init__(self):
        """Refuse a dimer of one molecule.

        Raises:
            FileFormatError: monomer A has no atoms, or all.
        """
        if not 0 < self.first < len(self.atoms):
            raise FileFormatError(
                f"{self.name}: monomer A must have some of the atoms and not all",
                got=f"{self.first} of {len(self.atoms)}",
                remedy="Get the data anew",
            )

    def together(self) -> Atoms:
        """Return the dimer with its charges."""
        return self._labelled(self.atoms)

    def separated(self) -> Atoms:
        """Return the dimer with monomer B far away."""
        if self.apart is not None:
            return self._labelled(self.apart)
        atoms = self._labelled(self.atoms)
        atoms.positions[self.first :, 0] += APART
        return atoms

    def monomers(self) -> tuple[Atoms, Atoms]:
        """Return both monomers as structures of their own."""
        parts = self.atoms[: self.first], self.atoms[self.first :]
        return tuple(
            Atoms(part.numbers, part.positions, info={"charge": charge})
            for part, charge in zip(parts, self.charges, strict=True)
        )  # pyright: ignore[reportReturnType]

    def _labelled(self, atoms: Atoms) -> Atoms:
        info = {"charge": sum(self.charges), FRAGMENT_CHARGES: self.charges}
        labelled = Atoms(atoms.numbers, atoms.positions, info=info)
        labelled.set_array(FRAGMENT, (np.arange(len(atoms)) >= self.first).astype(np.int64))
        return labelled


@dataclass(frozen=True)
class Interactions:
    """Interaction energies of dimers.

    Attributes:
        values: kcal/mol; not a number where there is none.
        failures: what went wrong, by number of the dimer.
        structures: computed.
    """

    values: Values
    failures: dict[int, str]
    structures: int


def structures_of(model: AbstractModel, dimers: Sequence[Dimer]) -> list[Atoms]:
    """Return the structures whose energies make the interaction energies, part by part."""
    together = [dimer.together() for dimer in dimers]
    if model.charges != "own":
        return together + [dimer.separated() for dimer in dimers]
    pairs = [dimer.monomers() for dimer in dimers]
    return together + [a for a, _ in pairs] + [b for _, b in pairs]


def interactions(
    model: AbstractModel, dimers: Sequence[Dimer], structures: Sequence[Atoms]
) -> Interactions:
    """Return the interaction energies.

    Args:
        model: of the energies.
        dimers: that are meant.
        structures: of these dimers, by `structures_of`.
    """
    answer = model(structures)
    parts = answer.energies.reshape(-1, len(dimers))
    values = (parts[0] - parts[1:].sum(axis=0)) / KCAL_PER_MOL
    failures = {n % len(dimers): reason for n, reason in answer.failures.items()}
    return Interactions(values, failures, len(structures))
