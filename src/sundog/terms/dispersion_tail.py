"""The dispersion that a cutoff leaves out of a homogeneous liquid, in the mean.

    E = (1/2V) Σ_ij ∫ 4πr² (1 − s(r)) e_ij(r) dr        s: the switch of `terms.dispersion`
      = −(1/2V) Σ_ab A_a A_b K_ab J((ᾱ_a + ᾱ_b)/2)
    A_a = Σ_{i∈a} α_i,  ᾱ_a = A_a/N_a,  K_ab = 2 c_a c_b/(c_a + c_b)     a, b: elements
    J(α) = ∫ 4πr² (1 − s(r)) [1/(r⁶ + R⁶) + (5/μω)/(r⁸ + R⁸) + (245/8)/μω²/(r¹⁰ + R¹⁰)] dr

Atoms from rc − 2 Å on are taken to be everywhere with equal density, each structure being
periodic along all directions; in slabs, gases and beside large molecules they are not. The sum
of the C6 is exact, since they are products of α_i, α_j and a constant of the elements. C8, C10 and
the damping are those of atoms with their element's mean α: they depend on α^(1/7), and a spread of
α by ± 10 % within the elements changes E by less than 5e-5 of itself, by ± 30 % 5e-4. E depends on
positions through the ratios alone, and on the cell as 1/V: dE/dε = −E·1.

J is integrated by Gauss and Legendre, over the switch, and beyond over 1/r, to 1e-10 or better.
In float64 throughout. Source of the idea: Allen, Tildesley, Computer Simulation of Liquids
(2017), section 2.8.
"""

from math import pi
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sundog.elements import SUPPORTED
from sundog.errors import CellError
from sundog.longrange.ewald import reciprocal
from sundog.numerics.segments import sum_per_system
from sundog.numerics.switch import exponential_switch
from sundog.system import System
from sundog.terms.dispersion import SWITCH_WIDTH, c6_per_square, unswitched
from sundog.typing import Cells, PerAtom

POINTS_IN_SWITCH = 64
"""Number of points of the quadrature over the switch."""

POINTS_BEYOND = 40
"""Number of points of the quadrature beyond the cutoff."""


class DispersionTail(eqx.Module):
    """The tail correction of `Dispersion` with the same damping and cutoff.

    Attributes:
        damping: dimensionless parameter γ_d of the damping.
        cutoff: cutoff of the dispersion in Å, finite.
    """

    name: ClassVar[str] = "dispersion_tail"

    damping: float = eqx.field(static=True)
    cutoff: float = eqx.field(static=True)

    def check(self, system: System) -> None:
        """Raise when a structure does not fill space (host only).

        Raises:
            CellError: not periodic along all directions.
        """
        pbc = np.asarray(system.pbc)
        if not pbc.all():
            raise CellError(
                "dispersion tail: only what is periodic along all three directions has one",
                got=f"pbc {pbc[~pbc.all(axis=1)][0].tolist()}",
                remedy='Use dispersion_tail="off"',
            )

    def energies(
        self, polarizabilities: PerAtom, system: System, strain: Cells | None = None
    ) -> PerAtom:
        """Return the energy of each atom in eV (float64).

        Args:
            polarizabilities: polarisability of each atom in bohr³.
            system: structures that are periodic along all directions; others have no tail.
            strain: strain ε of each structure, to differentiate by.
        """
        index, systems = system.system_index, system.number_of_systems
        alpha = jnp.where(system.is_atom, polarizabilities, 0.0).astype(float)
        member = jnp.asarray(_membership(), alpha.dtype)[system.numbers]
        total = sum_per_system(alpha[:, None] * member, index, systems)
        count = sum_per_system(member, index, systems)
        # An element that is not there has no mean; any will do.
        mean = jnp.where(count > 0, total, 1.0) / jnp.maximum(count, 1.0)
        c = c6_per_square()[list(SUPPORTED)]
        mixed = 2 * c[:, None] * c[None, :] / (c[:, None] + c[None, :])
        tails = mixed[None] * self.integral(0.5 * (mean[:, :, None] + mean[:, None, :]))
        field = jnp.sum(tails * total[:, None, :], axis=2)
        whole = jnp.all(system.pbc, axis=1)[:, None]
        # A structure that is padding gets the volume of a unit cube.
        field = jnp.where(whole, field / (2 * reciprocal(system, strain).volume[:, None]), 0.0)
        return alpha * jnp.sum(member * field[index], axis=1)

    def integral(self, polarizability: Float[Array, "..."]) -> Float[Array, "..."]:
        """Return −J in eV·Å³ per Ha·bohr⁶ for mean polarisabilities of pairs in bohr³."""
        on, off = self.cutoff - SWITCH_WIDTH, self.cutoff
        x, w = np.polynomial.legendre.leggauss(POINTS_IN_SWITCH)
        inside, w_inside = on + (x + 1) / 2 * SWITCH_WIDTH, w / 2 * SWITCH_WIDTH
        x, w = np.polynomial.legendre.leggauss(POINTS_BEYOND)
        beyond = 2 * off / (x + 1)  # equally spread over 1/r, of which dr = r² d(1/r)
        w_beyond = w / (2 * off) * beyond**2
        left_out = 1 - exponential_switch(jnp.asarray(inside), on, off)
        r = jnp.asarray(np.concatenate([inside, beyond]))
        weights = jnp.concatenate([w_inside * left_out, jnp.asarray(w_beyond)]) * 4 * pi * r**2
        alpha = polarizability[..., None]
        shape = (1,) * polarizability.ndim + r.shape
        at = r.reshape(shape)
        values = unswitched(at, alpha, jnp.ones(shape, r.dtype), self.damping)
        return jnp.sum(values * weights.reshape(shape), axis=-1)


def _membership() -> Float[np.ndarray, "numbers elements"]:
    """Return which atomic number is which of the supported elements; padding is none."""
    table = np.zeros((max(SUPPORTED) + 1, len(SUPPORTED)))
    table[list(SUPPORTED), np.arange(len(SUPPORTED))] = 1.0
    return table
