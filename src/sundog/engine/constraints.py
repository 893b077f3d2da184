"""Rigid bonds: constraints of distances in clusters around a heavy atom.

    g_k = |r_k|² − d_k² = 0,   r_k = Σ_i B_ki R_i
    positions   R_i ← R_i + (1/m_i) Σ_k B_ki λ_k r_k⁰     SHAKE, λ by Newton's method
    momenta     p_i ← p_i − Σ_k B_ki μ_k r_k              RATTLE, r_k · ṙ_k = 0 is linear in μ
    pressure    P_int V = Σ_c P_c⊗P_c/M_c − dE/dε,   ε moves the clusters' centres of mass

k: constraint; B: its two ends, ±1; r⁰: before the move; c: cluster. A cluster is a heavy atom
with its hydrogens, so that clusters share no atom and each is a linear system of its own, of
at most a few unknowns. With the centres the constraint forces drop out of the pressure,
whose mean is that of the formulation with atoms and constraint forces (Ciccotti, Ryckaert,
Comput. Phys. Rep. 4, 345 (1986); Akkermans, Ciccotti, J. Phys. Chem. B 108, 6866 (2004)).

Sources: Ryckaert, Ciccotti, Berendsen, J. Comput. Phys. 23, 327 (1977); Andersen, J. Comput.
Phys. 52, 24 (1983); Newton's method per cluster: Kräutler, van Gunsteren, Hünenberger,
J. Comput. Chem. 22, 501 (2001). Sampled is the surface of the constraints, without Fixman's
potential for the limit of stiff springs.
"""

from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from sundog.errors import InputError, StructureError
from sundog.names import ConstraintKind
from sundog.numerics.segments import sum_per_system
from sundog.system import System
from sundog.topology.hydrogens import BondedHydrogens
from sundog.typing import Cells, PerAtom, PerSystem, Positions

Lengths = Literal["mean", "present"]

TOLERANCE = 1e-13
"""Largest error of |r|² relative to d²; a few roundings of float64."""

ITERATIONS = 20
"""Number of Newton's iterations, of which three or four are needed, before a cluster is lost."""

InClusters = Float[Array, "clusters members 3"]
PerBond = Float[Array, "clusters bonds"]


class Constraints(eqx.Module):
    """Fixed distances in clusters of atoms, padded to the largest cluster.

    Attributes:
        atoms: atoms of each cluster, the heavy one first; it is repeated in padding.
        is_member: false in padding.
        shift: lattice vectors to add to each atom, so that the cluster is whole.
        ends: B; zero in padding.
        lengths: d in Å; one in padding.
    """

    atoms: Int[Array, "clusters members"]
    is_member: Bool[Array, "clusters members"]
    shift: Float[Array, "clusters members 3"]
    ends: Float[Array, "clusters bonds members"]
    lengths: Float[Array, "clusters bonds"]

    @property
    def is_bond(self) -> Bool[Array, "clusters bonds"]:
        """False in padding."""
        return jnp.any(self.ends != 0, axis=2)

    def count(self, system: System) -> PerSystem:
        """Return the number of constraints of each structure."""
        number = jnp.sum(self.is_bond.astype(system.positions.dtype), axis=1)
        return self._per_system(number, system)

    def bonds(self, system: System) -> Float[Array, "clusters bonds 3"]:
        """Return r in Å, zero in padding."""
        return _between(self.ends, self._whole(system))

    def momenta_along(self, system: System, momenta: Positions, masses: PerAtom) -> Positions:
        """Return momenta without what would change the lengths.

        Args:
            system: structures with these constraints.
            momenta: momenta to be corrected, in amu·Å per time unit.
            masses: masses in amu.
        """
        weights = 1 / masses[self.atoms]
        bonds = self.bonds(system)
        rates = jnp.sum(bonds * _between(self.ends, momenta[self.atoms] * weights[..., None]), 2)
        matrix = _coupling(self.ends, weights) * jnp.einsum("cka,cla->ckl", bonds, bonds)
        multipliers = _solve(matrix, rates, self.is_bond)
        return self._add(momenta, -_pull(self.ends, multipliers, bonds))

    def positions_on(
        self, before: System, moved: System, masses: PerAtom
    ) -> tuple[Positions, Bool[Array, " clusters"]]:
        """Return by how much to correct positions, and which clusters could be corrected.

        Args:
            before: structures with the lengths as they should be, for the directions.
            moved: structures to be corrected.
            masses: masses in amu.
        """
        weights = 1 / masses[self.atoms]
        directions, free = self.bonds(before), self.bonds(moved)
        coupling = _coupling(self.ends, weights)
        squares = self.lengths**2

        def bonds_of(multipliers: PerBond) -> Array:
            return free + jnp.einsum("ckl,cl,cla->cka", coupling, multipliers, directions)

        def error(multipliers: PerBond) -> PerBond:
            return jnp.where(
                self.is_bond, jnp.sum(bonds_of(multipliers) ** 2, axis=2) - squares, 0.0
            )

        def unsolved(error: PerBond) -> Bool[Array, " clusters"]:
            return ~jnp.all(jnp.abs(error) <= TOLERANCE * squares, axis=1)

        def improve(carry: tuple[Array, PerBond]) -> tuple[Array, PerBond]:
            done, multipliers = carry
            wrong = error(multipliers)
            bonds = bonds_of(multipliers)
            slope = 2 * coupling * jnp.einsum("cka,cla->ckl", bonds, directions)
            better = multipliers - _solve(slope, wrong, self.is_bond)
            # A cluster that is solved is left alone, whatever the others need.
            return done + 1, jnp.where(unsolved(wrong)[:, None], better, multipliers)

        def unfinished(carry: tuple[Array, PerBond]) -> Array:
            return (carry[0] < ITERATIONS) & jnp.any(unsolved(error(carry[1])))

        start = (jnp.int32(0), jnp.zeros_like(self.lengths))
        _, multipliers = jax.lax.while_loop(unfinished, improve, start)
        solved = ~unsolved(error(multipliers))
        shifts = _pull(self.ends, multipliers, directions) * weights[..., None]
        nothing = jnp.zeros_like(moved.positions)
        return self._add(nothing, jnp.where(solved[:, None, None], shifts, 0.0)), solved

    def imposed(self, system: System, masses: PerAtom, mobile: Bool[Array, " atoms"]) -> System:
        """Return the structures with the lengths as they should be (host only).

        Args:
            system: structures whose lengths are off.
            masses: masses in amu.
            mobile: atoms that may move.

        Raises:
            StructureError: constrained atoms are frozen, or too far from their lengths.
        """
        fixed = np.asarray(self.is_member & ~mobile[self.atoms])
        if fixed.any():
            raise StructureError(
                "constraints: atoms with constraints must be able to move",
                got=f"{fixed.sum()} frozen, the first is atom {np.asarray(self.atoms)[fixed][0]} "
                "(counted from 0)",
                remedy="Find the constraints with frozen=…, which leaves frozen groups out",
            )
        correction, solved = self.positions_on(system, system, masses)
        if not solved.all():
            first = int(self.atoms[int(jnp.argmin(solved)), 0])
            raise StructureError(
                "constraints: the structure is too far from the lengths it should have",
                got=f"{int(jnp.sum(~solved))} clusters, the first is that of atom {first} "
                "(counted from 0)",
                remedy="Minimise the structure first, or find the constraints in this structure",
            )
        return system.at(system.positions + correction)

    def marked(self, clusters: Bool[Array, " clusters"], atoms: int) -> Bool[Array, " atoms"]:
        """Return which of `atoms` atoms belong to some of the clusters."""
        flags = (clusters[:, None] & self.is_member).astype(jnp.int32)
        return jnp.zeros(atoms, jnp.int32).at[self.atoms].add(flags) > 0

    def moved_whole(self, before: System, after: System, masses: PerAtom) -> Positions:
        """Return positions in which clusters have the centres of `after` and the shape before.

        Args:
            before: structures whose clusters have the right shape.
            after: structures whose clusters have the right centres of mass.
            masses: masses in amu.
        """
        shape = self._whole(before) - self._whole(after)
        offset = shape - jnp.sum(self._shares(masses)[..., None] * shape, axis=1, keepdims=True)
        return self._add(after.positions, jnp.where(self.is_member[..., None], offset, 0.0))

    def moving_whole(self, before: Positions, after: Positions, masses: PerAtom) -> Positions:
        """Return momenta whose sum over clusters is that of `after`, the rest being as before.

        Args:
            before: momenta with the right motion within the clusters.
            after: momenta with the right motion of the clusters.
            masses: masses in amu.
        """
        change = (before - after)[self.atoms] * self.is_member[..., None].astype(before.dtype)
        shares = self._shares(masses)[..., None]
        return self._add(after, change - shares * jnp.sum(change, axis=1, keepdims=True))

    def inner_kinetic_tensor(self, system: System, momenta: Positions, masses: PerAtom) -> Cells:
        """Return Σ p⊗p/m − P⊗P/M in eV, the part of the motion within the clusters.

        Args:
            system: structures with these constraints.
            momenta: momenta in amu·Å per time unit.
            masses: masses in amu.
        """
        member = self.is_member[..., None].astype(momenta.dtype)
        velocities = momenta[self.atoms] / masses[self.atoms][..., None]
        shares = self._shares(masses)[..., None]
        velocities = velocities - jnp.sum(shares * velocities, axis=1, keepdims=True)
        weights = masses[self.atoms][..., None] * member
        outer = jnp.einsum("cma,cmb->cab", weights * velocities, velocities)
        return self._per_system(outer, system)

    def inner_virial(self, system: System, forces: Positions, masses: PerAtom) -> Cells:
        """Return the part of dE/dε that is due to the forces within the clusters, in eV.

        Args:
            system: structures with these constraints.
            forces: forces in eV/Å.
            masses: masses in amu.
        """
        whole = self._whole(system)
        offset = whole - jnp.sum(self._shares(masses)[..., None] * whole, axis=1, keepdims=True)
        offset = jnp.where(self.is_member[..., None], offset, 0.0)
        product = -jnp.einsum("cma,cmb->cab", offset, forces[self.atoms])
        return self._per_system(0.5 * (product + product.swapaxes(1, 2)), system)

    def _whole(self, system: System) -> InClusters:
        """Return positions relative to the heavy atom, which are small and so lose no digits."""
        cell = system.cell[system.system_index[self.atoms[:, 0]]]
        positions = system.positions[self.atoms]
        relative = positions - positions[:, :1]
        return relative + jnp.einsum("cma,cab->cmb", self.shift, cell)

    def _shares(self, masses: PerAtom) -> Float[Array, "clusters members"]:
        weights = jnp.where(self.is_member, masses[self.atoms], 0.0)
        return weights / jnp.sum(weights, axis=1, keepdims=True)

    def _add(self, values: Positions, changes: InClusters) -> Positions:
        # No atom is in two clusters, so that the order of the sum does not matter.
        return values.at[self.atoms].add(changes)

    def _per_system(self, values: Array, system: System) -> Array:
        index = system.system_index[self.atoms[:, 0]]
        return sum_per_system(values, index, system.number_of_systems)


def find_constraints(
    system: System,
    hydrogens: BondedHydrogens,
    kind: ConstraintKind,
    *,
    lengths: Lengths = "mean",
    frozen: Bool[np.ndarray, " atoms"] | None = None,
) -> Constraints:
    """Return constraints of all bonds of hydrogens (host only).

    Args:
        system: one or many structures.
        hydrogens: their hydrogens and the atoms these are bonded to.
        kind: `h-bonds`, or `rigid-water+h-bonds` for water that is rigid as a whole.
        lengths: `present`: as they are now; `mean`: the mean over bonds that are alike (the same
            heavy element with as many hydrogens; water by itself), for structures with thermal
            motion.
        frozen: atoms that do not move.

    Raises:
        InputError: unknown kind or lengths.
        StructureError: a hydrogen without a heavy atom, no hydrogen at all, or a cluster of
            which only some atoms are frozen.
    """
    for name, value, known in (
        ("constraints", kind, ("h-bonds", "rigid-water+h-bonds")),
        ("constraint_lengths", lengths, ("mean", "present")),
    ):
        if value not in known:
            raise InputError(f"{name}: unknown", got=value, expected=" or ".join(known))
    bonds = hydrogens.of_selection(system)
    if frozen is not None:
        bonds = _not_frozen(bonds, frozen)
    if len(bonds.hydrogens) == 0:
        raise StructureError(
            "constraints: there is no hydrogen that can move",
            got=f"{int(np.asarray(system.is_atom).sum())} atoms",
            remedy="Leave the constraints out",
        )
    centres, one, cluster = np.unique(bonds.heavy, return_index=True, return_inverse=True)
    water = bonds.in_water[one]
    rigid = water if kind == "rigid-water+h-bonds" else np.zeros_like(water)
    found = _clusters(bonds, centres, cluster, rigid)
    now = jnp.linalg.norm(found.bonds(system), axis=2)
    values = np.where(np.asarray(found.is_bond), np.asarray(now), 1.0)
    if lengths == "mean":
        values = _means(values, np.asarray(found.is_bond), _kinds(system, found, water))
    return eqx.tree_at(lambda one: one.lengths, found, jnp.asarray(values))


def _not_frozen(bonds: BondedHydrogens, frozen: np.ndarray) -> BondedHydrogens:
    """Return the bonds between mobile atoms."""
    frozen = np.asarray(frozen)
    whole, some = (
        of(frozen[bonds.hydrogens], frozen[bonds.heavy]) for of in (np.logical_and, np.logical_or)
    )
    mixed = np.flatnonzero(some & ~whole)
    if len(mixed):
        pair = int(bonds.heavy[mixed[0]]), int(bonds.hydrogens[mixed[0]])
        raise StructureError(
            "constraints: of two bonded atoms one is frozen and one is not",
            got=f"atoms {pair[0]} and {pair[1]} (counted from 0)",
            expected="both or none frozen",
            remedy="Freeze whole groups, or leave the constraints out",
        )
    return bonds.kept(~whole)


def _clusters(
    bonds: BondedHydrogens, centres: np.ndarray, cluster: np.ndarray, rigid: np.ndarray
) -> Constraints:
    """Return the clusters, with the lengths still to be set."""
    counts = np.bincount(cluster)
    members, most = counts.max() + 1, max(int((counts + rigid).max()), 1)
    atoms = np.repeat(centres[:, None], members, axis=1)
    shift = np.zeros((*atoms.shape, 3))
    ends = np.zeros((len(centres), most, members))
    order = np.argsort(cluster, kind="stable")
    slot = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts) + 1
    rows = cluster[order]
    atoms[rows, slot] = bonds.hydrogens[order]
    shift[rows, slot] = bonds.shift[order]
    ends[rows, slot - 1, slot] = 1
    ends[rows, slot - 1, 0] = -1
    if rigid.any():
        ends[rigid, 2, 2] = 1
        ends[rigid, 2, 1] = -1
    return Constraints(
        atoms=jnp.asarray(atoms, jnp.int32),
        is_member=jnp.asarray(np.arange(members)[None] <= counts[:, None]),
        shift=jnp.asarray(shift),
        ends=jnp.asarray(ends),
        lengths=jnp.ones(ends.shape[:2]),
    )


def _kinds(system: System, found: Constraints, water: np.ndarray) -> np.ndarray:
    """Return a number for each bond that is the same for bonds that are alike."""
    element = np.asarray(system.numbers)[np.asarray(found.atoms)[:, 0]]
    hydrogens = np.asarray(found.is_member).sum(axis=1) - 1
    heavy_end = np.asarray(found.ends)[:, :, 0] != 0
    kind = (element * 16 + hydrogens) * 2 + water
    return 2 * kind[:, None] + heavy_end


def _means(values: np.ndarray, is_bond: np.ndarray, kinds: np.ndarray) -> np.ndarray:
    means = values.copy()
    for kind in np.unique(kinds[is_bond]):
        alike = is_bond & (kinds == kind)
        means[alike] = values[alike].mean()
    return means


def _between(ends: Array, values: InClusters) -> Float[Array, "clusters bonds 3"]:
    return jnp.einsum("ckm,cma->cka", ends, values)


def _coupling(ends: Array, weights: Array) -> Float[Array, "clusters bonds bonds"]:
    return jnp.einsum("ckm,cm,clm->ckl", ends, weights, ends)


def _pull(ends: Array, multipliers: PerBond, directions: Array) -> InClusters:
    return jnp.einsum("ckm,ck,cka->cma", ends, multipliers, directions)


def _solve(matrix: Float[Array, "clusters bonds bonds"], right: PerBond, used: Array) -> PerBond:
    """Return matrix⁻¹ right, zero where not `used`.

    By elimination without pivots, which the heavy diagonal of these matrices allows, written
    out because batches of tiny systems are slow in the libraries for large ones.
    """
    size = matrix.shape[1]
    unity = jnp.eye(size, dtype=matrix.dtype)[None]
    matrix = matrix + unity * (~used[:, :, None]).astype(matrix.dtype)
    rows = [jnp.concatenate([matrix[:, k], right[:, k, None]], axis=1) for k in range(size)]
    for k in range(size):
        for later in range(k + 1, size):
            rows[later] = rows[later] - rows[k] * (rows[later][:, k] / rows[k][:, k])[:, None]
    solution: list[Array] = [right[:, 0]] * size
    for k in reversed(range(size)):
        rest = rows[k][:, size]
        for later in range(k + 1, size):
            rest = rest - rows[k][:, later] * solution[later]
        solution[k] = rest / rows[k][:, k]
    return jnp.where(used, jnp.stack(solution, axis=1), 0.0)
