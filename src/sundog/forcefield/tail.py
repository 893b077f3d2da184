"""The tail of the dispersion with its derivatives, for formulations that have theirs by hand."""

import equinox as eqx
import jax
import jax.numpy as jnp

from sundog.numerics.segments import sum_per_system
from sundog.properties import AtomicProperties
from sundog.system import System
from sundog.terms.dispersion import polarizabilities
from sundog.terms.dispersion_tail import DispersionTail
from sundog.typing import Cells, PerAtom


class TailSums(eqx.Module):
    """Energies and derivatives of the tail, in the precision of the atomic properties.

    At fixed ratios it pushes no atom.

    Attributes:
        energies: energies of each atom in eV, by name; empty without a tail.
        by_polarizability: dE/dα in eV/bohr³.
        by_ratio: dE/dh in eV.
        virial: dE/dε in eV at fixed ratios, float64.
    """

    energies: dict[str, PerAtom]
    by_polarizability: PerAtom
    by_ratio: PerAtom
    virial: Cells


def tail_sums(tail: DispersionTail | None, atoms: AtomicProperties, system: System) -> TailSums:
    """Return energies and derivatives of the tail, or zeros where there is none.

    Args:
        tail: tail correction, or None.
        atoms: properties of the atoms.
        system: positions and cells.
    """
    alpha, by_ratio = jax.vjp(
        lambda h: polarizabilities(eqx.tree_at(lambda a: a.hirshfeld_ratios, atoms, h)),
        atoms.hirshfeld_ratios,
    )
    if tail is None:
        zero = jnp.zeros_like(alpha)
        return TailSums({}, zero, zero, jnp.zeros(system.cell.shape))
    energies, by_alpha = jax.vjp(lambda a: tail.energies(a, system), alpha)
    (slopes,) = by_alpha(jnp.ones_like(energies))
    total = sum_per_system(energies, system.system_index, system.number_of_systems)
    return TailSums(
        energies={tail.name: energies.astype(alpha.dtype)},
        by_polarizability=slopes,
        by_ratio=by_ratio(slopes)[0],
        virial=-total[:, None, None] * jnp.eye(3)[None],
    )
