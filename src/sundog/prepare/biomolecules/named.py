"""Bonds that a file names, compared with those that distances tell.

    as long as a bond         there already; all between residues are single
    longer, to `NO_BOND`      refused: too long for a bond, too short for anything else; made where
                              `relax="amber"` shortens it
    longer than that          said and not made, both ends keep their hydrogens
    to a symmetry copy        said and not made
    not named, by distance    kept and said, but for peptide and phosphodiester bonds

A file that names no bond at all says nothing about them.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from jaxtyping import Int

from sundog.elements import covalent_radii
from sundog.errors import StructureError
from sundog.io.connections import Connection, resolved
from sundog.prepare.biomolecules.arrays import label_of, listed, residue_index
from sundog.prepare.biomolecules.choices import StructureChoices

Report = Callable[[str], None]

NO_BOND = 1.6
"""Distance from which two atoms are neighbours without a bond, relative to the sum of the radii.

3.36 Å for S–S, 2.27 Å for C–O.
"""


def check_named(
    array: Any,
    numbers: Int[np.ndarray, " atoms"],
    between: Sequence[tuple[int, int]],
    connections: Sequence[Connection],
    choices: StructureChoices,
    report: Report,
) -> tuple[list[tuple[int, int]], set[tuple[int, int]]]:
    """Return the bonds that are made because they are named, and those that the file does not name.

    Args:
        array: Heavy atoms, a biotite `AtomArray`.
        numbers: Their atomic numbers.
        between: Bonds between residues by distance.
        connections: Bonds that the file names.
        choices: Choices: whether named bonds that are too long are refused.
        report: Called with a line about named bonds that are not made.

    Raises:
        StructureError: A named bond is too long for one, and too short for none.
    """
    if not connections:
        return [], set()
    index, radii = residue_index(array), covalent_radii()[numbers]
    columns = (array.chain_id, array.res_id, array.ins_code, array.atom_name)
    named: set[tuple[int, int]] = set()
    stretched: dict[tuple[int, int], str] = {}
    copies, apart, lost = [], [], []
    for one, i, j in resolved(connections, *(column.tolist() for column in columns)):
        if i is None or j is None:
            if one.record != "CONECT":  # these name hydrogens and metals too
                lost.append(one)
            continue
        pair = (min(i, j), max(i, j))
        distance = float(np.linalg.norm(array.coord[i] - array.coord[j]))
        words = f"{one.record} {label_of(array, i)} – {label_of(array, j)}"
        if one.elsewhere:
            copies.append(words)
        elif pair in between or index[i] == index[j]:
            named.add(pair)
        elif distance < NO_BOND * (radii[i] + radii[j]):
            stretched[pair] = f"{words}, {distance:.2f} Å"
        else:
            apart.append(f"{words}, {distance:.2f} Å")
    made = sorted(stretched) if choices.relax == "amber" else []
    if made:
        words = listed(list(stretched.values()), 4)
        report(f"Bonds that are too long are made as the file names them: {words}")
    elif stretched and choices.named_bonds == "refuse":
        raise StructureError(
            f"bonds: {len(stretched)} that the file names are too long for bonds, and too short "
            "for none",
            got=listed(list(stretched.values()), 4),
            remedy='Give relax="amber", which shortens them, or named_bonds="ignore": both atoms '
            "then keep their hydrogens",
        )
    for told, why in (
        (
            [*(() if made else stretched.values()), *apart],
            "Warning: bonds that the file names are too long and not made",
        ),
        (copies, "Bonds to symmetry copies, which the file names, are not made"),
        ([_words(one) for one in lost], "Bonds that the file names to atoms that are not taken"),
    ):
        if told:
            report(f"{why}: {listed(told, 4)}")
    return made, set(between) - named


def _words(connection: Connection) -> str:
    ends = (connection.first, connection.second)
    first, second = (f"{end.atom} of {end.chain}:{end.number}{end.insertion}" for end in ends)
    return f"{connection.record} {first} – {second}"
