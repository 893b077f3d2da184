"""Structures to simulate from files of proteins, nucleic acids, sugars and ligands.

In this order: model and alternate locations (`io.reading`), chains and residues that are wanted,
elements that the weights know, missing heavy atoms and loops (`repair`), bonds (`bonding`),
protonation (`protonation`), hydrogens (`hydrogens`). Every choice is a line of `Built.decisions`.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from ase import Atoms

from sundog.elements import SUPPORTED, symbol
from sundog.errors import FileFormatError, InputError, StructureError, UnsupportedElementError
from sundog.io.biomolecules import CRYSTAL, NO_HYDROGENS
from sundog.io.reading import read_structures
from sundog.io.topologies import topology_from_atoms
from sundog.perception.residue_charges import describe_charges
from sundog.perception.valences import check_valences
from sundog.prepare.biomolecules.arrays import listed, to_array, to_atoms
from sundog.prepare.biomolecules.bonding import with_bonds
from sundog.prepare.biomolecules.choices import StructureChoices
from sundog.prepare.biomolecules.hydrogens import with_hydrogens
from sundog.prepare.biomolecules.pka import propka_values
from sundog.prepare.biomolecules.protonation import canonical_names, protonated
from sundog.prepare.biomolecules.repair import repaired
from sundog.prepare.biomolecules.sequences import sequences_of_file
from sundog.prepare.built import Built, labelled
from sundog.topology.residue_names import CAPS, NUCLEOTIDES, SIDE_CHAINS, VARIANTS, WATERS

Report = Callable[[str], None]

NAMES = ("atomtypes", "residuenames", "residuenumbers", "chainids")
"""Arrays that a structure needs to be prepared."""


def prepare_structure(
    path: str | Path,
    choices: StructureChoices | None = None,
    *,
    in_water: bool = False,
    seed: int = 0,
) -> Built:
    """Return the structure of a PDB or mmCIF file with everything that a simulation needs.

    Args:
        path: PDB or mmCIF file, or another one with names of atoms and residues.
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
    atoms = _wanted(_frame(Path(path), choices, report), choices, report)
    if not choices.standardise:  # that replaces selenium, for one
        _refuse_elements(atoms)
    if _keeps_hydrogens(atoms, choices, report):
        return Built(_with_charges(atoms, report), tuple(decisions))
    array, named = canonical_names(to_array(atoms[atoms.numbers != 1]))
    array = repaired(array, sequences_of_file(Path(path)), choices, seed, report)
    _refuse_elements(to_atoms(array))
    array = with_bonds(array, choices.templates(), report)
    pka = propka_values(array, report) if choices.pka == "propka" else {}
    charged = choices.termini == "charged" or (choices.termini == "auto" and in_water)
    array = protonated(array, choices, named, pka, charged, report)
    atoms = to_atoms(with_hydrogens(array, report))
    _check(atoms)
    return Built(atoms, tuple(decisions))


def _frame(path: Path, choices: StructureChoices, report: Report) -> Atoms:
    """Return the model that is taken."""
    frames = read_structures(path, report=lambda line: None if _settled(line) else report(line))
    if choices.frame > len(frames):
        raise InputError(
            "frame: the file has fewer models", got=choices.frame, expected=f"1 to {len(frames)}"
        )
    atoms = frames[choices.frame - 1]
    if len(frames) > 1:
        report(f"Models: number {choices.frame} of {len(frames)} is taken")
    if any(name not in atoms.arrays for name in NAMES):
        raise FileFormatError(
            f"{path}: the file names no atoms and residues",
            expected="a PDB or mmCIF file",
            remedy="Give molecules without residues as SMILES, or simulate the file as it is",
        )
    if atoms.pbc.any():
        report(
            "Cell: that of the file is not kept; it holds one asymmetric unit of a crystal, or the "
            "water of an earlier simulation"
        )
    atoms.set_cell(None)
    atoms.pbc = False
    return atoms


def _settled(line: str) -> bool:
    """Return whether a line of the reader is about what is mended here."""
    return line.startswith((CRYSTAL, NO_HYDROGENS))


def _wanted(atoms: Atoms, choices: StructureChoices, report: Report) -> Atoms:
    """Return the atoms of the chains and residues that are wanted."""
    names, chains = atoms.arrays["residuenames"], atoms.arrays["chainids"]
    kept = np.ones(len(atoms), bool)
    for wanted, there, field in (
        (choices.chains, set(chains.tolist()), "chains"),
        (choices.remove, set(names.tolist()), "remove"),
    ):
        strange = [one for one in wanted if one not in there]
        if strange:
            raise InputError(
                f"{field}: the file has none of this name",
                got=" ".join(strange),
                expected=" ".join(sorted(there)),
            )
    if choices.chains:
        kept &= np.isin(chains, choices.chains)
        report(f"Chains: {' '.join(choices.chains)} are taken, as asked")
    if choices.remove:
        kept &= ~np.isin(names, choices.remove)
        report(f"Left out, as asked: {' '.join(choices.remove)}")
    others = sorted(set(names[kept].tolist()) - _STANDARD)
    if others:
        report(f"Residues other than amino acids, nucleotides and water: {' '.join(others)}; kept")
    return atoms[kept]


_STANDARD = frozenset((*SIDE_CHAINS, *VARIANTS, *NUCLEOTIDES, *WATERS, *CAPS))
"""Names of residues that are not said."""


def _refuse_elements(atoms: Atoms) -> None:
    """Refuse elements that the weights do not know, by residue."""
    if len(atoms) == 0:
        raise StructureError("structure: no atoms are left", remedy="Check `chains` and `remove`")
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


def _check(atoms: Atoms) -> None:
    """Refuse a structure whose valences are not those that it was built with."""
    perception = check_valences(atoms, topology_from_atoms(atoms))
    if perception.charge != atoms.info["charge"]:
        raise StructureError(
            "charge: the hydrogens that were placed make another charge than was decided",
            got=f"{perception.charge:+d} and {atoms.info['charge']:+d}",
            remedy="A loop or side chain that was built may not fit: build it with another "
            'program, or give loops="leave". If none was built, please report the file',
        )
