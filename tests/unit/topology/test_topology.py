"""A topology: made once, worked out lazily, named as the input is."""

from dataclasses import FrozenInstanceError

import ase
import numpy as np
import pytest
from ase.build import molecule

from sundog.errors import InputError
from sundog.io.topologies import topology_from_atoms
from sundog.prepare.peptides.polyalanine import polyalanine
from sundog.prepare.water import water_box
from sundog.topology import topology as module
from sundog.topology.residues import Names
from sundog.topology.selection import mdtraj_topology, select
from sundog.topology.topology import make_topology


def test_everything_follows_from_one_search(monkeypatch):
    searches = []
    find = module.find_bonds
    monkeypatch.setattr(module, "find_bonds", lambda *args: searches.append(0) or find(*args))
    atoms = water_box(64)
    atoms.wrap()
    topology = topology_from_atoms(atoms)
    whole = topology.whole()
    for one in (topology, whole):
        assert one.homogeneity.homogeneous
        assert one.molecules.number.max() == 63
        assert len(one.residues) == 64
        assert len(one.hydrogens.hydrogens) == len(one.pairs) == 128
        assert select(one, "water and element O").tolist() == list(range(0, 192, 3))
        assert one.molecules is one.molecules
    assert whole is not topology
    assert len(searches) == 1


def test_it_keeps_a_structure_of_its_own_and_cannot_be_changed():
    atoms = molecule("H2O")
    topology = topology_from_atoms(atoms)
    atoms.positions += 1.0
    np.testing.assert_array_equal(topology.positions, molecule("H2O").positions)
    with pytest.raises(FrozenInstanceError):
        topology.numbers = atoms.numbers  # pyright: ignore[reportAttributeAccessIssue]


def test_names_of_the_input_are_what_selections_understand():
    atoms = ase.Atoms("NCCO", 1.4 * np.eye(4)[:, :3])
    atoms.set_array("residuenames", np.array(["GLY"] * 4))
    atoms.set_array("residuenumbers", np.array([7] * 4))
    atoms.set_array("atomtypes", np.array(["N", "CA", "C", "O"]))
    atoms.set_array("chainids", np.array(["B"] * 4))
    topology = topology_from_atoms(atoms)
    residue = topology.residues[0]
    assert (residue.chain, residue.name, residue.number) == ("B", "GLY", 7)
    assert select(topology, "name CA and resSeq 7").tolist() == [1]
    assert [chain.chain_id for chain in mdtraj_topology(topology).chains] == ["B"]
    with pytest.raises(ValueError, match=r"(?i)expected|unable|invalid"):
        select(topology, "name is CA and")


def test_without_names_molecules_are_residues():
    topology = topology_from_atoms(polyalanine(3) + molecule("H2O", vacuum=30.0))
    assert [residue.name for residue in topology.residues] == ["MOL", "HOH"]
    assert topology.residues[1].atom_names == ["O", "H1", "H2"]


def test_names_that_are_too_few_are_refused():
    names = Names(np.array(["HOH"] * 2), np.array([1, 1, 1]))
    water = molecule("H2O")
    with pytest.raises(InputError, match=r"residues must have one value per atom.*2.*3"):
        make_topology(water.numbers, water.positions, names=names)
