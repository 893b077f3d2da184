"""London dispersion from quantum Drude oscillators, C6 to C10, damped.

    α_i = α_free(Z_i) h_i,  C6_i = C6_free(Z_i) h_i²
    α = (α_i + α_j)/2,      C6 = 2 C6_i C6_j α_i α_j / (α_i² C6_j + α_j² C6_i)
                               = α_i α_j 2 c_i c_j/(c_i + c_j),  c = C6_free/α_free²
    R = α_fsc^(−4/21) α^(1/7)                       van der Waals radius
    w = −0.00433008 + 0.24428889 R + 0.04125273 R² − 0.00078893 R³,  μω = 1/(2w²)
    C8 = 5 C6/μω,  C10 = (245/8) C6/μω²,  R_d = γ_d · 2 · 2.54 · α^(1/7)
    e = −Σ_n C_n/(rⁿ + R_dⁿ),  n = 6, 8, 10, times a switch from rc − 2 Å to rc

Bohr and Hartree inside, Å and eV outside. Source: Khabibrakhmanov et al., JCTC 19,
7895 (2023); Kabylda et al., JACS 147, 33723 (2025). The prefactor 2.54 is that of
the published code, with which the weights were trained (the paper prints 2.5528).
"""

from math import isfinite
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sundog.constants import FINE_STRUCTURE
from sundog.elements import free_atom_c6, free_atom_polarizabilities
from sundog.names import Precision
from sundog.numerics.switch import exponential_switch
from sundog.properties import AtomicProperties
from sundog.terms.base import AbstractPairTerm
from sundog.typing import PerAtom, PerPair
from sundog.units import BOHR, HARTREE

SWITCH_WIDTH = 2.0
"""Width in Å of the switch that ends at the cutoff."""


Sites = tuple[Float[Array, " sites"], Float[Array, " sites"]]


class Dispersion(AbstractPairTerm):
    """Pairwise dispersion with coefficients scaled by the Hirshfeld ratios.

    Attributes:
        damping: dimensionless parameter γ_d of the damping.
        cutoff: distance in Å at which the energy ends, infinite for all pairs.
    """

    name: ClassVar[str] = "dispersion"

    damping: float = eqx.field(static=True)
    cutoff: float = eqx.field(static=True)

    def sites(self, atoms: AtomicProperties) -> Sites:
        """Return α and C6/α², of which the second depends on the element alone."""
        polarizability = polarizabilities(atoms)
        dtype = polarizability.dtype
        return polarizability, jnp.asarray(c6_per_square(), dtype)[atoms.numbers]

    def elementary(self, precision: Precision) -> "Dispersion":
        """Return the term as it is, which has no special functions."""
        return self

    def pair(self, distances: PerPair, i: Sites, j: Sites) -> PerPair:
        """Return the dispersion energy of each pair in eV; see `AbstractPairTerm.pair`."""
        (alpha_i, c_i), (alpha_j, c_j) = i, j
        c6 = alpha_i * alpha_j * (2.0 * c_i * c_j / (c_i + c_j))
        energies = unswitched(distances, 0.5 * (alpha_i + alpha_j), c6, self.damping)
        if not isfinite(self.cutoff):
            return energies
        return energies * exponential_switch(distances, self.cutoff - SWITCH_WIDTH, self.cutoff)


def unswitched(
    distances: Float[Array, "..."],
    polarizability: Float[Array, "..."],
    c6: Float[Array, "..."],
    damping: float,
) -> Float[Array, "..."]:
    """Return the damped energy −Σ C_n/(rⁿ + R_dⁿ) of pairs in eV.

    Args:
        distances: distances in Å, positive.
        polarizability: mean polarisability of both atoms in bohr³.
        c6: coefficient C6 of the pair in Ha·bohr⁶.
        damping: dimensionless parameter γ_d of the damping.
    """
    seventh_root = jnp.exp(jnp.log(polarizability) / 7)
    mu_omega = _oscillator(FINE_STRUCTURE ** (-4 / 21) * seventh_root)
    c8 = 5.0 * c6 / mu_omega
    c10 = 245.0 / 8.0 * c6 / mu_omega**2
    r2 = (distances / BOHR) ** 2
    d2 = (damping * 2 * 2.54 * seventh_root) ** 2
    return -HARTREE * (c6 / (r2**3 + d2**3) + c8 / (r2**4 + d2**4) + c10 / (r2**5 + d2**5))


def c6_per_square() -> Float[np.ndarray, " elements"]:
    """Return c = C6/α² in Ha of each element, indexed by Z; it does not depend on the ratios."""
    return free_atom_c6() / free_atom_polarizabilities() ** 2


def polarizabilities(atoms: AtomicProperties) -> PerAtom:
    """Return the static polarisability of each atom in bohr³."""
    table = jnp.asarray(free_atom_polarizabilities(), atoms.hirshfeld_ratios.dtype)
    return table[atoms.numbers] * atoms.hirshfeld_ratios


def c6_coefficients(atoms: AtomicProperties) -> PerAtom:
    """Return the homo-atomic C6 coefficient of each atom in Ha·bohr⁶."""
    table = jnp.asarray(free_atom_c6(), atoms.hirshfeld_ratios.dtype)
    return table[atoms.numbers] * atoms.hirshfeld_ratios**2


def _oscillator(radius: Float[Array, "..."]) -> Float[Array, "..."]:
    """Return μω of the Drude oscillator in atomic units from the van der Waals radius."""
    width = -0.00433008 + radius * (0.24428889 + radius * (0.04125273 - 0.00078893 * radius))
    return 0.5 / width**2
