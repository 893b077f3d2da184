"""`topology.pdb` gives a trajectory its names."""

import ase
import ase.build
import mdtraj
import numpy as np
import pytest

from sundog.errors import RunDirectoryError
from sundog.io.pdb import write_final, write_topology
from sundog.io.topologies import topology_from_atoms


def loaded(tmp_path, atoms: ase.Atoms) -> mdtraj.Topology:
    write_topology(tmp_path / "topology.pdb", topology_from_atoms(atoms))
    return mdtraj.load(tmp_path / "topology.pdb").topology


def solution() -> ase.Atoms:
    """Ethanol and two waters, one of them across the border of the box."""
    atoms = ase.build.molecule("CH3CH2OH")
    for shift in ([5.0, 0.0, 0.0], [5.0, 5.0, 9.9]):
        water = ase.build.molecule("H2O")
        water.positions += shift
        atoms += water
    atoms.cell, atoms.pbc = [10.0, 10.0, 10.0], True
    atoms.wrap()
    return atoms


def test_molecules_become_residues(tmp_path):
    topology = loaded(tmp_path, solution())
    assert [(r.name, r.n_atoms) for r in topology.residues] == [("MOL", 9), ("HOH", 3), ("HOH", 3)]
    assert [a.name for a in topology.residue(1).atoms] == ["O", "H1", "H2"]
    assert len({a.name for a in topology.residue(0).atoms}) == 9
    assert topology.n_bonds == 8 + 2 + 2


def test_bonds_reach_across_the_border():
    atoms = solution()
    pairs = topology_from_atoms(atoms).pairs
    assert len(pairs) == 12
    assert (pairs[:, 0] < pairs[:, 1]).all()
    atoms.pbc = False
    assert len(topology_from_atoms(atoms).pairs) < 12


@pytest.mark.parametrize("pbc", [(True, True, False), (True, False, False), (False, False, False)])
def test_bonds_of_partly_periodic_structures(pbc):
    chain = ase.Atoms("C6", np.arange(6)[:, None] * [1.5, 0.0, 0.0] + 50.0, cell=[9.0, 0.0, 0.0])
    chain.pbc, chain.cell[1, 1] = pbc, 9.0 * pbc[1]
    assert len(topology_from_atoms(chain).pairs) == 5 + pbc[0]


def test_names_of_the_input_are_kept(tmp_path):
    atoms = solution()
    names = ["C1", "C2", "OH", "HO", "HA", "HB", "HC", "HD", "HE"]
    atoms.set_array("atomtypes", np.array(names + ["OW", "HW1", "HW2"] * 2))
    atoms.set_array("residuenames", np.array(["ETH"] * 9 + ["SOL"] * 6))
    atoms.set_array("residuenumbers", np.array([5] * 9 + [6] * 3 + [7] * 3))
    topology = loaded(tmp_path, atoms)
    assert [(r.name, r.resSeq) for r in topology.residues] == [("ETH", 5), ("HOH", 6), ("HOH", 7)]
    assert [a.name for a in topology.residue(0).atoms] == names
    assert topology.n_chains == 1


def test_chains_of_the_input_are_kept(tmp_path):
    atoms = ase.Atoms("O4", 5 * np.eye(4)[:, :3])
    atoms.set_array("residuenames", np.array(["OXY"] * 4))
    atoms.set_array("residuenumbers", np.array([1, 2, 3, 4]))
    atoms.set_array("chainids", np.array(["C", "C", "D", "D"]))
    assert [chain.chain_id for chain in loaded(tmp_path, atoms).chains] == ["C", "D"]


def test_residue_numbers_that_fall_back_begin_a_chain(tmp_path):
    atoms = ase.Atoms("O4", 5 * np.eye(4)[:, :3])
    atoms.set_array("residuenames", np.array(["OXY"] * 4))
    atoms.set_array("residuenumbers", np.array([1, 2, 1, 2]))
    assert loaded(tmp_path, atoms).n_chains == 2


def test_a_molecule_too_large_for_four_letters_is_split(tmp_path):
    chlorine = ase.Atoms("Cl240", np.arange(240)[:, None] * [2.0, 0.0, 0.0])
    topology = loaded(tmp_path, chlorine)
    assert [residue.n_atoms for residue in topology.residues] == [99, 99, 42]
    assert topology.atom(98).name == "Cl99"


def test_the_cell_is_written_for_periodic_structures_only(tmp_path):
    atoms = solution()
    write_topology(tmp_path / "periodic.pdb", topology_from_atoms(atoms))
    assert "CRYST1   10.000" in (tmp_path / "periodic.pdb").read_text()
    atoms.pbc = False
    write_topology(tmp_path / "molecule.pdb", topology_from_atoms(atoms))
    assert "CRYST1" not in (tmp_path / "molecule.pdb").read_text()


def test_more_residues_than_pdb_can_count(tmp_path):
    positions = 5.0 * np.stack(np.meshgrid(*[np.arange(22)] * 3), axis=-1).reshape(-1, 3)[:10_100]
    topology = loaded(tmp_path, ase.Atoms("O10100", positions))
    assert topology.n_residues == topology.n_atoms == 10_100


@pytest.mark.slow
def test_more_atoms_than_pdb_can_count(tmp_path):
    count = 33_400
    corners = 3.2 * np.stack(np.meshgrid(*[np.arange(33)] * 3), axis=-1).reshape(-1, 1, 3)[:count]
    positions = (corners + ase.build.molecule("H2O").positions).reshape(-1, 3)
    topology = loaded(tmp_path, ase.Atoms("OH2" * count, positions))
    assert topology.n_atoms == 3 * count > 99_999
    assert topology.n_residues == count > 9_999


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(RunDirectoryError, match="could not be written"):
        write_topology(tmp_path / "nowhere" / "topology.pdb", topology_from_atoms(solution()))


def test_a_last_structure_has_whole_molecules_bonds_box_and_charges(tmp_path):
    water = ase.build.molecule("H2O")
    water.set_cell([8.0] * 3)
    water.pbc = True
    topology = topology_from_atoms(water)
    path = tmp_path / "final.pdb"
    moved = water.positions + np.array([17.0, -9.0, 3.0])
    write_final(path, topology, moved, water.cell.array, np.array([-0.82, 0.41, 0.41]))
    read = mdtraj.load(path)
    assert 10 * read.unitcell_lengths[0] == pytest.approx([8.0] * 3, abs=1e-3)
    assert sorted((a.index, b.index) for a, b in read.topology.bonds) == [(0, 1), (0, 2)]
    whole = 10 * read.xyz[0]
    assert np.linalg.norm(whole[1] - whole[0]) == pytest.approx(water.get_distance(0, 1), abs=2e-3)
    assert (whole.mean(axis=0) >= -1e-3).all()
    assert (whole.mean(axis=0) <= 8.001).all()
    text = path.read_text()
    assert text.startswith("REMARK   3 B FACTORS ARE THE MODEL'S PARTIAL CHARGES")
    assert [float(line[60:66]) for line in text.splitlines() if line.startswith("ATOM")] == [
        -0.82,
        0.41,
        0.41,
    ]


def test_all_bonds_of_waters_are_listed(tmp_path):
    water = ase.build.molecule("H2O")
    path = tmp_path / "topology.pdb"
    write_topology(path, topology_from_atoms(water))
    lines = [line.split() for line in path.read_text().splitlines() if line.startswith("CONECT")]
    assert lines == [["CONECT", "1", "2", "3"], ["CONECT", "2", "1"], ["CONECT", "3", "1"]]


def large(side: float, shift: float) -> ase.Atoms:
    atoms = solution()
    atoms.set_cell([side, side, side])
    atoms.pbc = True
    atoms.positions += shift
    return atoms


@pytest.mark.parametrize(("side", "shift"), [(40_000.0, 20_000.0), (150_000.0, 120_000.0)])
def test_what_pdb_has_no_room_for_is_beside_it_as_mmcif(tmp_path, side, shift):
    atoms = large(side, shift)
    topology = topology_from_atoms(atoms)
    charges = np.linspace(-0.8, 0.4, len(atoms))
    path = tmp_path / "final.pdb"
    write_final(path, topology, atoms.positions, atoms.cell.array, charges)
    read = mdtraj.load(str(tmp_path / "final.cif"))
    assert 10 * read.unitcell_lengths[0] == pytest.approx([side] * 3, rel=1e-6)
    found = {tuple(sorted((a.index, b.index))) for a, b in read.topology.bonds}
    assert found == set(map(tuple, topology.pairs.tolist()))
    assert [atom.element.symbol for atom in read.topology.atoms] == atoms.get_chemical_symbols()
    rows = [line.split() for line in (tmp_path / "final.cif").read_text().splitlines()]
    rows = [row for row in rows if row[:1] == ["ATOM"]]
    assert [float(row[11]) for row in rows] == pytest.approx(charges, abs=6e-5)
    places = np.array([[float(one) for one in row[7:10]] for row in rows])
    apart = places - places[0] - (atoms.positions - atoms.positions[0])
    assert np.abs(apart - side * np.round(apart / side)).max() < 2e-3
    # The PDB file is one all the same, without a cell that it cannot write.
    assert mdtraj.load(path).n_atoms == len(atoms)
    assert ("CRYST1" in path.read_text()) == (side < 99_999)


def test_a_structure_that_fits_has_no_mmcif_and_leaves_none(tmp_path):
    atoms = large(30.0, 0.0)
    (tmp_path / "final.cif").write_text("of an earlier end")
    write_final(
        tmp_path / "final.pdb", topology_from_atoms(atoms), atoms.positions, atoms.cell.array
    )
    assert [one.name for one in tmp_path.iterdir()] == ["final.pdb"]


@pytest.mark.slow
def test_bonds_of_more_atoms_than_pdb_can_count_are_in_the_mmcif(tmp_path):
    count = 33_400
    corners = 3.2 * np.stack(np.meshgrid(*[np.arange(33)] * 3), axis=-1).reshape(-1, 1, 3)[:count]
    atoms = ase.Atoms("OH2" * count, (corners + ase.build.molecule("H2O").positions).reshape(-1, 3))
    topology = topology_from_atoms(atoms)
    write_final(tmp_path / "final.pdb", topology, atoms.positions, atoms.cell.array)
    assert "CONECT" not in (tmp_path / "final.pdb").read_text()
    read = mdtraj.load(str(tmp_path / "final.cif")).topology
    assert read.n_atoms == 3 * count > 99_999
    assert read.n_bonds == 2 * count


def test_names_that_repeat_are_told_apart(tmp_path):
    atoms = large(40_000.0, 20_000.0)
    atoms.set_array("residuenames", np.array(["MOL"] * len(atoms)))
    atoms.set_array("residuenumbers", np.array([7] * len(atoms)))
    atoms.set_array("atomtypes", np.array(atoms.get_chemical_symbols()))
    topology = topology_from_atoms(atoms)
    write_final(tmp_path / "final.pdb", topology, atoms.positions, atoms.cell.array)
    read = mdtraj.load(str(tmp_path / "final.cif")).topology
    found = {tuple(sorted((a.index, b.index))) for a, b in read.bonds}
    assert found == set(map(tuple, topology.pairs.tolist()))
