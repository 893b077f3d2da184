"""`Prediction`: everything a force field says about one structure or many."""

import equinox as eqx
import numpy as np
from jaxtyping import Array, Float

from sundog.properties import AtomFeatures
from sundog.units import BAR

PerSystem = Float[Array | np.ndarray, "*systems"]
PerAtom = Float[Array | np.ndarray, " atoms"]
Vectors = Float[Array | np.ndarray, "atoms 3"]
Tensors = Float[Array | np.ndarray, "*systems 3 3"]


class Prediction(eqx.Module):
    """Energies, their derivatives and the atomic properties behind them.

    A force field returns one with a leading axis over structures; `sundog.predict` returns
    one per structure, without that axis.

    Attributes:
        energy: energy in eV.
        forces: forces in eV/Å, −dE/dR through the predicted charges and ratios.
        virial: dE/dε in eV, symmetric.
        volume: volume of the cell in Å³, zero without a three-dimensional cell.
        energies: energies in eV, by name of the term; they add up to `energy`.
        partial_charges: elementary charges, or None for a force field without them.
        hirshfeld_ratios: effective over free-atom volume, or None.
        polarizability: bohr³ per atom, or None.
        c6: Ha·bohr⁶ per atom, or None.
        dipole: Σ q_i R_i in e·Å with the user's coordinates; depends on the origin when the
            structure is charged and on the choice of images when it is periodic. Or None.
        features: the network's last representation of each atom, or None.
    """

    energy: PerSystem
    forces: Vectors
    virial: Tensors
    volume: PerSystem
    energies: dict[str, PerSystem]
    partial_charges: PerAtom | None = None
    hirshfeld_ratios: PerAtom | None = None
    polarizability: PerAtom | None = None
    c6: PerAtom | None = None
    dipole: Float[Array | np.ndarray, "*systems 3"] | None = None
    features: AtomFeatures | None = None

    @property
    def stress(self) -> Tensors:
        """Stress dE/dε/V in eV/Å³, positive under tension; needs a three-dimensional cell."""
        return self.virial / self.volume[..., None, None]

    @property
    def virial_pressure(self) -> PerSystem:
        """Potential part of the pressure, −tr(dE/dε)/(3V), in bar."""
        return -self.virial.trace(axis1=-2, axis2=-1) / (3 * self.volume) / BAR
