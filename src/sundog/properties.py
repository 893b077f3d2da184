"""Results of the network for each atom: `AtomFeatures` and, from these, `AtomicProperties`.

They are defined below both `model` and `terms`, which do not import each other.
"""

import equinox as eqx
from jaxtyping import Array, Float, Int

from sundog.typing import PerAtom


class AtomFeatures(eqx.Module):
    """Learned representation of each atom.

    Attributes:
        invariant: features x, unchanged by rotation.
        euclidean: Euclidean variables ev: for each degree l a real vector of 2l+1 components that
            rotates with the structure.
    """

    invariant: Float[Array, "atoms features"]
    euclidean: Float[Array, "atoms components"]


class AtomicProperties(eqx.Module):
    """Properties that the network predicts for each atom, and the only input of the physical terms.

    Attributes:
        numbers: atomic numbers; 0 in padding.
        energies: network's energy of each atom in eV.
        partial_charges: partial charges in e; they add up to the total charge of each structure.
        hirshfeld_ratios: ratios of the effective to the free-atom Hirshfeld volume, ≥ 0.
    """

    numbers: Int[Array, " atoms"]
    energies: PerAtom
    partial_charges: PerAtom
    hirshfeld_ratios: PerAtom
