"""Peptides from their sequence."""

import io

import numpy as np
import pytest

from sundog.errors import InputError, StructureError
from sundog.io.extxyz import write_extxyz
from sundog.io.topologies import topology_from_atoms
from sundog.prepare.peptides.polyalanine import polyalanine

pytest.importorskip("biotite")

from sundog.prepare.peptides.backbones import HELIX
from sundog.prepare.peptides.sequences import build_sequence

ALL = "ACE-A-R-N-D-C-Q-E-G-H-I-L-K-M-F-P-S-T-W-Y-V-NME"


def named(atoms, number):
    mine = np.flatnonzero(atoms.arrays["residuenumbers"] == number)
    return dict(zip(atoms.arrays["atomtypes"][mine].tolist(), mine.tolist(), strict=True))


def closest(built):
    line = next(line for line in built.decisions if "closest contact" in line)
    return float(line.split("apart is ")[1].split()[0])


@pytest.mark.parametrize("residues", [3, 15])
def test_it_agrees_with_polyalanine(residues):
    atoms = build_sequence(f"ACE-ALA{residues}-NME").atoms
    own = polyalanine(residues)
    assert atoms.get_chemical_formula() == own.get_chemical_formula()
    assert atoms.info["charge"] == 0
    heavy = [a.positions[a.numbers > 1] for a in (atoms, own)]
    spans = [np.sort(np.linalg.norm(p - p.mean(axis=0), axis=1)) for p in heavy]
    assert np.allclose(*spans, atol=0.15)


def test_the_published_helix_has_180_atoms_and_one_charge():
    built = build_sequence("ACE-ALA15-LYSH+", helix=True)
    atoms = built.atoms
    assert len(atoms) == 180
    assert atoms.info["charge"] == 1
    lysine = named(atoms, 17)
    assert {"OXT", "HXT", "HZ1", "HZ2", "HZ3"} <= lysine.keys()
    assert atoms.arrays["formal_charges"][lysine["NZ"]] == 1
    assert any("neutral, COOH, as in vacuum" in line for line in built.decisions)
    for k in range(2, 16):
        here, after = named(atoms, k), named(atoms, k + 1)
        angles = (here["N"], here["CA"], here["C"], after["N"])
        assert atoms.get_dihedral(*angles) == pytest.approx(360 + HELIX[1])
    assert closest(built) > 1.9


@pytest.mark.parametrize(
    "backbone",
    [{"helix": True}, {"extended": True}, {"phi_degrees": -120.0, "psi_degrees": 130.0}],
)
def test_all_amino_acids_are_whole_l_and_without_clashes(backbone):
    built = build_sequence(ALL, **backbone)
    atoms = built.atoms
    assert len(atoms) == 336
    assert atoms.info["charge"] == 0
    assert closest(built) > 1.6
    # Bonds by distance: one molecule, whose rings are those of H, F, P, W (two) and Y.
    pairs = topology_from_atoms(atoms).pairs
    assert len(pairs) == len(atoms) - 1 + 6
    neighbours = np.bincount(pairs.ravel(), minlength=len(atoms))
    assert (neighbours[atoms.numbers == 1] == 1).all()
    for number in range(2, 22):
        mine = named(atoms, number)
        if "CB" in mine:
            n, ca, c, cb = (atoms.positions[mine[name]] for name in ("N", "CA", "C", "CB"))
            assert np.cross(n - ca, c - ca) @ (cb - ca) > 1.0


def test_rings_are_flat():
    atoms = build_sequence(ALL, phi_degrees=-120.0, psi_degrees=130.0).atoms
    for number, names in ((10, "CG ND1 CE1 NE2 CD2"), (15, "CG CD1 CE1 CZ CE2 CD2")):
        mine = named(atoms, number)
        ring = atoms.positions[[mine[name] for name in names.split()]]
        assert np.linalg.svd(ring - ring.mean(axis=0))[1][2] < 0.05


@pytest.mark.parametrize(
    ("sequence", "termini", "atoms", "charge"),
    [
        ("G-G", "neutral", 17, 0),
        ("G-G", "charged", 17, 0),
        ("PGP", "charged", 38, 0),
        ("ACE-GLY-NH2", "neutral", 16, 0),
        ("ACE-ASP", "charged", 19, -2),
        ("LYS-NME", "charged", 30, 2),
    ],
)
def test_ends(sequence, termini, atoms, charge):
    built = build_sequence(sequence, termini=termini)
    assert len(built.atoms) == atoms
    assert built.atoms.info["charge"] == charge
    electrons = built.atoms.numbers.sum() - charge
    assert electrons % 2 == 0


def test_states_of_protonation():
    atoms = build_sequence("ACE-HIP-HID-HIE-LYN-ASH-GLH-CYM-TYM-ARN-NH2").atoms
    assert atoms.info["charge"] == -1
    assert (atoms.numbers.sum() + 1) % 2 == 0
    assert "HE2" not in named(atoms, 3)
    assert "HD1" not in named(atoms, 4)


def test_proline_kinks_a_helix_and_holds_its_angle():
    melittin = build_sequence("GIGAVLKVLTTGLPALISWIKRKRQQ", helix=True)
    assert any("PRO 14 kinks the helix" in line for line in melittin.decisions)
    assert closest(melittin) > 1.6
    stretched = build_sequence("ACE-A2-P-A2-NME")
    assert any("PRO 4 holds φ at -65" in line for line in stretched.decisions)


def test_a_clash_that_no_rotamer_avoids_is_refused_with_its_atoms():
    with pytest.raises(StructureError, match=r"PRO 1[89].*Choose other backbone angles"):
        build_sequence("NLYIQWLKDGGPSSGRPPPS", helix=True)


def test_the_same_command_gives_the_same_bytes():
    texts = []
    for _ in range(2):
        stream = io.StringIO()
        write_extxyz(stream, build_sequence("ACE-R-W-L-NME", helix=True).atoms)
        texts.append(stream.getvalue())
    assert texts[0] == texts[1]


def test_heavy_atoms_come_first_in_each_residue():
    atoms = build_sequence("ACE-ALA2-NME").atoms
    names = atoms.arrays["atomtypes"][atoms.arrays["residuenumbers"] == 2].tolist()
    assert names == ["N", "CA", "C", "O", "CB", "H", "HA", "HB1", "HB2", "HB3"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"helix": True, "extended": True},
        {"helix": True, "phi_degrees": 1.0, "psi_degrees": 1.0},
        {"phi_degrees": -57.0},
        {"phi_degrees": np.nan, "psi_degrees": 0.0},
        {"termini": "open"},
    ],
)
def test_what_says_no_backbone_is_refused(wrong):
    with pytest.raises(InputError):
        build_sequence("ACE-ALA2-NME", **wrong)
