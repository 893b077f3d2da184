"""`Prediction`: everything a force field says about a system."""

import equinox as eqx
from jaxtyping import Array, Float

from sundog.properties import AtomFeatures
from sundog.typing import Cells, PerAtom, PerSystem, Positions
from sundog.units import BAR


class Prediction(eqx.Module):
    """Energies, their derivatives and the atomic properties behind them.

    Attributes:
        energy: eV, per structure.
        forces: eV/Å, −dE/dR through the predicted charges and ratios.
        virial: dE/dε in eV, symmetric, per structure.
        volume: Å³, zero without a three-dimensional cell.
        energies: eV, per structure, by name of the term; they add up to `energy`.
        partial_charges: elementary charges, or None for a force field without them.
        hirshfeld_ratios: effective over free-atom volume, or None.
        polarizability: bohr³ per atom, or None.
        c6: Ha·bohr⁶ per atom, or None.
        dipole: Σ q_i R_i in e·Å with the user's coordinates; depends on the origin when the
            structure is charged and on the choice of images when it is periodic. Or None.
        features: the network's last representation of each atom, or None.
    """

    energy: PerSystem
    forces: Positions
    virial: Cells
    volume: PerSystem
    energies: dict[str, PerSystem]
    partial_charges: PerAtom | None = None
    hirshfeld_ratios: PerAtom | None = None
    polarizability: PerAtom | None = None
    c6: PerAtom | None = None
    dipole: Float[Array, "systems 3"] | None = None
    features: AtomFeatures | None = None

    @property
    def stress(self) -> Cells:
        """Stress dE/dε/V in eV/Å³; positive under tension; infinite or NaN without a cell."""
        return self.virial / self.volume[:, None, None]

    @property
    def virial_pressure(self) -> PerSystem:
        """Potential part of the pressure, −tr(virial)/(3V), in bar."""
        return -self.virial.trace(axis1=1, axis2=2) / (3 * self.volume) / BAR
