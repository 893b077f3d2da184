"""Molecules from SMILES, in three dimensions.

A conformer by distance geometry with torsional preferences (ETKDGv3; Wang, Witek, Landrum, Riniker,
J. Chem. Inf. Model. 60, 2044 (2020), doi:10.1021/acs.jcim.0c00025) from a fixed seed, relaxed with
MMFF94, or UFF where MMFF94 lacks a parameter. It is one conformer, not the lowest.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from ase import Atoms

from sundog.elements import ISOTOPES, refuse_unsupported, standard_masses, symbol
from sundog.errors import InputError
from sundog.prepare.built import Built, centred, joined, labelled, numbered_names
from sundog.prepare.contacts import WORDS, closest_within, refuse_clash
from sundog.prepare.extras import require

PURPOSE = "a molecule from SMILES"
"""Purpose of the packages, as `require` says it."""

GAP = 3.0
"""Distance in Å between the components of a SMILES, along x."""

RELAXATION_STEPS = 5000
"""Most steps of the relaxation."""

SEEDS = 2**31
"""Number of seeds that RDKit tells apart; larger ones begin again."""

BONDS = ("SINGLE", "DOUBLE", "TRIPLE", "AROMATIC")
"""RDKit's names of the bonds that a molecule to simulate may have."""

CLOSEST = 1.5
"""Shortest distance in Å of atoms at least three bonds apart."""

_NAME = re.compile(r"[A-Za-z0-9]{1,5}", re.ASCII)
"""Pattern of residue names that PDB and mmCIF files can hold."""


def build_smiles(
    smiles: str,
    name: str | None = None,
    seed: int = 0,
    ph: float | None = None,
    allow_radicals: bool = False,
) -> Built:
    """Return the molecule of a SMILES, with all its hydrogens.

    Args:
        smiles: Molecule or several, separated by dots.
        name: Residue name, by default MOL, or HOH for water.
        seed: Seed of the conformer; the same seed gives the same structure.
        ph: pH at which acids and bases are protonated; by default they stay as written.
        allow_radicals: Accept unpaired electrons; `info["multiplicity"]` then has the highest spin.

    Returns:
        Atoms in the order of the SMILES, hydrogens last, components one after another; unique atom
        names and formal charges.

    Raises:
        InputError: The SMILES cannot be read, is drawn with placeholders or unpaired electrons, has
            elements without parameters, or no conformer exists.
    """
    _check_arguments(name, seed, ph)
    decisions: list[str] = []
    if ph is not None:
        smiles = _protonated(smiles, ph, decisions)
    chem = require("rdkit.Chem", PURPOSE)
    molecule = parse_smiles(smiles)
    unpaired = _refuse_what_is_no_molecule(molecule, smiles, allow_radicals)
    molecule = chem.AddHs(molecule)
    parts = chem.GetMolFrags(molecule, asMols=True, sanitizeFrags=False)
    if len(parts) > 1:
        formulas = ", ".join(_formula(part) for part in parts)
        decisions.append(
            f"The SMILES has {len(parts)} components ({formulas}); they stand {GAP} Å apart along x"
        )
    relaxed = [_embedded(part, seed, decisions) for part in parts]
    pieces = [_structure(part, name) for part in relaxed]
    for piece, part in zip(pieces, relaxed, strict=True):
        contact = closest_within(piece.positions, bonds_of(part))
        refuse_clash(piece, contact, CLOSEST, "Try another seed")
        if contact is not None:
            decisions.append(f"{WORDS} is {contact.describe(piece)}")
    atoms = _side_by_side(pieces)
    if unpaired:
        atoms.info["multiplicity"] = unpaired + 1
        decisions.append(
            f"Of {unpaired} unpaired electrons all spins are parallel: multiplicity {unpaired + 1}"
        )
    if atoms.info["charge"]:
        decisions.append(
            f"The total charge is {atoms.info['charge']:+d} e, as the SMILES writes it"
        )
    return Built(atoms, tuple(decisions))


def parse_smiles(smiles: str) -> Any:
    """Return a SMILES as an RDKit molecule without explicit hydrogens.

    Raises:
        InputError: The SMILES cannot be read; the message holds RDKit's own words.
    """
    chem = require("rdkit.Chem", PURPOSE)
    with _rdkit_log() as log:
        molecule = chem.MolFromSmiles(smiles) if smiles.strip() else None
    if molecule is None or molecule.GetNumAtoms() == 0:
        raise InputError(
            "smiles: cannot be read",
            got=repr(smiles),
            expected="a SMILES as CCO" if not log else f"a SMILES. RDKit says: {'; '.join(log)}",
            remedy="Check brackets, ring closures and valences, and quote it in the shell",
        )
    return molecule


def _check_arguments(name: str | None, seed: int, ph: float | None) -> None:
    if name is not None and not _NAME.fullmatch(name):
        raise InputError("name: no residue name", got=name, expected="1 to 5 letters and digits")
    if not isinstance(seed, int) or seed < 0:
        raise InputError("seed: no seed", got=seed, expected="an integer from 0 on")
    if ph is not None and not (np.isfinite(ph) and 0 <= ph <= 14):
        raise InputError("ph: no pH", got=ph, expected="a number from 0 to 14")


@contextmanager
def _rdkit_log() -> Iterator[list[str]]:
    """Collect what RDKit writes to its log, without time stamps."""
    import logging

    base = require("rdkit.rdBase", PURPOSE)
    lines: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            text = re.sub(r"^\[[0-9:]+\]\s*", "", record.getMessage().strip())
            lines.extend(
                " ".join(line.split()) for line in text.splitlines() if line.strip(" ~^\t")
            )

    logger = logging.getLogger("rdkit")
    kept = logger.handlers, logger.propagate
    logger.handlers, logger.propagate = [Collector()], False
    base.LogToPythonLogger()
    try:
        yield lines
    finally:
        base.LogToCppStreams()
        logger.handlers, logger.propagate = kept


def _protonated(smiles: str, ph: float, decisions: list[str]) -> str:
    """Return a SMILES with the protonation that Dimorphite-DL gives at a pH."""
    parse_smiles(smiles)
    dimorphite = require("dimorphite_dl", "protonation at a pH")
    chem = require("rdkit.Chem", PURPOSE)
    require("loguru", "protonation at a pH").logger.disable("dimorphite_dl")
    found = sorted(dimorphite.protonate_smiles(smiles, ph_min=ph, ph_max=ph, precision=0.0))
    if not found:
        raise InputError("ph: Dimorphite-DL finds no protonation", got=f"{smiles} at pH {ph:g}")
    before = chem.CanonSmiles(smiles)
    after = chem.CanonSmiles(found[0])
    if before == after:
        decisions.append(f"At pH {ph:g} the molecule stays as written (Dimorphite-DL)")
    else:
        decisions.append(f"At pH {ph:g} the molecule is {after} (Dimorphite-DL)")
    if len(found) > 1:
        decisions.append(f"Other forms at this pH were left out: {', '.join(found[1:])}")
    return found[0]


def _refuse_what_is_no_molecule(molecule: Any, smiles: str, allow_radicals: bool) -> int:
    """Return the number of unpaired electrons; refuse what cannot be built."""
    refuse_unsupported(atom.GetAtomicNum() for atom in molecule.GetAtoms() if atom.GetAtomicNum())
    for atom in molecule.GetAtoms():
        where = f"atom {atom.GetIdx() + 1} of {smiles}"
        if atom.GetAtomicNum() == 0:
            raise InputError(
                "smiles: has a placeholder", got=where, remedy="Write an element in its place"
            )
        if atom.GetAtomicNum() == 1 and not atom.GetDegree() and atom.GetTotalNumHs() == 0:
            raise InputError(
                "smiles: has a hydrogen bonded to nothing",
                got=where,
                remedy="Write it with the atom that holds it, as [OH3+] or [NH4+]",
            )
    for bond in molecule.GetBonds():
        if str(bond.GetBondType()) not in BONDS:
            ends = bond.GetBeginAtomIdx() + 1, bond.GetEndAtomIdx() + 1
            raise InputError(
                "smiles: has a bond of no definite order",
                got=f"{str(bond.GetBondType()).lower()} between atoms {ends[0]} and {ends[1]}",
                expected="single, double, triple or aromatic bonds",
            )
    unpaired = sum(atom.GetNumRadicalElectrons() for atom in molecule.GetAtoms())
    if unpaired and not allow_radicals:
        at = [a for a in molecule.GetAtoms() if a.GetNumRadicalElectrons()]
        places = ", ".join(f"{a.GetSymbol()} (atom {a.GetIdx() + 1})" for a in at)
        raise InputError(
            f"smiles: has unpaired electrons at {places}",
            got=smiles,
            remedy="Write the missing hydrogens or the charge, or allow radicals if this is one",
        )
    return unpaired


def _formula(molecule: Any) -> str:
    descriptors = require("rdkit.Chem.rdMolDescriptors", PURPOSE)
    return descriptors.CalcMolFormula(molecule)


def _embedded(molecule: Any, seed: int, decisions: list[str]) -> Any:
    """Return a copy of one component with a relaxed conformer, and its stereochemistry."""
    chem, geometry = require("rdkit.Chem", PURPOSE), require("rdkit.Chem.AllChem", PURPOSE)
    molecule = chem.Mol(molecule)
    chem.SanitizeMol(molecule)
    open_centres = [
        info
        for info in chem.FindPotentialStereo(molecule)
        if info.specified != chem.StereoSpecified.Specified
    ]
    settings = geometry.ETKDGv3()
    settings.randomSeed = seed % SEEDS
    with _rdkit_log():
        failed = geometry.EmbedMolecule(molecule, settings)
        if failed:
            settings.useRandomCoords = True
            failed = geometry.EmbedMolecule(molecule, settings)
    if failed:
        raise InputError(
            "smiles: RDKit finds no structure in three dimensions",
            got=chem.MolToSmiles(chem.RemoveHs(molecule)),
            remedy="Check its stereochemistry and rings, or try another seed",
        )
    wanted = _stereo_smiles(molecule)
    _relax(molecule, geometry, decisions)
    chem.AssignStereochemistryFrom3D(molecule)
    if not open_centres and _stereo_smiles(molecule) != wanted:
        raise InputError(
            "smiles: the relaxed structure has another stereochemistry",
            got=_stereo_smiles(molecule),
            expected=wanted,
            remedy="Try another seed",
        )
    decisions += _choices(molecule, open_centres)
    return molecule


def _stereo_smiles(molecule: Any) -> str:
    chem = require("rdkit.Chem", PURPOSE)
    return chem.MolToSmiles(chem.RemoveHs(molecule))


def _relax(molecule: Any, geometry: Any, decisions: list[str]) -> None:
    """Relax the conformer in place."""
    if molecule.GetNumAtoms() == 1:
        return
    with _rdkit_log():
        if geometry.MMFFHasAllMoleculeParams(molecule):
            unfinished = geometry.MMFFOptimizeMolecule(molecule, maxIters=RELAXATION_STEPS)
            used = "MMFF94"
        elif geometry.UFFHasAllMoleculeParams(molecule):
            unfinished = geometry.UFFOptimizeMolecule(molecule, maxIters=RELAXATION_STEPS)
            used = "UFF, for MMFF94 lacks parameters of it"
        else:
            decisions.append(f"{_formula(molecule)} is not relaxed: MMFF94 and UFF do not know it")
            return
    rest = f"; {RELAXATION_STEPS} steps did not reach the minimum" if unfinished else ""
    decisions.append(f"{_formula(molecule)} is relaxed with {used}{rest}")


def _choices(molecule: Any, centres: list[Any]) -> list[str]:
    """Return which stereoisomer was made where the SMILES defines none."""
    chem = require("rdkit.Chem", PURPOSE)
    require("rdkit.Chem.rdCIPLabeler", PURPOSE).AssignCIPLabels(molecule)
    names = numbered_names([atom.GetSymbol() for atom in molecule.GetAtoms()])
    lines = []
    for info in centres:
        if info.type == chem.StereoType.Atom_Tetrahedral:
            part = molecule.GetAtomWithIdx(info.centeredOn)
            where = f"Stereocentre {names[info.centeredOn]}"
        elif info.type == chem.StereoType.Bond_Double:
            part = molecule.GetBondWithIdx(info.centeredOn)
            ends = part.GetBeginAtomIdx(), part.GetEndAtomIdx()
            where = f"Double bond {names[ends[0]]}={names[ends[1]]}"
        else:
            continue
        if part.HasProp("_CIPCode"):
            made = f"{part.GetProp('_CIPCode')} was built"
            lines.append(f"{where} is not defined in the SMILES: {made}")
    return lines


def _structure(molecule: Any, name: str | None) -> Atoms:
    """Return one component with its names and formal charges, centred."""
    numbers = [atom.GetAtomicNum() for atom in molecule.GetAtoms()]
    positions = centred(np.array(molecule.GetConformer().GetPositions()))
    atoms = Atoms(numbers, positions)
    masses = standard_masses()[numbers]
    for k, atom in enumerate(molecule.GetAtoms()):
        if isotope := atom.GetIsotope():
            if (numbers[k], isotope) not in ISOTOPES:
                raise InputError(
                    "smiles: no such isotope is known", got=f"{isotope}{symbol(numbers[k])}"
                )
            masses[k] = ISOTOPES[numbers[k], isotope]
    if any(atom.GetIsotope() for atom in molecule.GetAtoms()):
        atoms.set_array("masses", masses)
    water = sorted(numbers) == [1, 1, 8]
    return labelled(
        atoms,
        names=["O", "H1", "H2"] if water else numbered_names(atoms.get_chemical_symbols()),
        residue_names=[name or ("HOH" if water else "MOL")] * len(atoms),
        residue_numbers=[1] * len(atoms),
        formal_charges=[atom.GetFormalCharge() for atom in molecule.GetAtoms()],
    )


def _side_by_side(pieces: list[Atoms]) -> Atoms:
    """Return components as one structure, each beyond the one before along x."""
    reached = 0.0
    for number, piece in enumerate(pieces, start=1):
        piece.arrays["residuenumbers"][:] = number
        piece.positions[:, 0] += reached + GAP - piece.positions[:, 0].min()
        reached = float(piece.positions[:, 0].max())
    whole = joined(pieces)
    whole.positions = centred(whole.positions)
    return whole


def bonds_of(molecule: Any) -> list[tuple[int, int]]:
    """Return the bonds of an RDKit molecule as pairs of numbers of atoms."""
    return [(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in molecule.GetBonds()]
