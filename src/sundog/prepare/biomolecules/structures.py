"""Structures to simulate from files of proteins, nucleic acids, sugars and ligands.

In this order: model, chains, residues, assembly, alternate locations (`selection`), elements that
the weights know, missing heavy atoms and loops (`repair`), bonds (`bonding`), protonation
(`protonation`), hydrogens (`hydrogens`), relaxation (`relaxing.amber`). Every choice is a line of
`Built.decisions`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

from sundog.elements import SUPPORTED, symbol
from sundog.errors import StructureError, UnsupportedElementError
from sundog.io.assemblies import original_chain
from sundog.io.topologies import topology_from_atoms
from sundog.perception.residue_charges import describe_charges
from sundog.perception.valences import check_valences
from sundog.prepare.biomolecules.arrays import listed, place_of, to_array, to_atoms
from sundog.prepare.biomolecules.bonding import with_bonds
from sundog.prepare.biomolecules.choices import StructureChoices
from sundog.prepare.biomolecules.handedness import check_handedness
from sundog.prepare.biomolecules.hydrogens import with_hydrogens
from sundog.prepare.biomolecules.names import canonical_names
from sundog.prepare.biomolecules.pka import propka_values
from sundog.prepare.biomolecules.protonation import protonated
from sundog.prepare.biomolecules.repair import repaired
from sundog.prepare.biomolecules.selection import selected
from sundog.prepare.biomolecules.sequences import sequences_of_file
from sundog.prepare.built import Built, labelled
from sundog.prepare.relaxing.amber import relaxed
from sundog.topology.graphs import near_pairs

Report = Callable[[str], None]


DOUBLED = 0.5
"""Distance in Å below which two atoms are one that is there twice."""


def prepare_structure(
    path: str | Path,
    choices: StructureChoices | None = None,
    *,
    in_water: bool = False,
    seed: int = 0,
) -> Built:
    """Return the structure of a PDB or mmCIF file with everything that a simulation needs.

    Args:
        path: PDB or mmCIF file.
        choices: Choices about it; by default those of `StructureChoices`.
        in_water: Whether water is put around it later: with `termini="auto"` ends of chains are
            then charged.
        seed: Seed of the places of atoms that are built.

    Raises:
        FileFormatError: The file cannot be read, or names no residues.
        StructureError: Atoms, bonds or hydrogens cannot be told or built.
        UnsupportedElementError: The weights do not know an element.
        InputError: A choice does not fit the structure.
        UnavailableError: A package of the extra `prepare` is missing.
    """
    choices = StructureChoices() if choices is None else choices
    decisions: list[str] = []
    report = decisions.append
    atoms, connections = selected(Path(path), choices, report)
    _refuse_doubled(atoms)
    if not choices.standardise:  # that replaces selenium, for one
        _refuse_elements(atoms)
    if _keeps_hydrogens(atoms, choices, report):
        atoms = _with_charges(atoms, report)
        if choices.relax == "amber":
            atoms = relaxed(atoms, topology_from_atoms(atoms).pairs, report)
        return Built(atoms, tuple(decisions))
    array, named = canonical_names(to_array(atoms[atoms.numbers != 1]))
    array = repaired(array, _sequences(Path(path), array), choices, seed, report)
    _refuse_elements(to_atoms(array))
    array = with_bonds(array, choices, connections, report)
    pka = propka_values(array, report) if choices.pka == "propka" else {}
    charged = choices.termini == "charged" or (choices.termini == "auto" and in_water)
    array = protonated(array, choices, named, pka, charged, report)
    new = np.flatnonzero(array.built).tolist()
    built = {(place_of(array, k), str(array.atom_name[k])) for k in new}
    array = with_hydrogens(array, report)
    atoms = to_atoms(array)
    labels = ((place_of(array, k), str(array.atom_name[k])) for k in range(len(array)))
    new = [k for k, label in enumerate(labels) if label in built]
    if choices.relax == "amber":
        free = np.isin(np.arange(len(array)), new)
        atoms = relaxed(atoms, array.bonds.as_array()[:, :2], report, free=free)
    _check(atoms, is_relaxed=choices.relax != "none")
    check_handedness(atoms, set(new), report)
    return Built(atoms, tuple(decisions))


def _sequences(path: Path, array: Any) -> dict[str, list[str]]:
    """Return the sequence of each chain, of copies in an assembly too."""
    found = sequences_of_file(path)
    originals = {one: original_chain(one, found) for one in dict.fromkeys(array.chain_id.tolist())}
    return {chain: found[one] for chain, one in originals.items() if one in found}


def _refuse_doubled(atoms: Atoms) -> None:
    """Refuse atoms that stand upon each other, before anything is built beside them."""
    pairs = near_pairs(atoms.positions, DOUBLED)
    if not len(pairs):
        return
    names, residues, numbers, chains = (
        atoms.arrays[one] for one in ("atomtypes", "residuenames", "residuenumbers", "chainids")
    )
    words = [f"{names[k]} of {residues[k]} {chains[k]}:{numbers[k]}" for k in pairs[0]]
    raise StructureError(
        f"structure: {len(pairs)} pair(s) of atoms stand upon each other",
        got=f"{words[0]} and {words[1]}, {atoms.get_distance(*pairs[0].tolist()):.2f} Å apart",
        remedy="Look for two structures at one place, as models without MODEL records or a ligand "
        "in two places without letters of alternate locations, and leave one out",
    )


def _refuse_elements(atoms: Atoms) -> None:
    """Refuse elements that the weights do not know, by residue."""
    columns = ("residuenames", "residuenumbers", "chainids")
    names, numbers, chains = (atoms.arrays[column] for column in columns)
    bad = np.flatnonzero(~np.isin(atoms.numbers, SUPPORTED))
    if len(bad):
        where = [
            f"{symbol(int(atoms.numbers[k]))} of {names[k]} {chains[k]}:{numbers[k]}"
            for k in bad.tolist()
        ]
        raise UnsupportedElementError(
            f"elements: the weights do not know {len(bad)} atom(s)",
            got=listed(where),
            expected=" ".join(map(symbol, SUPPORTED)),
            remedy=f'Leave the residues out, as remove="{names[bad[0]]}", if they do not matter; '
            "selenomethionine becomes methionine with standardise=True",
        )


def _keeps_hydrogens(atoms: Atoms, choices: StructureChoices, report: Report) -> bool:
    """Return whether the hydrogens of the file are taken as they are."""
    if 1 not in atoms.numbers:
        return False
    if choices.hydrogens == "keep":
        report("Hydrogens: those of the file are kept, and with them its protonation, as asked")
        return True
    report(
        "Hydrogens: those of the file are left out, all are placed after the pH; "
        'hydrogens="keep" takes the file\'s'
    )
    if atoms.has("masses"):
        report("Isotopes: hydrogens that are placed are of the common one, none is deuterium")
    return False


def _with_charges(atoms: Atoms, report: Report) -> Atoms:
    """Return a structure with the formal charges that its hydrogens make."""
    topology = topology_from_atoms(atoms)
    perception = check_valences(atoms, topology)
    arrays = atoms.arrays
    report(f"Charges: {describe_charges(topology, perception.charges)}")
    return labelled(
        atoms,
        names=arrays["atomtypes"].tolist(),
        residue_names=arrays["residuenames"].tolist(),
        residue_numbers=arrays["residuenumbers"].tolist(),
        formal_charges=perception.charges.tolist(),
        chains=arrays["chainids"].tolist(),
    )


def _check(atoms: Atoms, is_relaxed: bool) -> None:
    """Refuse a structure whose valences are not those that it was built with."""
    remedy = (
        'A loop or side chain that was built does not fit: give loops="leave", or build it with '
        "another program. If none was built, please report the file"
    )
    if not is_relaxed:
        remedy = f'Give relax="amber", which moves what was built. {remedy}'
    try:
        perception = check_valences(atoms, topology_from_atoms(atoms))
    except StructureError as error:
        raise StructureError(f"structure: as it is built, {error}", remedy=remedy) from error
    if perception.charge != atoms.info["charge"]:
        raise StructureError(
            "charge: the hydrogens that were placed make another charge than was decided",
            got=f"{perception.charge:+d} and {atoms.info['charge']:+d}",
            remedy=remedy,
        )
