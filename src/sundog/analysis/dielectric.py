"""Relative permittivity from the fluctuations of the dipole of the cell.

    ε = 1 + 4π ke (⟨M²⟩ − ⟨M⟩²)/(3 ⟨V⟩ k_B T)

M: dipole of the cell, from molecules that were whole when the run began and unwrapped since.
Valid for an isotropic, neutral system with conducting boundary, that is with `ewald`. Charges
are on the nuclei, so that the electronic part (ε∞, 1.8 in water) is not included.
Sources: de Leeuw, Perram, Smith, Proc. R. Soc. A 373, 27 (1980); Neumann, Mol. Phys. 50, 841
(1983), doi:10.1080/00268978300102721.
"""

import math
from math import pi

import numpy as np
from jaxtyping import Float

from sundog.analysis.statistics import FEWEST_EFFECTIVE, Estimate, estimate
from sundog.constants import COULOMB
from sundog.units import BOLTZMANN


def permittivity(
    dipoles: Float[np.ndarray, "samples 3"],
    volumes: Float[np.ndarray, " samples"],
    temperature_kelvin: float,
) -> Estimate:
    """Return the relative permittivity.

    The dipole of a liquid takes many picoseconds to reverse, longer than its fluctuations show:
    its components say how much was sampled. In a run of a few such times the value is too small.

    Args:
        dipoles: Dipole of the cell in e·Å.
        volumes: Volume of the cell in Å³.
        temperature_kelvin: Temperature in K.

    Raises:
        InputError: The series is empty, or has values that are not finite.
    """
    deviations = dipoles - dipoles.mean(axis=0)
    found = estimate((deviations**2).sum(axis=1))
    effective = min(found.effective, *(estimate(column).effective for column in dipoles.T))
    unit = strength(volumes, temperature_kelvin)
    return Estimate(
        mean=1 + unit * found.mean,
        error=unit * found.error if effective >= FEWEST_EFFECTIVE else math.nan,
        effective=effective,
        count=found.count,
    )


def strength(volumes: Float[np.ndarray, " samples"], temperature_kelvin: float) -> float:
    """Return 4π ke/(3 ⟨V⟩ k_B T) in 1/(e·Å)², for volumes in Å³."""
    return 4 * pi * COULOMB / (3 * float(volumes.mean()) * BOLTZMANN * temperature_kelvin)
