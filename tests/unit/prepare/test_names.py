"""Names of other programs, as the component dictionary has them."""

import pytest

structure = pytest.importorskip("biotite.structure")

from sundog.prepare.biomolecules.choices import Place  # noqa: E402
from sundog.prepare.biomolecules.names import canonical_names  # noqa: E402


def residue(name, atoms):
    array = structure.AtomArray(len(atoms))
    array.res_name[:], array.chain_id[:], array.res_id[:] = name, "A", 1
    array.atom_name[:] = atoms
    return array


@pytest.mark.parametrize(
    ("name", "atoms", "expected", "renamed"),
    [
        ("HID", ["N", "CA"], "HIS", ["N", "CA"]),
        ("ILE", ["CB", "CG1", "CG2", "CD"], "ILE", ["CB", "CG1", "CG2", "CD1"]),
        ("NLYS", ["N", "CA"], "LYS", ["N", "CA"]),
        ("ALA", ["C", "OT1", "OT2"], "ALA", ["C", "O", "OXT"]),
        ("ALA", ["C", "OC1", "OC2"], "ALA", ["C", "O", "OXT"]),
        ("ALA", ["C", "O", "OXT"], "ALA", ["C", "O", "OXT"]),
        ("NMA", ["N", "CA"], "NME", ["N", "C"]),
        ("NME", ["N", "CH3"], "NME", ["N", "C"]),
        ("ACE", ["C", "O", "CA"], "ACE", ["C", "O", "CH3"]),
        ("TIP3", ["OH2"], "HOH", ["O"]),
        ("DOD", ["O"], "HOH", ["O"]),
        ("ADE", ["O1P", "C1'", "O2'"], "A", ["OP1", "C1'", "O2'"]),
        ("ADE", ["O1P", "C1*"], "DA", ["OP1", "C1'"]),
        ("DT5", ["C5M", "C1'"], "DT", ["C7", "C1'"]),
        ("RG3", ["C1'", "O2'"], "G", ["C1'", "O2'"]),
        ("NAG", ["C1", "O5"], "NAG", ["C1", "O5"]),
    ],
)
def test_names(name, atoms, expected, renamed):
    array, _ = canonical_names(residue(name, atoms))
    assert set(array.res_name) == {expected}
    assert array.atom_name.tolist() == renamed


def test_states_that_names_mean():
    assert canonical_names(residue("HIP", ["N"]))[1] == {Place("A", 1): "HIP"}
    assert canonical_names(residue("NLYS", ["N"]))[1] == {}
