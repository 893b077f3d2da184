"""Residues that were built are L-amino acids with trans peptide bonds, or it is said."""

import pytest

from sundog.errors import StructureError
from sundog.prepare.biomolecules.handedness import check_handedness
from sundog.prepare.peptides.sequences import build_sequence


def test_mirror_images_are_refused_where_they_were_built():
    atoms = build_sequence("ACE-ALA-THR-PRO-NME").atoms
    everything = set(range(len(atoms)))
    said = []
    check_handedness(atoms, everything, said.append)
    assert said == []
    atoms.positions[:, 0] *= -1
    with pytest.raises(StructureError, match=r"3 amino acid.*mirror images"):
        check_handedness(atoms, everything, said.append)
    check_handedness(atoms, set(), said.append)  # what the file has is the file's


def test_cis_peptide_bonds_are_said():
    atoms = build_sequence("ACE-ALA-ALA-NME").atoms
    names, numbers = atoms.arrays["atomtypes"], atoms.arrays["residuenumbers"]
    at = {
        (int(number), str(name)): k
        for k, (number, name) in enumerate(zip(numbers, names, strict=True))
    }
    # What follows the bond between residues 2 and 3 is turned about it by 180 degrees.
    start, end = atoms.positions[at[2, "C"]], atoms.positions[at[3, "N"]]
    axis = (end - start) / ((end - start) @ (end - start)) ** 0.5
    after = numbers >= 3
    moved = atoms.positions[after] - start
    atoms.positions[after] = start + 2 * (moved @ axis)[:, None] * axis - moved
    said = []
    check_handedness(atoms, set(range(len(atoms))), said.append)
    assert said == ["Warning: peptide bonds that were built are cis, before ALA A:3"]
