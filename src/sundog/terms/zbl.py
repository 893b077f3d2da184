"""ZBL nuclear repulsion with learned coefficients.

    e(r) = w(r) f(r) ke Z_i Z_j / r · Σ_k c_k exp(−a_k d r (Z_i^p + Z_j^p))

    w: exponential switch from 0 to `zbl_cutoff` (1.5 Å); f: polynomial cutoff
    a, c, p, d = softplus of the raw parameters; c normalised to Σ c_k = 1
    d in 1/Å, energies in eV

Source: Ziegler, Biersack, Littmark (1985); learned form of SpookyNet, Unke et al.,
Nat. Commun. 12, 7273 (2021), eq. 16, with the switch of the published SO3LR code.
"""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from sundog.constants import COULOMB
from sundog.numerics.switch import exponential_switch, polynomial_cutoff
from sundog.properties import AtomicProperties
from sundog.terms.base import AbstractPairTerm
from sundog.typing import PerPair
from sundog.units import BOHR

Sites = tuple[Float[Array, " sites"], Float[Array, " sites"]]

EXPONENTS = (3.2, 0.9423, 0.4028, 0.2016)
"""Exponents a_k of the universal potential, from which training starts."""

COEFFICIENTS = (0.1818, 0.5099, 0.2802, 0.02817)
"""Its coefficients c_k."""

POWER = 0.23
"""Its power p of the atomic number."""

SCREENING = 0.8854
"""Its length 1/d in bohr."""


class ZBL(AbstractPairTerm):
    """Short-range repulsion; the parameters are raw, before softplus.

    Attributes:
        a: raw exponents a_k.
        c: raw coefficients c_k.
        p: raw power p of the atomic number.
        d: raw inverse length d.
        cutoff: end of the polynomial cutoff f in Å.
        switch_off: end of the switch w in Å, beyond which the energy is zero.
    """

    name: ClassVar[str] = "zbl"

    a: Float[Array, " exponentials"]
    c: Float[Array, " exponentials"]
    p: Float[Array, ""]
    d: Float[Array, ""]
    cutoff: float = eqx.field(static=True)
    switch_off: float = eqx.field(static=True)

    def sites(self, atoms: AtomicProperties) -> Sites:
        """Return Z and d Z^p."""
        number = atoms.numbers.astype(self.a.dtype)
        return number, jax.nn.softplus(self.d) * number ** jax.nn.softplus(self.p)

    def pair(self, distances: PerPair, i: Sites, j: Sites) -> PerPair:
        """Return e(r) of each pair in eV; see `AbstractPairTerm.pair`."""
        (z_i, screening_i), (z_j, screening_j) = i, j
        a, c = jax.nn.softplus(self.a), jax.nn.softplus(self.c)
        reduced = distances * (screening_i + screening_j)
        screening = jnp.exp(-a[None] * reduced[:, None]) @ (c / c.sum())
        switch = exponential_switch(distances, 0.0, self.switch_off)
        switch = switch * polynomial_cutoff(distances, self.cutoff)
        return switch * COULOMB * z_i * z_j / distances * screening


def initialize_zbl(cutoff: float, switch_off: float) -> ZBL:
    """Return the universal potential, from which the published weights were trained.

    Args:
        cutoff: end of the polynomial cutoff in Å.
        switch_off: end of the switch in Å.
    """

    def raw(value: float | tuple[float, ...]) -> Array:
        return jnp.log(jnp.expm1(jnp.asarray(value)))

    return ZBL(
        a=raw(EXPONENTS),
        c=raw(COEFFICIENTS),
        p=raw(POWER),
        d=raw(1.0 / (SCREENING * BOHR)),
        cutoff=cutoff,
        switch_off=switch_off,
    )
