"""Heavy atoms and loops that a structure lacks, built by PDBFixer.

Only proteins and nucleic acids are given to it, by standard residues; ligands and sugars stand
beside as they are. Atoms that were there stay where they were.

    side chains          built where missing
    OXT                  built in the plane of the carboxylate, as PDBFixer may put it upon O
    loops                built where SEQRES names the residues, up to `LONGEST_LOOP`
    ends of chains       residues that were not seen at the ends are left out, and said
"""

from collections.abc import Callable, Mapping, Sequence
from io import StringIO
from typing import Any

import numpy as np

from sundog.errors import InputError, StructureError
from sundog.prepare.biomolecules.arrays import LETTERS, label_of, listed, place_of, residues
from sundog.prepare.biomolecules.choices import Place, StructureChoices
from sundog.prepare.extras import require
from sundog.topology.residue_names import CAPS, NUCLEOTIDES, amino_acid

Report = Callable[[str], None]

PURPOSE = "building missing atoms"
"""Purpose of the packages, in messages."""

LONGEST_LOOP = 12
"""Number of residues of the longest loop that is built: of longer ones nothing is known."""

LONGEST_PEPTIDE_BOND = 1.7
"""Distance in Å of C and N below which they are bonded."""


CARBOXYLATE = 1.25
"""Length in Å of the bonds of a carboxylate."""


def is_polymer(array: Any, atoms: slice) -> bool:
    """Return whether a residue belongs to a chain of a protein or nucleic acid."""
    name, names = str(array.res_name[atoms.start]), set(array.atom_name[atoms])
    known = amino_acid(name) is not None or name in CAPS or name in NUCLEOTIDES
    return known or {"N", "CA", "C"} <= names or {"C1'", "C3'", "C4'"} <= names


def repaired(
    array: Any,
    sequences: Mapping[str, Sequence[str]],
    choices: StructureChoices,
    seed: int,
    report: Report,
) -> Any:
    """Return a structure with its missing heavy atoms, which the annotation `built` marks.

    Args:
        array: Heavy atoms of the structure, a biotite `AtomArray`.
        sequences: Names of the residues of each chain, seen or not.
        choices: Choices about loops and modified residues.
        seed: Seed of the places of new atoms.
        report: Called with a line about everything that was built or left out.

    Raises:
        StructureError: A loop is too long, or an atom cannot be built.
        UnavailableError: A package is missing.
    """
    structure = require("biotite.structure", PURPOSE)
    array.set_annotation("built", np.zeros(len(array), bool))
    polymer = np.zeros(len(array), bool)
    for _, _, atoms in residues(array):
        polymer[atoms] = is_polymer(array, atoms)
    if not polymer.any():
        return array
    chained, segment = _segments(array[polymer], broken=choices.loops == "leave")
    chains = [str(chained.chain_id[k]) for k in np.unique(segment, return_index=True)[1]]
    if len(chains) > len(LETTERS):
        raise InputError(
            "chains: too many for one structure",
            got=len(chains),
            expected=f"at most {len(LETTERS)}",
            remedy="Name those that are wanted",
        )
    if len(chains) > len(set(chains)):
        report(f"Loops: chains are left broken, as asked, into {len(chains)} parts")
    fixer = _fixer(chained, segment, chains, {} if choices.loops == "leave" else sequences)
    if choices.standardise:
        _standardise(fixer, report)
    _choose_loops(fixer, chains, report)
    fixer.findMissingAtoms()
    _keep_bonded_ends(fixer, array)
    _say_missing(fixer, chains, report)
    fixer.addMissingAtoms(seed=seed + 1)  # of 0 OpenMM makes another seed every time
    built = _merged(fixer, chained, chains)
    if not choices.standardise:
        _refuse_losses(chained, built)
    rest = array[~polymer]
    # Chains as proteins have them first, then what belongs to no chain.
    return structure.concatenate([built, rest]) if len(rest) else built


def _segments(array: Any, broken: bool) -> tuple[Any, np.ndarray]:
    """Return the atoms of chains one after another, and the number of each atom's segment.

    A segment is a chain, or where chains are left broken, a part of it without a break.
    """
    names = list(dict.fromkeys(array.chain_id.tolist()))
    array = array[np.argsort([names.index(one) for one in array.chain_id.tolist()], kind="stable")]
    segment, number, end = np.zeros(len(array), int), -1, None
    for place, _, atoms in residues(array):
        at = {str(array.atom_name[k]): array.coord[k] for k in range(atoms.start, atoms.stop)}
        new = number < 0 or place.chain != str(array.chain_id[atoms.start - 1])
        if broken and not new and end is not None and "N" in at:
            new = bool(np.linalg.norm(at["N"] - end) > LONGEST_PEPTIDE_BOND)
        number += int(new)
        segment[atoms] = number
        end = at.get("C") if "CA" in at or "CH3" in at else None
    return array, segment


def _fixer(
    array: Any,
    segment: np.ndarray,
    chains: Sequence[str],
    sequences: Mapping[str, Sequence[str]],
) -> Any:
    """Return PDBFixer with the segments as its chains, and their sequences."""
    pdbfixer = require("pdbfixer", PURPOSE)
    pdb = require("biotite.structure.io.pdb", PURPOSE)
    renamed = array.copy()
    renamed.chain_id = np.array(list(LETTERS))[segment]
    file = pdb.PDBFile()
    file.set_structure(renamed)
    # Several threads add forces in an order of their own: the same file would give other bytes.
    platform = require("openmm", PURPOSE).Platform.getPlatformByName("CPU")
    platform.setPropertyDefaultValue("DeterministicForces", "true")
    platform.setPropertyDefaultValue("Threads", "1")
    text = StringIO(str(file) + "\nEND\n")
    fixer = pdbfixer.PDBFixer(pdbfile=text, platform=platform)
    fixer.sequences = [
        pdbfixer.pdbfixer.Sequence(letter, list(sequences[chain]))
        for letter, chain in zip(LETTERS, chains, strict=False)
        if chain in sequences
    ]
    return fixer


def _standardise(fixer: Any, report: Report) -> None:
    fixer.findNonstandardResidues()
    changed = [f"{old.name} {old.id} → {new}" for old, new in fixer.nonstandardResidues]
    if changed:
        report(f"Modified residues replaced by those they derive from: {listed(changed)}")
        fixer.replaceNonstandardResidues()


def _choose_loops(fixer: Any, chains: Sequence[str], report: Report) -> None:
    """Keep the missing residues that are built, and say which are not."""
    fixer.findMissingResidues()
    lengths = [len(list(chain.residues())) for chain in fixer.topology.chains()]
    kept, ends = {}, 0
    for (chain, before), names in fixer.missingResidues.items():
        if before in (0, lengths[chain]):
            ends += len(names)
            continue
        members = list(list(fixer.topology.chains())[chain].residues())
        where = f"{chains[chain]}:{members[before - 1].id} and {members[before].id}"
        if len(names) > LONGEST_LOOP:
            raise StructureError(
                f"loops: {len(names)} residues are missing between {where}",
                expected=f"at most {LONGEST_LOOP}, of which a guess can be made",
                remedy='Build them with a program for loops, or give loops="leave": the chain then '
                "ends there",
            )
        kept[chain, before] = names
        report(
            f"Loop: {len(names)} residues between {where} are built ({'-'.join(names)}), a "
            "guess that has to be relaxed"
        )
    if ends:
        report(f"Ends of chains: {ends} residues that were not seen there are left out")
    fixer.missingResidues = kept


def _keep_bonded_ends(fixer: Any, array: Any) -> None:
    """Take away the OXT of ends that are bonded to something: rings, caps and the like."""
    nitrogen = array.coord[array.element == "N"]
    for residue in list(fixer.missingTerminals):
        carbon = next((atom for atom in residue.atoms() if atom.name == "C"), None)
        if carbon is None:
            continue
        unit = require("openmm.unit", PURPOSE)
        place = np.array(fixer.positions[carbon.index].value_in_unit(unit.angstrom))
        distances = np.linalg.norm(nitrogen - place, axis=1)
        if (distances < LONGEST_PEPTIDE_BOND).any():
            del fixer.missingTerminals[residue]


def _say_missing(fixer: Any, chains: Sequence[str], report: Report) -> None:
    def words(table: Mapping[Any, Sequence[Any]]) -> list[str]:
        return [
            f"{residue.name} {chains[residue.chain.index]}:{residue.id} "
            f"({' '.join(getattr(atom, 'name', atom) for atom in atoms)})"
            for residue, atoms in table.items()
        ]

    if fixer.missingAtoms:
        report(f"Heavy atoms built: {listed(words(fixer.missingAtoms))}")
    if fixer.missingTerminals:
        report(f"Ends of chains completed: {listed(words(fixer.missingTerminals))}")


def _refuse_losses(before: Any, after: Any) -> None:
    """Refuse what has fewer of the atoms that were there."""
    kept = {(place_of(after, k), str(after.atom_name[k])) for k in range(len(after))}
    lost = [
        label_of(before, k)
        for k in range(len(before))
        if (place_of(before, k), str(before.atom_name[k])) not in kept
    ]
    if lost:
        raise StructureError(
            f"atoms: PDBFixer has lost {len(lost)} of those in the file",
            got=listed(lost),
            remedy="Look for two atoms of one name in a residue, or two residues of one number",
        )


def _merged(fixer: Any, before: Any, chains: list[str]) -> Any:
    """Return the atoms of PDBFixer, those that were there with their own coordinates."""
    structure, unit = require("biotite.structure", PURPOSE), require("openmm.unit", PURPOSE)
    places = np.array(fixer.positions.value_in_unit(unit.angstrom))
    old = {
        (place, str(before.atom_name[k])): k
        for place, _, atoms in residues(before)
        for k in range(atoms.start, atoms.stop)
    }
    atoms = [atom for atom in fixer.topology.atoms() if atom.element is not None]
    array = structure.AtomArray(len(atoms))
    array.set_annotation("charge", np.zeros(len(atoms), int))
    array.set_annotation("built", np.zeros(len(atoms), bool))
    for k, atom in enumerate(atoms):
        residue = atom.residue
        place = Place(
            str(chains[residue.chain.index]), int(residue.id), (residue.insertionCode or "").strip()
        )
        array.chain_id[k], array.res_id[k], array.ins_code[k] = place
        array.res_name[k], array.atom_name[k] = residue.name, atom.name
        array.element[k] = atom.element.symbol.upper()
        source = old.get((place, atom.name))
        array.built[k] = source is None
        array.coord[k] = places[atom.index] if source is None else before.coord[source]
    _place_ends(array, old)
    for k in np.flatnonzero(~np.isfinite(array.coord).all(axis=1)).tolist():
        raise StructureError(f"atom {label_of(array, k)} could not be built")
    return array


def _place_ends(array: Any, old: Mapping[tuple[Place, str], int]) -> None:
    """Put new atoms OXT where the plane of the carboxylate has them."""
    for place, _, atoms in residues(array):
        at = {str(array.atom_name[k]): k for k in range(atoms.start, atoms.stop)}
        if (place, "OXT") in old or not {"OXT", "O", "C", "CA"} <= at.keys():
            continue
        carbon = array.coord[at["C"]]
        away = [carbon - array.coord[at[name]] for name in ("CA", "O")]
        between = sum(one / np.linalg.norm(one) for one in away)
        array.coord[at["OXT"]] = carbon + CARBOXYLATE * between / np.linalg.norm(between)
