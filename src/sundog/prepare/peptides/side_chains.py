"""Side chains from the dictionary of chemical components, and rotamers without clashes.

A residue of the dictionary has ideal geometry and all its hydrogens. Its side chain is put onto the
backbone as a rigid body; then the staggered rotamers of its first bonds are tried.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.spatial.distance import cdist
from scipy.spatial.transform import Rotation

from sundog.numerics.dihedrals import dihedral_angles
from sundog.prepare.extras import require
from sundog.prepare.peptides.placement import turned
from sundog.prepare.peptides.proline import proline_ring
from sundog.prepare.peptides.sequence_grammar import Form

BACKBONE = frozenset(("N", "CA", "C", "O", "OXT", "H", "H2", "HXT"))
"""Atoms of a residue that the backbone places; all others are its side chain."""

STAGGERED, ACROSS = (-60.0, 180.0, 60.0), (90.0, -90.0, 0.0)
"""Dihedrals in degrees that are tried about bonds to tetrahedral and to flat atoms."""

TURNED_BONDS = 2
"""Number of bonds of a side chain whose rotamers are tried; later ones are stretched."""

SMALL_TURNS, UNCROWDED = (15.0, 10.0, 5.0), 1e-4
"""Angles in degrees by which crowded bonds are turned, and crowding in Å² that counts as none."""

FLAT_BONDS = frozenset(
    map(
        frozenset,
        [
            ("CG", "ND2"),
            ("CD", "NE2"),
            ("NE", "CZ"),
            ("CZ", "NH1"),
            ("CZ", "NH2"),
            ("CG", "OD2"),
            ("CD", "OE2"),
            ("CZ", "OH"),
        ],
    )
)
"""Single bonds that conjugation holds flat."""

COMFORTABLE = {True: 2.2, False: 2.9}
"""Distances in Å below which two hydrogens (True), or any other atoms, crowd each other."""


@dataclass(frozen=True)
class Turn:
    """Bond of a side chain that can be turned.

    Attributes:
        atoms: Numbers d, c, b, a within the side chain and backbone of the four atoms of the
            dihedral d–c–b–a; c–b is the bond.
        beyond: Numbers of the atoms that turn.
        flat: Whether c is flat.
        end: Whether only hydrogens of a methyl or ammonium group turn, which are staggered already.
    """

    atoms: tuple[int, int, int, int]
    beyond: Int[np.ndarray, " beyond"]
    flat: bool
    end: bool


@dataclass(frozen=True)
class Template:
    """Residue of the dictionary, in one state of protonation.

    Attributes:
        names: Names of N, CA, C and the atoms of the side chain.
        symbols: Their elements.
        positions: Their coordinates in Å.
        bonds: Bonds among them.
        turns: Bonds that can be turned, from the backbone outwards.
    """

    names: tuple[str, ...]
    symbols: tuple[str, ...]
    positions: Float[np.ndarray, "atoms 3"]
    bonds: tuple[tuple[int, int], ...]
    turns: tuple[Turn, ...]

    def on(self, backbone: Float[np.ndarray, "3 3"]) -> Float[np.ndarray, "side 3"]:
        """Return the side chain on places of N, CA and C."""
        ideal = self.positions[:3]
        turn = Rotation.align_vectors(backbone[[0, 2]] - backbone[1], ideal[[0, 2]] - ideal[1])[0]
        return turn.apply(self.positions[3:] - ideal[1]) + backbone[1]


@cache
def template(residue: str, without: tuple[str, ...]) -> Template:
    """Return a residue of the dictionary without some of its hydrogens.

    Raises:
        UnavailableError: biotite is not installed.
    """
    info = require("biotite.structure.info", "a peptide from its sequence")
    atoms = info.residue(residue)
    all_names = atoms.atom_name.tolist()
    kept = [all_names.index(name) for name in ("N", "CA", "C")]
    kept += [k for k, name in enumerate(all_names) if name not in BACKBONE and name not in without]
    new = {old: k for k, old in enumerate(kept)}
    table = atoms.bonds.as_array().tolist()
    bonds = sorted(
        (min(new[i], new[j]), max(new[i], new[j])) for i, j, _ in table if i in new and j in new
    )
    orders = {frozenset((new[i], new[j])): o for i, j, o in table if i in new and j in new}
    names = tuple(all_names[k] for k in kept)
    symbols = tuple(atoms.element[k].capitalize() for k in kept)
    positions = np.asarray(atoms.coord[kept], dtype=float)
    if residue == "PRO":
        places = proline_ring()
        positions = np.array([places[name] for name in names])
    return Template(
        names,
        symbols,
        positions,
        tuple(bonds),
        tuple(_turns(names, symbols, bonds, orders)),
    )


def of_form(form: Form) -> Template:
    """Return the template of a state of protonation."""
    return template(form.residue, form.without)


def _turns(
    names: Sequence[str],
    symbols: Sequence[str],
    bonds: Sequence[tuple[int, int]],
    orders: dict[frozenset[int], int],
) -> list[Turn]:
    """Return the bonds that can be turned, from CA outwards."""
    beside: dict[int, list[int]] = {k: [] for k in range(len(names))}
    for i, j in bonds:
        beside[i].append(j)
        beside[j].append(i)
    found = []
    # (atom before, atom, atom after) along the side chain; the backbone is no part of it.
    queue = [(0, 1, k) for k in beside[1] if k > 2 and symbols[k] != "H"]
    seen = {0, 1, 2}
    while queue:
        a, b, c = queue.pop(0)
        if c in seen:
            continue
        seen.add(c)
        after = [k for k in beside[c] if k != b]
        queue += [(b, c, k) for k in after if symbols[k] != "H"]
        heavy = [k for k in after if symbols[k] != "H"]
        hydroxyl = symbols[c] in "OS" and after
        single = orders[frozenset((b, c))] == 1
        beyond = _beyond(b, c, beside)
        ring = b in beyond or 0 in beyond
        if ring or not single or not after:
            continue
        if frozenset((names[b], names[c])) in FLAT_BONDS:
            continue
        flat = len(beside[c]) == 3 and symbols[c] in "CN"
        d = (heavy or after)[0]
        found.append(
            Turn((d, c, b, a), np.array(sorted(beyond - {c})), flat, not (heavy or hydroxyl))
        )
    return found


def _beyond(b: int, c: int, beside: dict[int, list[int]]) -> set[int]:
    """Return the atoms that are reached from c without the bond to b; b itself in a ring."""
    reached, queue = {c}, [k for k in beside[c] if k != b]
    while queue:
        k = queue.pop()
        if k not in reached:
            reached.add(k)
            queue += beside[k]
    return reached


def rotamers(
    mold: Template, residue: Float[np.ndarray, "atoms 3"]
) -> list[Float[np.ndarray, "atoms 3"]]:
    """Return the places of a residue's atoms in every rotamer that is tried.

    Args:
        mold: Template of the residue.
        residue: Places of N, CA, C and the side chain.
    """
    turns = [turn for turn in mold.turns if not turn.end]
    choices = [ACROSS if turn.flat else STAGGERED for turn in turns[:TURNED_BONDS]]
    choices += [ACROSS[:1] if turn.flat else (180.0,) for turn in turns[TURNED_BONDS:]]
    found = []
    for angles in product(*choices):
        places = residue.copy()
        for turn, angle in zip(turns, angles, strict=True):
            _, c, b, _ = turn.atoms
            now = float(dihedral_angles(places, np.array(turn.atoms)))
            places[turn.beyond] = turned(places[turn.beyond], places[b], places[c], angle - now)
        found.append(places)
    return found


def relieved(
    mold: Template,
    residue: Float[np.ndarray, "atoms 3"],
    crowd: Callable[[Float[np.ndarray, "atoms 3"]], float],
) -> Float[np.ndarray, "atoms 3"]:
    """Return a rotamer whose bonds are turned a little where that relieves crowding.

    Args:
        mold: Template of the residue.
        residue: Places of N, CA, C and the side chain.
        crowd: Function that says how much they crowd other atoms and each other.
    """
    least = crowd(residue)
    for step in SMALL_TURNS:
        for turn in mold.turns:
            for angle in (-step, step):
                if least < UNCROWDED:
                    return residue
                _, c, b, _ = turn.atoms
                places = residue.copy()
                places[turn.beyond] = turned(places[turn.beyond], places[b], places[c], angle)
                now = crowd(places)
                if now < least - UNCROWDED:
                    residue, least = places, now
    return residue


def crowding(
    side: Float[np.ndarray, "side 3"],
    side_hydrogen: Bool[np.ndarray, " side"],
    others: Float[np.ndarray, "others 3"],
    other_hydrogen: Bool[np.ndarray, " others"],
    near: Bool[np.ndarray, "side others"],
) -> float:
    """Return how much a side chain crowds other atoms: squares of what distances lack, in Å².

    Args:
        side: Places of the side chain.
        side_hydrogen: True for hydrogens of it.
        others: Places of all atoms.
        other_hydrogen: True for hydrogens among them.
        near: True for pairs less than three bonds apart, and for an atom with itself.
    """
    both = side_hydrogen[:, None] & other_hydrogen[None, :]
    wanted = np.where(both, COMFORTABLE[True], COMFORTABLE[False])
    # A hydrogen may come close to an atom that is none: it may be a hydrogen bond.
    one = side_hydrogen[:, None] ^ other_hydrogen[None, :]
    lack = np.maximum(np.where(one, wanted - 0.5, wanted) - cdist(side, others), 0.0)
    return float((lack[~near] ** 2).sum())
