"""Sums of energy terms with their derivatives, for formulations that differentiate by hand.

    dE/dq_i = Σ_sites (dE/dsite_i) (dsite_i/dq_i) + dself_i/dq_i,     the same for the ratios h

What kernels or a plain sum give for the pairs (`PairSums`) becomes derivatives by the atomic
properties, which the network's backward pass starts from.
"""

from collections.abc import Callable, Sequence

import equinox as eqx
import jax
import jax.numpy as jnp

from sundog.forcefield.pair_sum import sites_by_term
from sundog.forcefield.tail import tail_sums
from sundog.kernels.base import PairSums
from sundog.kernels.plain.blocks import never_empty
from sundog.kernels.plain.pair_sums import pair_sums
from sundog.longrange.mesh import AbstractTransport, mesh_field
from sundog.longrange.plan import Plan
from sundog.neighbors.pairs import PairList
from sundog.properties import AtomicProperties
from sundog.system import System
from sundog.terms.base import AbstractPairTerm
from sundog.terms.dispersion_tail import DispersionTail
from sundog.typing import Cells, PerAtom, PerPair, Positions


class TermSums(eqx.Module):
    """Energies of some terms and their derivatives at fixed atomic properties, and by these.

    Attributes:
        energies: energies of each atom in eV, by name of the term.
        by_charges: dE/dq in eV/e.
        by_ratios: dE/dh in eV.
        forces: −dE/dR in eV/Å at fixed q and h.
        virial: dE/dε in eV at fixed q and h.
    """

    energies: dict[str, PerAtom]
    by_charges: PerAtom
    by_ratios: PerAtom
    forces: Positions
    virial: Cells

    def counted(self, weight: float) -> "TermSums":
        """Return the same energies with derivatives that count `weight` times."""
        return TermSums(
            self.energies,
            weight * self.by_charges,
            weight * self.by_ratios,
            weight * self.forces,
            weight * self.virial,
        )


def sum_terms(
    over_pairs: Callable[..., PairSums],
    terms: Sequence[AbstractPairTerm],
    atoms: AtomicProperties,
    system: System,
    pairs: eqx.Module,
) -> TermSums:
    """Return the sums of terms over a list by some kernels.

    Args:
        over_pairs: `pair_sums` of the kernels.
        terms: energy terms.
        atoms: properties that the terms depend on.
        system: positions and cells.
        pairs: a list that these kernels read.
    """
    dtype = atoms.energies.dtype
    if not terms:
        none, still = jnp.zeros_like(atoms.energies), jnp.zeros_like(system.positions)
        return TermSums({}, none, none, still, jnp.zeros_like(system.cell))

    def sites_and_selves(charges: PerAtom, ratios: PerAtom):
        seen = AtomicProperties(atoms.numbers, atoms.energies, charges, ratios)
        selves = {term.name: term.self_energy(seen).astype(dtype) for term in terms}
        return sites_by_term(terms, seen), selves

    def pair(r: PerPair, i: dict, j: dict) -> dict[str, PerPair]:
        return {
            term.name: term.pair(r, i[term.name], j[term.name]).astype(r.dtype) for term in terms
        }

    (sites, selves), pull = jax.vjp(sites_and_selves, atoms.partial_charges, atoms.hirshfeld_ratios)
    sums = over_pairs(pair, sites, system, pairs, dtype)
    by_charges, by_ratios = pull((sums.sites, jax.tree.map(jnp.ones_like, selves)))
    return TermSums(
        energies=jax.tree.map(jnp.add, sums.energies, selves),
        by_charges=by_charges,
        by_ratios=by_ratios,
        forces=sums.forces,
        virial=sums.virial,
    )


def sum_plainly(
    terms: Sequence[AbstractPairTerm], atoms: AtomicProperties, system: System, pairs: PairList
) -> TermSums:
    """Return the sums of any terms over a plain list, without kernels of their own.

    Args:
        terms: energy terms.
        atoms: properties that the terms depend on.
        system: positions and cells.
        pairs: a list that holds at least the pairs within the terms' cutoffs.
    """
    return sum_terms(pair_sums, terms, atoms, system, never_empty(pairs))


def sum_mesh(
    atoms: AtomicProperties,
    system: System,
    plan: Plan,
    sigma: float,
    transport: AbstractTransport,
) -> TermSums:
    """Return the electrostatics of all images in the same form.

    Args:
        atoms: their charges.
        system: positions and cells.
        plan: plan of the mesh.
        sigma: width σ of the damping in Å.
        transport: transport between atoms and mesh.
    """
    field = mesh_field(atoms.partial_charges, system, plan, sigma, transport)
    return TermSums(
        energies={"electrostatics": field.energies},
        by_charges=field.by_charge,
        by_ratios=jnp.zeros_like(atoms.hirshfeld_ratios),
        forces=-field.gradient,
        virial=field.virial,
    )


def sum_tail(tail: DispersionTail, atoms: AtomicProperties, system: System) -> TermSums:
    """Return the dispersion beyond the cutoff in the same form.

    Args:
        tail: tail correction.
        atoms: properties of the atoms.
        system: positions and cells.
    """
    sums = tail_sums(tail, atoms, system)
    return TermSums(
        energies=sums.energies,
        by_charges=jnp.zeros_like(atoms.partial_charges),
        by_ratios=sums.by_ratio,
        forces=jnp.zeros_like(system.positions),
        virial=sums.virial,
    )
