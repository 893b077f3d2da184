"""Bonds of a structure of heavy atoms: within residues by name, between them by distance.

    within a residue    the wwPDB's component dictionary, as biotite holds it, or the SMILES given
                        for a residue that it lacks
    between residues    `topology.bonds`: peptide bonds, disulfides, glycosidic bonds, linked
                        ligands, whether the file has LINK and CONECT records or not; what such
                        records name beside that is refused or said (`named.py`)

What the two rules say differently within a residue is no guess: it is refused.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from sundog.elements import covalent_radii, number_of
from sundog.errors import StructureError
from sundog.io.connections import Connection
from sundog.prepare.biomolecules.arrays import PURPOSE, label_of, listed, residue_index, residues
from sundog.prepare.biomolecules.choices import StructureChoices
from sundog.prepare.biomolecules.named import check_named
from sundog.prepare.extras import require
from sundog.topology.bonds import find_bonds
from sundog.topology.residue_names import NUCLEOTIDES, amino_acid

Report = Callable[[str], None]

SHORTEST = 0.78
"""Length of the shortest bond between residues, relative to the sum of the covalent radii.

1.11 Å for C–N.
"""


BACKBONE = {
    frozenset(("C", "N")): "peptide",
    frozenset(("O3'", "P")): "phosphodiester",
}
"""Bonds that files do not name, by the names of their atoms."""


def with_bonds(
    array: Any, choices: StructureChoices, connections: Sequence[Connection], report: Report
) -> Any:
    """Return a structure with its bonds and their orders, and formal charges of its ligands.

    Args:
        array: Heavy atoms, a biotite `AtomArray`.
        choices: Choices: SMILES of residues instead of the component dictionary, and what is done
            about bonds that are named and too long.
        connections: Bonds that the file names.
        report: Called with lines about the bonds between residues.

    Raises:
        StructureError: A residue is not in the dictionary, an atom is not in its residue, or
            distances contradict the dictionary or the bonds that the file names.
        InputError: A SMILES is not that of the residue.
    """
    structure = require("biotite.structure", PURPOSE)
    array = array.copy()
    templates = choices.templates()
    components = _components(array, templates)
    for _, name, atoms in residues(array):
        if name in components:
            of_names = dict(zip(components[name].atom_name, components[name].charge, strict=True))
            array.charge[atoms] = [of_names[one] for one in array.atom_name[atoms]]
    bonds = structure.connect_via_residue_names(array, inter_residue=False)
    own = np.isin(array.res_name, list(templates))
    for i, j, _ in bonds.as_array().tolist():
        if own[i]:  # of the name that the dictionary has for another residue
            bonds.remove_bond(i, j)
    for name, smiles in templates.items():
        from sundog.prepare.biomolecules.ligands import bonds_from_smiles

        for _, residue, atoms in residues(array):
            if residue == name:
                found, charges = bonds_from_smiles(array[atoms], smiles, name)
                array.charge[atoms] = charges
                for i, j, order in found:
                    bonds.add_bond(atoms.start + i, atoms.start + j, structure.BondType(order))
    index = residue_index(array)
    by_name = {tuple(sorted(pair)) for pair in bonds.as_array()[:, :2].tolist()}
    numbers = np.array([number_of(one) or 0 for one in array.element.tolist()])
    found = find_bonds(numbers, array.coord.astype(np.float64), np.zeros((3, 3)), np.zeros(3, bool))
    by_distance = set(zip(found.first.tolist(), found.second.tolist(), strict=True))
    if choices.relax == "amber":  # built atoms are moved before anything is made of distances
        by_distance = _as_named(array, index, by_name, by_distance)
    between = sorted(pair for pair in by_distance if index[pair[0]] != index[pair[1]])
    _refuse_contradictions(array, by_name, by_distance - set(between))
    _refuse_crushed(array, numbers, between)
    made, unnamed = check_named(array, numbers, between, connections, choices, report)
    between = sorted([*between, *made])
    _refuse_incomplete(array, components, {k for pair in between for k in pair})
    for i, j in between:
        bonds.add_bond(i, j, structure.BondType.SINGLE)
    _say_between(array, between, unnamed, report)
    bonds.remove_aromaticity()
    array.bonds = bonds
    return array


def _as_named(
    array: Any,
    index: np.ndarray,
    by_name: set[tuple[int, ...]],
    by_distance: set[tuple[int, int]],
) -> set[tuple[int, int]]:
    """Return bonds by distance, those of atoms that were built by their names instead.

    Between residues these are the bonds of the backbone.
    """
    built = array.built

    def old(pair: tuple[int, ...]) -> bool:
        return not built[list(pair)].any()

    kept = {pair for pair in by_distance if old(pair)}
    kept |= {(i, j) for i, j in by_name if not old((i, j))}
    at = {(int(index[k]), str(array.atom_name[k])): k for k in range(len(array))}
    for (residue, name), i in at.items():
        follows = {"C": "N", "O3'": "P"}.get(name)
        j = at.get((residue + 1, follows)) if follows else None
        if j is not None and not old((i, j)) and array.chain_id[i] == array.chain_id[j]:
            kept.add((i, j))
    return kept


def _components(array: Any, templates: Mapping[str, str]) -> dict[str, Any]:
    """Return the components of the dictionary that are in a structure, by name.

    Residues that it lacks are refused, and atoms that it does not give them.
    """
    info = require("biotite.structure.info", PURPOSE)
    looked_up = ~np.isin(array.res_name, list(templates))
    found: dict[str, Any] = {}
    unknown: list[str] = []
    for name in np.unique(array.res_name[looked_up]).tolist():
        try:
            found[name] = info.residue(name)
        except KeyError:
            unknown.append(name)
    if unknown:
        where = [f"{name} {place}" for place, name, _ in residues(array) if name in unknown]
        raise StructureError(
            "residues: the component dictionary has none of this name",
            got=listed(where),
            remedy=f'Give its SMILES, as ligands="{unknown[0]}=…", or leave it out with '
            f'remove="{unknown[0]}"',
        )
    strange = [
        label_of(array, k)
        for k in np.flatnonzero(looked_up).tolist()
        if array.atom_name[k] not in found[str(array.res_name[k])].atom_name
    ]
    if strange:
        raise StructureError(
            "atoms: the component dictionary gives their residues none of this name",
            got=listed(strange),
            remedy="Rename them as the wwPDB does, or give the SMILES of the residue in `ligands`",
        )
    return found


def _refuse_incomplete(array: Any, components: Mapping[str, Any], linked: set[int]) -> None:
    """Refuse residues without heavy atoms that they should have: hydrogens would take their place.

    What leaves when a residue is bonded to another may be missing beside that bond. Amino acids and
    nucleotides have been completed before.

    Args:
        array: Heavy atoms.
        components: Components of the dictionary by name.
        linked: Atoms with a bond to another residue.
    """
    short = []
    for place, name, atoms in residues(array):
        if name not in components or amino_acid(name) or name in NUCLEOTIDES:
            continue
        component = components[name]
        there = dict(zip(array.atom_name[atoms], range(atoms.start, atoms.stop), strict=True))
        heavy = ~np.isin(component.element, ("H", "D"))
        left = set(component.atom_name[heavy].tolist()) - there.keys()
        beside = [
            (str(component.atom_name[i]), str(component.atom_name[j]))
            for i, j, _ in component.bonds.as_array().tolist()
        ]
        beside += [(second, first) for first, second in beside]
        gone = {name for name, k in there.items() if k in linked}
        while grown := {one for one, other in beside if one in left and other in gone}:
            left -= grown
            gone |= grown
        if left:
            short.append(f"{' '.join(sorted(left))} of {name} {place}")
    if short:
        raise StructureError(
            f"atoms: {len(short)} residue(s) lack heavy atoms that cannot be built",
            got=listed(short),
            remedy="Complete them with another program, leave them out with `remove`, or give the "
            "SMILES of what is there in `ligands`",
        )


def _refuse_contradictions(
    array: Any, by_name: set[tuple[int, ...]], by_distance: set[tuple[int, int]]
) -> None:
    """Refuse bonds within residues that are there by name or by distance only."""
    for pairs, what, remedy in (
        (
            by_name - by_distance,
            "are bonded by their names, and too far apart",
            "A residue is torn",
        ),
        (by_distance - by_name, "are close as if bonded, and are not", "A residue is crushed"),
    ):
        if pairs:
            told = [
                f"{array.atom_name[i]} and {label_of(array, j)}, "
                f"{np.linalg.norm(array.coord[i] - array.coord[j]):.2f} Å"
                for i, j in sorted(pairs)
            ]
            raise StructureError(
                f"bonds: {len(pairs)} pair(s) of atoms {what}",
                got=listed(told, 4),
                remedy=f'{remedy}: if it was built here, relax="amber" moves it; else leave out '
                "its side chain to have it built again, or choose another model or alternate "
                "location",
            )


def _refuse_crushed(array: Any, numbers: np.ndarray, between: list[tuple[int, int]]) -> None:
    """Refuse atoms of different residues closer than any bond, as in loops that do not fit."""
    radii = covalent_radii()[numbers]
    told = [
        f"{label_of(array, i)} and {label_of(array, j)}, {distance:.2f} Å"
        for i, j in between
        if (distance := np.linalg.norm(array.coord[i] - array.coord[j]))
        < SHORTEST * (radii[i] + radii[j])
    ]
    if told:
        raise StructureError(
            f"bonds: {len(told)} pair(s) of atoms of different residues are closer than any bond",
            got=listed(told, 4),
            remedy="Two structures stand at one place, or a loop or side chain that was built does "
            'not fit: give relax="amber", which moves it, or loops="leave"',
        )


def _say_between(
    array: Any, between: list[tuple[int, int]], unnamed: set[tuple[int, int]], report: Report
) -> None:
    told, backbone = [], Counter()
    for i, j in between:
        kind = BACKBONE.get(frozenset((str(array.atom_name[i]), str(array.atom_name[j]))))
        if kind and abs(int(array.res_id[i]) - int(array.res_id[j])) <= 1:
            backbone[kind] += 1
        else:
            words = " (by distance, the file does not name it)" if (i, j) in unnamed else ""
            told.append(f"{label_of(array, i)} – {label_of(array, j)}{words}")
    counts = ", ".join(f"{count} {kind} bonds" for kind, count in backbone.items())
    report("Bonds between residues: " + ("; ".join([*([counts] if counts else []), *told[:20]])))
