"""Flags that say where structures have their labels."""

from dataclasses import asdict, dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class LabelOptions:
    """Names and unit of the labels; by default REF_energy, REF_forces, … or energy, forces, …."""

    energy_key: str | None = None
    """Key of the energy, in eV unless --unit says otherwise."""
    forces_key: str | None = None
    """Key of the forces, in eV/Å."""
    stress_key: str | None = None
    """Key of the stress, 3×3 or Voigt, in eV/Å³, positive under tension."""
    dipole_key: str | None = None
    """Key of the dipole, in e·Å."""
    charges_key: str | None = None
    """Key of the atomic charges, in e."""
    hirshfeld_ratios_key: str | None = None
    """Key of the Hirshfeld ratios."""
    unit: Literal["eV", "meV", "kcal/mol", "hartree"] = "eV"
    """Unit of the labels of energy, forces (per Å) and stress (per Å³)."""

    @property
    def keys(self) -> dict[str, str | None]:
        """Keys by quantity, None for the usual ones."""
        return {k.removesuffix("_key"): v for k, v in asdict(self).items() if k != "unit"}
