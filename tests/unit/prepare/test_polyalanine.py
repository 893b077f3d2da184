"""Capped polyalanine from its backbone angles."""

import mdtraj
import numpy as np
import pytest

from sundog.errors import InputError
from sundog.io.topologies import topology_from_atoms
from sundog.prepare.peptides.polyalanine import peptide_groups, polyalanine

ALPHA = (-57.0, -47.0)


@pytest.mark.parametrize("angles", [(180.0, 180.0), ALPHA])
def test_it_is_a_capped_chain_of_l_alanine(angles):
    atoms = polyalanine(4, *angles)
    assert atoms.get_chemical_formula("hill") == "C15H27N5O5"
    assert len(topology_from_atoms(atoms).pairs) == len(atoms) - 1  # one molecule without rings
    for start in range(6, 46, 10):
        n, ca, c, cb = (atoms.positions[start + k] for k in (0, 1, 3, 5))
        # Seen from N to C', the side chain of an L amino acid is on this side.
        assert np.cross(n - ca, c - ca) @ (cb - ca) > 1.0


def test_backbone_angles_are_those_asked_for():
    atoms = polyalanine(3, -70.0, 130.0)
    for k in range(3):
        n, ca, c = (6 + 10 * k + shift for shift in (0, 1, 3))
        before, after = (1 if k == 0 else c - 10), n + 10
        assert atoms.get_dihedral(before, n, ca, c) == pytest.approx(360 - 70)
        assert atoms.get_dihedral(n, ca, c, after) == pytest.approx(130)
        assert atoms.get_dihedral(ca, c, after, after + 1) == pytest.approx(180)  # trans


def test_peptide_groups_are_carbonyls_and_amides():
    atoms, groups = polyalanine(5), peptide_groups(5)
    assert len(groups.oxygens) == len(groups.hydrogens) == 6
    first, second = topology_from_atoms(atoms).pairs.T
    partners = dict(zip(second.tolist(), first.tolist(), strict=True))
    assert set(atoms.numbers[groups.oxygens]) == {8}
    assert set(atoms.numbers[[partners[h] for h in groups.hydrogens.tolist()]].tolist()) == {7}
    # Oxygen and hydrogen of one peptide bond point in opposite directions.
    carbons = [partners[o] for o in groups.oxygens.tolist()]
    nitrogens = [partners[h] for h in groups.hydrogens.tolist()]
    for c, o, n, h in zip(carbons, groups.oxygens, nitrogens, groups.hydrogens, strict=True):
        out, back = (atoms.positions[b] - atoms.positions[a] for a, b in ((c, o), (n, h)))
        assert out @ back < -1.0


def test_a_helix_is_one_by_the_rules_of_dssp(tmp_path):
    """An independent judge; it wants names of residues."""
    atoms = polyalanine(12, *ALPHA)
    topology = mdtraj.Topology()
    chain = topology.add_chain()
    names = ["N", "CA", "H", "C", "O", "CB", "HA", "HB1", "HB2", "HB3"]
    for _ in range(12):
        residue = topology.add_residue("ALA", chain)
        for name in names:
            topology.add_atom(name, mdtraj.element.get_by_symbol(name[0]), residue)
    trajectory = mdtraj.Trajectory(atoms.positions[None, 6:126] / 10, topology)
    codes = mdtraj.compute_dssp(trajectory, simplified=False)[0]
    assert set(codes[2:-2]) == {"H"}


@pytest.mark.parametrize("arguments", [(0,), (2.5,), (3, np.nan, 0.0)])
def test_what_is_no_chain_is_refused(arguments):
    with pytest.raises(InputError):
        polyalanine(*arguments)
