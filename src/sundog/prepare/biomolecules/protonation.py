"""Protonation states of a structure of heavy atoms, as formal charges.

    asked for          `protonation` and `charges`: nothing else counts
    named in the file  HID, ASH, LYN, … of Amber, CHARMM and GROMACS
    amino acids        by pKa and pH
    ends of chains     charged or neutral as chosen
    other residues     acids lose, aliphatic amines gain their proton; all else as in the
                       component dictionary

Model pKa values: Olsson, Søndergaard, Rostkowski, Jensen, J. Chem. Theory Comput. 7, 525 (2011),
doi:10.1021/ct100578z, table 1. Hydrogens follow from charges and bonds, see `hydrogens.py`.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from sundog.errors import InputError, StructureError
from sundog.prepare.biomolecules.arrays import PURPOSE, listed, residue_index, residues
from sundog.prepare.biomolecules.choices import Place, StructureChoices
from sundog.prepare.biomolecules.functional_groups import ligand_charges
from sundog.prepare.extras import require
from sundog.topology.residue_names import VARIANTS, amino_acid

Report = Callable[[str], None]

MODEL_PKA = {
    "ASP": 3.80, "GLU": 4.50, "HIS": 6.50, "CYS": 9.00, "TYR": 10.00, "LYS": 10.50, "ARG": 12.50,
}  # fmt: skip
"""pKa values of side chains in water."""

SITES = {
    "ASP": "OD2", "GLU": "OE2", "HIS": "ND1", "CYS": "SG", "TYR": "OH", "LYS": "NZ", "ARG": "NH2",
}  # fmt: skip
"""Atom of each side chain that carries its charge."""

BASES = ("HIS", "LYS", "ARG")
"""Side chains that are charged when protonated; others are when they are not."""

NEUTRAL = {"ASP": "ASH", "GLU": "GLH", "LYS": "LYN"}
"""Names of the neutral states of side chains that are usually charged."""

CHARGED = {"HIS": "HIP", "CYS": "CYM", "TYR": "TYM"}
"""Names of the charged states of side chains that are usually neutral."""

HYDROGEN_BOND = 3.3
"""Distance in Å from a nitrogen of histidine within which an acceptor has its hydrogen."""


def protonated(
    array: Any,
    choices: StructureChoices,
    named: Mapping[Place, str],
    pka: Mapping[Place, float],
    charged_ends: bool,
    report: Report,
) -> Any:
    """Return a structure with the formal charges of its heavy atoms.

    Args:
        array: Heavy atoms with bonds, a biotite `AtomArray` with the dictionary's names.
        choices: Choices about pH and single residues.
        named: States that the file's own names of residues mean.
        pka: pKa values of single residues, instead of those of the free groups.
        charged_ends: Whether ends of chains are NH3+ and COO−, or NH2 and COOH.
        report: Called with a line about every choice.

    Raises:
        InputError: A residue that was named is not there, or has no such state.
    """
    array = array.copy()
    asked = choices.states()
    places = {place: (name, atoms) for place, name, atoms in residues(array)}
    for place in [*asked, *(where for where, _ in choices.atom_charges())]:
        if place not in places:
            raise InputError(
                "residue: there is none of this number", got=place, remedy="Check chain and number"
            )
    neighbours = array.bonds.get_all_bonds()[0]
    special: dict[str, list[str]] = {}
    for place, (name, atoms) in places.items():
        base = amino_acid(name)
        if base not in SITES:
            if place in asked:
                raise InputError(f"protonation: {name} {place} has no other states")
            continue
        state = asked.get(place) or named.get(place)
        if state is None:
            state = _by_pka(array, neighbours, place, base, atoms, choices.ph, pka)
        elif VARIANTS.get(state, state) != base:
            raise InputError(
                f"protonation: {name} {place} has no such state", got=state,
                expected=" ".join([base, *sorted(k for k, v in VARIANTS.items() if v == base)]),
            )  # fmt: skip
        _set_state(array, neighbours, base, _plain(state), atoms)
        if base == "HIS" or _plain(state) in (*NEUTRAL.values(), *CHARGED.values()):
            special.setdefault(_plain(state), []).append(str(place))
    for state, members in sorted(special.items()):
        report(f"Protonation: {state} is {listed(members)}")
    _set_ends(array, neighbours, charged_ends, report)
    ligand_charges(array, choices, report)
    _set_asked(array, places, choices)
    return array


def _plain(state: str) -> str:
    """Return the Amber name of a state, whatever the program that it is named after."""
    return {
        "HSD": "HID", "HSE": "HIE", "HSP": "HIP", "HISD": "HID", "HISE": "HIE", "HISH": "HIP",
        "HISA": "HID", "HISB": "HIE", "HIS1": "HIE", "HIS2": "HIP", "ASPH": "ASH", "ASPP": "ASH",
        "GLUH": "GLH", "GLUP": "GLH", "LSN": "LYN", "CYN": "CYM", "ARGN": "ARN",
    }.get(state, state)  # fmt: skip


def _by_pka(
    array: Any,
    neighbours: np.ndarray,
    place: Place,
    base: str,
    atoms: slice,
    ph: float,
    pka: Mapping[Place, float],
) -> str:
    """Return the state of a side chain at a pH; of a neutral histidine, the likelier tautomer."""
    is_protonated = ph < pka.get(place, MODEL_PKA[base])
    if base == "HIS" and not is_protonated:
        return _tautomer(array, atoms)
    if base == "ARG":
        return "ARG" if is_protonated else "ARN"
    if base in BASES:
        return CHARGED.get(base, base) if is_protonated else NEUTRAL.get(base, base)
    return NEUTRAL.get(base, base) if is_protonated else CHARGED.get(base, base)


def _tautomer(array: Any, atoms: slice) -> str:
    """Return HID where an acceptor is at Nδ and none at Nε, else HIE."""

    def accepted(name: str) -> bool:
        own = [k for k in range(atoms.start, atoms.stop) if array.atom_name[k] == name]
        if not own:
            return False
        away = np.linalg.norm(array.coord - array.coord[own[0]], axis=1)
        others = np.ones(len(array), bool)
        others[atoms] = False
        return bool(((away < HYDROGEN_BOND) & others & (array.element == "O")).any())

    return "HID" if accepted("ND1") and not accepted("NE2") else "HIE"


def _set_state(array: Any, neighbours: np.ndarray, base: str, state: str, atoms: slice) -> None:
    """Set the charge of a side chain, and the double bond of histidine."""
    at = {str(array.atom_name[k]): k for k in range(atoms.start, atoms.stop)}
    site = at.get(SITES[base])
    if site is None:
        return
    heavy = int(np.count_nonzero(neighbours[site] >= 0))
    bonded_elsewhere = heavy > {"HIS": 2, "ARG": 1}.get(base, 1)
    if bonded_elsewhere:  # disulfides, isopeptides, linked sugars
        array.charge[site] = 0
        return
    if base in BASES:
        array.charge[site] = int(state in ("HIP", "LYS", "LYP", "LYSH", "ARG"))
    else:
        array.charge[site] = -int(state in ("ASP", "GLU", "CYM", "TYM"))
    if base == "HIS" and state == "HID":
        structure = require("biotite.structure", PURPOSE)
        for first, second, order in (("CE1", "ND1", 1), ("CE1", "NE2", 2)):
            array.bonds.add_bond(at[first], at[second], structure.BondType(order))


def _set_ends(array: Any, neighbours: np.ndarray, charged: bool, report: Report) -> None:
    index = residue_index(array)
    first, last = [], []
    for place, name, atoms in residues(array):
        at = {str(array.atom_name[k]): k for k in range(atoms.start, atoms.stop)}
        if not {"N", "CA", "C"} <= at.keys():
            continue
        around = neighbours[at["N"]]
        if not any(k >= 0 and index[k] != index[at["N"]] for k in around.tolist()):
            first.append(f"{name} {place}")
            array.charge[at["N"]] = int(charged)
        if "OXT" in at:
            last.append(f"{name} {place}")
            array.charge[at["OXT"]] = -int(charged)
        elif not any(k >= 0 and index[k] != index[at["C"]] for k in neighbours[at["C"]].tolist()):
            raise StructureError(
                f"chain: it ends at {name} {place} without an atom OXT",
                remedy="The residues after it are not in the file and SEQRES does not name them: "
                'give loops="leave", or build them before',
            )
    if first or last:
        words = ("NH3+", "COO−") if charged else ("NH2", "COOH")
        report(f"Ends of chains: {words[0]} at {listed(first)}; {words[1]} at {listed(last)}")


def _set_asked(
    array: Any, places: Mapping[Place, tuple[str, slice]], choices: StructureChoices
) -> None:
    for (place, name), charge in choices.atom_charges().items():
        _, atoms = places[place]
        found = [k for k in range(atoms.start, atoms.stop) if array.atom_name[k] == name]
        if not found:
            raise InputError(f"charges: residue {place} has no atom {name}")
        array.charge[found[0]] = charge
