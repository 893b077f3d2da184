"""Electrostatics of partial charges, damped at short range.

    V(r) = erf(r/σ)/r,  σ = 4 Å;  ke = 14.3996 eV·Å/e²

    exact      e = ke q_i q_j V(r)                                       all pairs
    truncated  e = ke q_i q_j [V(r) − V(rc) − (1 − s(r)) V′(rc)(r − rc)]  r < rc
    wolf       truncated, and −½ ke V(rc) q_i² per atom

    s: exponential switch from 0.45 rc to rc

Three treatments are three Hamiltonians: never compare energies across them. The fourth,
`ewald`, is no sum over pairs: see `longrange.ewald`.
`exact` is what the model was trained with and belongs to molecules. `truncated`
is the published simulations' (rc = 12 Å); it lacks the self-term that neutralises
the cutoff sphere, which `wolf` restores (Wolf et al., J. Chem. Phys. 110, 8254
(1999)). Source: Kabylda et al., JACS 147, 33723 (2025) and its published code.
"""

from dataclasses import replace
from math import inf
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp

from sundog.constants import COULOMB
from sundog.names import Precision
from sundog.numerics.damped_coulomb import (
    DampedPolynomial,
    polynomial,
    potential,
    potential_slope,
)
from sundog.numerics.switch import exponential_switch
from sundog.properties import AtomicProperties
from sundog.terms.base import AbstractPairTerm
from sundog.typing import PerAtom, PerPair

SWITCH_ON = 0.45
"""Fraction of the cutoff at which the force shift starts to be switched on."""


class ExactCoulomb(AbstractPairTerm):
    """Damped Coulomb interaction of all pairs of a molecule.

    Attributes:
        sigma: width σ of the damping in Å.
        series: V(r) as a polynomial, in the elementary form.
    """

    name: ClassVar[str] = "electrostatics"

    sigma: float = eqx.field(static=True)
    series: DampedPolynomial | None = None

    def sites(self, atoms: AtomicProperties) -> PerAtom:
        """Return the partial charges."""
        return atoms.partial_charges

    def pair(self, distances: PerPair, i: PerPair, j: PerPair) -> PerPair:
        """Return ke q_i q_j erf(r/σ)/r in eV; see `AbstractPairTerm.pair`."""
        return COULOMB * i * j * _potential(distances, self.sigma, self.series)

    def elementary(self, precision: Precision) -> "ExactCoulomb":
        """Return the term without erf."""
        return replace(self, series=polynomial(self.sigma, inf, precision))


class TruncatedCoulomb(AbstractPairTerm):
    """Damped Coulomb interaction shifted at the cutoff, as in the published simulations.

    Attributes:
        sigma: width σ of the damping in Å.
        cutoff: distance rc in Å at which the interaction ends.
        series: V(r) as a polynomial, in the elementary form.
    """

    name: ClassVar[str] = "electrostatics"

    sigma: float = eqx.field(static=True)
    cutoff: float = eqx.field(static=True)
    series: DampedPolynomial | None = None

    def sites(self, atoms: AtomicProperties) -> PerAtom:
        """Return the partial charges."""
        return atoms.partial_charges

    def pair(self, distances: PerPair, i: PerPair, j: PerPair) -> PerPair:
        """Return the shifted interaction in eV; see `AbstractPairTerm.pair`."""
        rc = self.cutoff
        slope = potential_slope(rc, self.sigma)
        switch = exponential_switch(distances, SWITCH_ON * rc, rc)
        shifted = (
            _potential(distances, self.sigma, self.series)
            - potential(rc, self.sigma)
            - (1.0 - switch) * slope * (distances - rc)
        )
        return jnp.where(distances < rc, COULOMB * i * j * shifted, 0.0)

    def elementary(self, precision: Precision) -> "TruncatedCoulomb":
        """Return the term without erf."""
        return replace(self, series=polynomial(self.sigma, self.cutoff, precision))


class WolfCoulomb(AbstractPairTerm):
    """`TruncatedCoulomb` with the self-term that neutralises the cutoff sphere.

    Attributes:
        truncated: interaction of the pairs.
    """

    name: ClassVar[str] = "electrostatics"

    truncated: TruncatedCoulomb

    def sites(self, atoms: AtomicProperties) -> PerAtom:
        """Return the partial charges."""
        return atoms.partial_charges

    def pair(self, distances: PerPair, i: PerPair, j: PerPair) -> PerPair:
        """Return the shifted interaction in eV; see `AbstractPairTerm.pair`."""
        return self.truncated.pair(distances, i, j)

    def self_energy(self, atoms: AtomicProperties) -> PerAtom:
        """Return −½ ke V(rc) q² in eV."""
        at_cutoff = potential(self.truncated.cutoff, self.truncated.sigma)
        return -0.5 * COULOMB * at_cutoff * atoms.partial_charges**2

    def elementary(self, precision: Precision) -> "WolfCoulomb":
        """Return the term without erf."""
        return WolfCoulomb(self.truncated.elementary(precision))


def _potential(r: PerPair, sigma: float, series: DampedPolynomial | None) -> PerPair:
    """Return V(r) in 1/Å, by erf or by a polynomial."""
    return jax.lax.erf(r / sigma) / r if series is None else series(r)
