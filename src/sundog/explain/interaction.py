"""Interaction energy of two fragments, E(AB) − E(A and B apart), term by term.

The protocol is that of the benchmarks of dimers (`benchmarks.tasks.dimers`): gas phase, geometry of
the complex, and in both structures the partial charges of each fragment add up to its total charge;
apart means the same atoms with fragment B 10,000 Å away. With q, h the charges and Hirshfeld ratios
in the complex and q⁰, h⁰ those apart, electrostatics and dispersion are split into three parts,

    ΔE_t = E_t^AB(q⁰, h⁰)                       frozen: between the fragments as they are apart
         + E_t^AB(q, h) − E_t^AB(q⁰, h⁰)        response: effect of their change between them
         + Σ_{F=A,B} [E_t^F(q, h) − E_t^F(q⁰, h⁰)]    inside: effect of the change within each

where E^AB sums pairs of one atom in A and one in B, and E^F all others. The response is not the
polarisation energy of perturbation theory: the energy that it costs to change charges is part of
the network's. The parts of network and ZBL are given by fragment; ZBL is zero beyond 1.5 Å between
atoms, so that the repulsion of closed shells is part of the network's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import equinox as eqx
import jax
import numpy as np
from ase import Atoms
from jaxtyping import Array, Float, Int

from sundog.data.keys import APART
from sundog.errors import CellError, InputError
from sundog.explain.fragments import Fragments
from sundog.forcefield.decomposition import between_groups
from sundog.forcefield.so3lr import ForceField
from sundog.io.structures import system_from_atoms
from sundog.neighbors.base import Pairs
from sundog.numerics.precision import with_x64
from sundog.single_points.batches import Batcher, batches
from sundog.system import System
from sundog.typing import PerAtom

SPLIT = ("electrostatics", "dispersion")
"""Terms that depend on predicted charges or Hirshfeld ratios and are split into parts."""

MOST_PAIRS = 5_000
"""Most pairs of fragments; 100 molecules have 4,950, which take minutes."""


@dataclass(frozen=True)
class Interaction:
    """Interaction of two fragments, in eV.

    Attributes:
        a: Number of fragment A.
        b: Number of fragment B.
        charges: Total charges of both in e.
        terms: Interaction energy by term; they add up to `energy`.
        parts: Parts `frozen`, `response` and `inside` of each term in `SPLIT`; they add up to it.
        fragments: Contributions of the atoms of A and of the atoms of B, by term.
    """

    a: int
    b: int
    charges: tuple[int, int]
    terms: dict[str, float]
    parts: dict[str, dict[str, float]]
    fragments: dict[str, tuple[float, float]]

    @property
    def energy(self) -> float:
        """Interaction energy in eV, negative where the fragments attract."""
        return sum(self.terms.values())


def pairs_of(count: int) -> list[tuple[int, int]]:
    """Return all pairs of a number of fragments.

    Raises:
        InputError: There is only one fragment, or there are too many pairs.
    """
    pairs = count * (count - 1) // 2
    if not 0 < pairs <= MOST_PAIRS:
        raise InputError(
            "pairs: interactions are computed pair by pair",
            got=f"{count} fragment(s), {pairs} pairs",
            expected=f"1 to {MOST_PAIRS} pairs",
            remedy="Choose other `fragments`, or cut out a part of the structure",
        )
    return list(combinations(range(count), 2))


def why_no_dimer(atoms: Atoms, fragments: Fragments) -> InputError | None:
    """Return the error that says why a structure cannot be split as a dimer, None if it can."""
    if fragments.count != 2:
        return InputError(
            "dimer: a dimer has two fragments",
            got=f"{fragments.count} ({fragments.source})",
            remedy="State by `fragments` which atoms belong together, or use pairs=True for the "
            "interactions of every two",
        )
    return why_periodic(atoms)


def why_periodic(atoms: Atoms) -> CellError | None:
    """Return the error that says why fragments cannot be separated, None if they can."""
    if not atoms.pbc.any():
        return None
    return CellError(
        "interactions: in a periodic cell fragments meet their own images and cannot be taken "
        "10,000 Å apart",
        got=f"pbc {atoms.pbc.tolist()}",
        remedy="Cut the molecules out of the cell and set pbc to false",
    )


@with_x64
def interactions(
    force_field: ForceField,
    atoms: Atoms,
    fragments: Fragments,
    charges: Int[np.ndarray, " fragments"],
    pairs: Sequence[tuple[int, int]],
    multiplicity: float | None = None,
) -> list[Interaction]:
    """Return the interactions of pairs of fragments, each pair without the other fragments.

    Args:
        force_field: Force field in its reference formulation.
        atoms: Structure without a cell.
        fragments: Fragments of the structure.
        charges: Total charge of each fragment in e.
        pairs: Pairs of fragments.
        multiplicity: Multiplicity 2S + 1 of every pair; by default the lowest possible.

    Raises:
        CellError: The structure is periodic.
        StructureError: The force field cannot describe a pair.
    """
    if wrong := why_periodic(atoms):
        raise wrong
    together, separated = [], []
    for a, b in pairs:
        members = np.flatnonzero(np.isin(fragments.index, (a, b)))
        of_b = (fragments.index[members] == b).astype(np.int64)
        both = (of_b, charges[[a, b]].astype(np.float64))
        dimer = Atoms(atoms.numbers[members], atoms.positions[members])
        moved = dimer.copy()
        moved.positions[:, 0] += APART * of_b
        total = int(charges[a] + charges[b])
        together.append(system_from_atoms(dimer, total, multiplicity, both))
        separated.append(system_from_atoms(moved, total, multiplicity, both))
        force_field.check(together[-1])
    found: list[Interaction | None] = [None] * len(pairs)
    batchers = Batcher(force_field), Batcher(force_field)
    for batch in batches(together):
        near, far = (
            make([systems[n] for n in batch])
            for make, systems in zip(batchers, (together, separated), strict=True)
        )
        values = jax.device_get(_energies(force_field, *near, *far))
        # The atoms of a batch are ordered by structure.
        starts = np.cumsum([0, *(together[n].number_of_atoms for n in batch)])
        for n, start, end in zip(batch, starts[:-1], starts[1:], strict=True):
            one = jax.tree.map(lambda array, s=start, e=end: np.asarray(array[s:e]), values)
            found[n] = _interaction(one, together[n], pairs[n], charges)
    return [one for one in found if one is not None]


Energies = dict[str, PerAtom]
"""Energies of the atoms in eV, by term."""


@eqx.filter_jit
def _energies(
    force_field: ForceField, near: System, near_pairs: Pairs, far: System, far_pairs: Pairs
) -> tuple[Energies, Energies, Energies, Energies]:
    """Return energies in the complex, apart, and between fragments with charges of either."""
    energies, atoms = force_field.contributions(near, near_pairs)
    apart, atoms_apart = force_field.contributions(far, far_pairs)
    group: Int[Array, " atoms"] | None = near.fragment_index
    assert group is not None
    between, frozen = (
        between_groups(force_field, near, near_pairs, some, group) for some in (atoms, atoms_apart)
    )
    return energies, apart, between, frozen


def _interaction(
    values: tuple[dict[str, Float[np.ndarray, " atoms"]], ...],
    system: System,
    pair: tuple[int, int],
    charges: Int[np.ndarray, " fragments"],
) -> Interaction:
    energies, apart, between, frozen = values
    index = np.asarray(system.fragment_index)
    change = {
        name: np.bincount(index, energies[name].astype(np.float64) - apart[name], minlength=2)
        for name in energies
    }
    parts = {}
    for name in SPLIT:
        now, before = (float(one[name].sum()) for one in (between, frozen))
        inside = float(change[name].sum()) - now
        parts[name] = {"frozen": before, "response": now - before, "inside": inside}
    return Interaction(
        *pair,
        charges=(int(charges[pair[0]]), int(charges[pair[1]])),
        terms={name: float(both.sum()) for name, both in change.items()},
        parts=parts,
        fragments={name: (float(both[0]), float(both[1])) for name, both in change.items()},
    )
