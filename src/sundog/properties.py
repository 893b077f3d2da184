"""What the network hands on to the physics: `AtomFeatures`, then `AtomicProperties`.

They stand below both `model` and `terms`, which know nothing of each other.
"""

import equinox as eqx
from jaxtyping import Array, Float, Int

from sundog.typing import PerAtom


class AtomFeatures(eqx.Module):
    """Learned representation of each atom.

    Attributes:
        invariant: x, unchanged by rotation.
        euclidean: one real vector of 2l+1 components per degree l, rotating with the structure.
    """

    invariant: Float[Array, "atoms features"]
    euclidean: Float[Array, "atoms components"]


class AtomicProperties(eqx.Module):
    """What the network predicts for each atom, and all that the physical terms see.

    Attributes:
        numbers: atomic numbers; 0 in padding.
        energies: E_net per atom in eV.
        partial_charges: in elementary charges, summing to the total charge.
        hirshfeld_ratios: effective over free-atom volume, ≥ 0.
    """

    numbers: Int[Array, " atoms"]
    energies: PerAtom
    partial_charges: PerAtom
    hirshfeld_ratios: PerAtom
