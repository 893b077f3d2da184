"""Contributions of the terms of SO3LR: of atoms, to forces, and between groups of atoms.

    E = Σ_t E_t,   E_t = Σ_i E_t,i        a pair gives half of its energy to each of its atoms
    F_t = −dE_t/dR                         through the predicted charges and ratios too
    E_t^between = Σ_{i<j, g_i ≠ g_j} pair_t(r_ij, i, j)

The network predicts the charges q(R) and Hirshfeld ratios h(R) of electrostatics and dispersion
from the structure. Hence F_t is a part at fixed charges and ratios, −∂E_t/∂R, and their response,
−(∂E_t/∂q) dq/dR − (∂E_t/∂h) dh/dR. Both belong to F_t here, or the F_t would not add up to the
force; so an atom without charge can feel a force of "electrostatics", through the charges of atoms
that see it. No E_t changes under translation, so each F_t adds up to zero over a structure.

That E_so3krates falls into atoms is how the network is built; only its differences at fixed
composition were trained, so that atomic network energies say how atoms differ, not what they are.
"""

from dataclasses import replace

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from sundog.forcefield.derivatives import forces_by_part
from sundog.forcefield.pair_sum import term_energies
from sundog.forcefield.so3lr import ForceField
from sundog.longrange.planned import apart
from sundog.neighbors.base import Pairs, by_range
from sundog.properties import AtomicProperties
from sundog.system import System
from sundog.terms.dispersion import c6_coefficients, polarizabilities
from sundog.typing import PerAtom, Positions


class Decomposition(eqx.Module):
    """Energies and forces by term, and the atomic properties behind them.

    Attributes:
        energies: energies of each atom in eV, by name of the term.
        forces: forces in eV/Å, by name of the term, which add up to the force; or None.
        atoms: properties that the terms saw.
        polarizability: bohr³.
        c6: Ha·bohr⁶.
    """

    energies: dict[str, PerAtom]
    forces: dict[str, Positions] | None
    atoms: AtomicProperties
    polarizability: PerAtom
    c6: PerAtom


def decompose(
    force_field: ForceField, system: System, pairs: Pairs, *, forces: bool
) -> Decomposition:
    """Return what each term contributes (pure, jittable).

    Args:
        force_field: force field in its reference formulation.
        system: structures.
        pairs: their lists.
        forces: whether forces by term are wanted, which need a backward pass for each term.
    """
    by_term = None
    if forces:

        def totals(
            positions: Positions,
        ) -> tuple[Float[Array, " parts"], tuple[dict[str, PerAtom], AtomicProperties]]:
            per_atom, atoms = force_field.contributions(system.at(positions), pairs)
            wide = [jnp.sum(per_atom[name].astype(positions.dtype)) for name in sorted(per_atom)]
            return jnp.stack(wide), (per_atom, atoms)

        _, stacked, (per_atom, atoms) = forces_by_part(totals, system.positions)
        by_term = dict(zip(sorted(per_atom), stacked, strict=True))
    else:
        per_atom, atoms = force_field.contributions(system, pairs)
    return Decomposition(per_atom, by_term, atoms, polarizabilities(atoms), c6_coefficients(atoms))


def between_groups(
    force_field: ForceField,
    system: System,
    pairs: Pairs,
    atoms: AtomicProperties,
    group: Int[Array, " atoms"],
) -> dict[str, PerAtom]:
    """Return the pair energies between atoms of different groups in eV, halves at both atoms.

    What belongs to single atoms, as the self-term of `wolf`, is not between groups.

    Args:
        force_field: force field in its reference formulation, without a sum in reciprocal space.
        system: structures.
        pairs: their lists.
        atoms: charges and ratios to use, not necessarily those of this structure.
        group: number of the group of each atom.
    """
    lists = by_range(apart(pairs)[0])
    strain = jnp.zeros((system.number_of_systems, 3, 3), system.positions.dtype)
    found: dict[str, PerAtom] = {}
    for terms, name in ((force_field.short_terms, "short"), (force_field.long_terms, "long")):
        listed = lists[name]
        other = group[listed.i] != group[listed.j]
        across = replace(listed, mask=listed.mask & other)
        energies = term_energies(terms, atoms, system, across, strain)
        found |= {term.name: energies[term.name] - term.self_energy(atoms) for term in terms}
    return found
