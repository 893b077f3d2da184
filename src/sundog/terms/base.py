"""The contract of an energy term.

A term is a sum over pairs plus a sum over atoms,

    E = ½ Σ_{i≠j} pair(r_ij, atom_i, atom_j) + Σ_i self(atom_i),

so that one driver can sum, chunk and differentiate all of them, and a kernel can
replace the driver without touching the physics.
"""

from abc import abstractmethod
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp

from sundog.properties import AtomicProperties
from sundog.typing import PerAtom, PerPair


class AbstractPairTerm(eqx.Module):
    """One physical term. `name` is its key among a prediction's energies."""

    name: ClassVar[str]

    @abstractmethod
    def pair(
        self, distances: PerPair, receivers: AtomicProperties, senders: AtomicProperties
    ) -> PerPair:
        """Return the energy of each pair in eV, zero beyond the term's own cutoff.

        Args:
            distances: Å, positive; may exceed the cutoff by the skin of the pair list.
            receivers: properties of atom i of each pair.
            senders: properties of atom j of each pair.
        """

    def self_energy(self, atoms: AtomicProperties) -> PerAtom:
        """Return the part of the energy that belongs to single atoms, in eV; zero by default."""
        return jnp.zeros_like(atoms.partial_charges)
