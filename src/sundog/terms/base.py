"""The contract of an energy term.

A term is a sum over pairs plus a sum over atoms,

    E = ½ Σ_{i≠j} pair(r_ij, site_i, site_j) + Σ_i self(atom_i),

where a site is what the pair function needs of an atom, formed once per atom and not
once per pair. One driver can thus sum, chunk and differentiate all terms, and a kernel can
replace the driver without touching the physics. `sundog.load(extra_terms=…)` adds a term to a
force field, and `sundog.testing.check_term` checks that it keeps this contract.
"""

from abc import abstractmethod
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import PyTree

from sundog.names import Precision
from sundog.properties import AtomicProperties
from sundog.typing import PerAtom, PerPair


class AbstractPairTerm(eqx.Module):
    """One physical energy.

    `name` is its key among a prediction's energies, where no two terms may have the same. A term
    that ends at a distance has it in a field `cutoff` in Å: a force field whose pairs do not
    reach as far refuses the term.
    """

    name: ClassVar[str]

    @abstractmethod
    def sites(self, atoms: AtomicProperties) -> PyTree[PerAtom]:
        """Return what `pair` needs of each atom: arrays of real numbers, one for each atom."""

    @abstractmethod
    def pair(self, distances: PerPair, i: PyTree[PerPair], j: PyTree[PerPair]) -> PerPair:
        """Return the energy of each pair in eV, zero beyond the term's own cutoff.

        It acts pair by pair, is the same with i and j exchanged, and is once differentiable.

        Args:
            distances: distances in Å, positive; they may exceed the cutoff by the skin of the pair
                list.
            i: the sites of the receiving atoms, one entry per pair.
            j: the sites of the sending atoms.
        """

    def elementary(self, precision: Precision) -> "AbstractPairTerm | None":
        """Return the same term for the kernels for GPUs, or None if it has no such form.

        These have no special functions and know no arrays but the distances and the sites. By
        default a term is summed in plain JAX beside them.

        Args:
            precision: precision to which it is the same.
        """
        return None

    def self_energy(self, atoms: AtomicProperties) -> PerAtom:
        """Return the part of the energy that belongs to single atoms, in eV; zero by default."""
        return jnp.zeros_like(atoms.partial_charges)
