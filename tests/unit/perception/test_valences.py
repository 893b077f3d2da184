"""Refusal of atoms with bonds too few or too many, by residue and name."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule

from sundog.perception.valences import ValenceError, check_valences
from sundog.topology.residues import Names
from sundog.topology.topology import make_topology


def checked(atoms: Atoms, **told):
    return check_valences(atoms, make_topology(atoms.numbers, atoms.positions), **told)


def without_hydrogen(name: str) -> Atoms:
    atoms = molecule(name)
    del atoms[[int(np.flatnonzero(atoms.numbers == 1)[-1])]]
    return atoms


@pytest.mark.parametrize("name", ["CH4", "C6H6", "C2H6", "C2H4", "CH3CHO", "C3H8"])
def test_a_missing_hydrogen_of_carbon_is_named(name):
    with pytest.raises(ValenceError, match=r"lack 1 bond.*C \d.*counted from 0"):
        checked(without_hydrogen(name))


def test_a_missing_hydrogen_is_named_by_its_residue():
    atoms = without_hydrogen("CH4")
    names = Names(np.array(["LIG"] * 4), np.array([7] * 4), np.array(["C1", "H1", "H2", "H3"]))
    topology = make_topology(atoms.numbers, atoms.positions, names=names)
    with pytest.raises(ValenceError, match="C1 of LIG 7"):
        check_valences(atoms, topology)


def test_a_radical_passes_where_it_is_meant():
    methyl = molecule("CH3")
    with pytest.raises(ValenceError):
        checked(methyl)
    with pytest.raises(ValenceError):
        checked(methyl, multiplicity=1)
    assert checked(methyl, allow_radicals=True).open_valences.sum() == 1
    assert checked(methyl, multiplicity=2).open_valences.sum() == 1
    assert checked(methyl, charge=1).open_valences.sum() == 1


def test_a_biradical_needs_a_triplet():
    methylene = molecule("CH2_s3B1d")
    with pytest.raises(ValenceError, match="lack 2 bond"):
        checked(methylene, multiplicity=2)
    checked(methylene, multiplicity=3)


def test_a_floating_proton_is_named():
    atoms = molecule("H2O") + Atoms("H", [(0.0, 0.0, 5.0)])
    with pytest.raises(ValenceError, match=r"1 hydrogen.*without a bond.*H 3"):
        checked(atoms)


def test_fused_atoms_are_named():
    atoms = molecule("CH4") + Atoms("F", [(0.0, 0.0, -1.4)])
    with pytest.raises(ValenceError, match="more neighbours"):
        checked(atoms)


def test_atoms_closer_than_a_bond_are_named():
    atoms = Atoms("N2", [(0.0, 0.0, 0.0), (0.0, 0.0, 0.6)])
    with pytest.raises(ValenceError, match=r"closer than any bond.*0\.60 Å apart"):
        checked(atoms)


@pytest.mark.parametrize(
    ("residue", "name"), [("ASN", "ND2"), ("ALA", "N"), ("CYS", "SG"), ("SER", "OG")]
)
def test_an_anion_where_a_residue_has_none_is_a_missing_hydrogen(residue, name):
    atoms = molecule({"S": "CH3S", "O": "CH3O", "N": "CH3CH2NH2"}[name[0]])
    if name[0] == "N":
        del atoms[[int(np.flatnonzero(atoms.numbers == 1)[k]) for k in (-1,)]]
        hydrogens = np.flatnonzero(atoms.numbers == 1)
        distances = atoms.get_distances(int(np.flatnonzero(atoms.numbers == 7)[0]), hydrogens)
        assert (distances < 1.2).sum() == 1
    own = [name if atom.number in (7, 8, 16) else atom.symbol for atom in atoms]
    names = Names(np.array([residue] * len(atoms)), np.ones(len(atoms), int), np.array(own))
    topology = make_topology(atoms.numbers, atoms.positions, names=names)
    with pytest.raises(ValenceError, match=f"{name} of {residue} 1 -1"):
        check_valences(atoms, topology)
    check_valences(atoms, topology, charge=-1)
