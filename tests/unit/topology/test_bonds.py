"""The one rule for bonds: which elements, how long, hydrogens once, metals never."""

from itertools import combinations, product

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.data import covalent_radii as radii_of_ase
from ase.neighborlist import natural_cutoffs, neighbor_list

from fixtures import CELLS, cells_moved
from sundog.elements import covalent_radii
from sundog.errors import CellError, StructureError
from sundog.io.topologies import topology_from_atoms
from sundog.prepare.water import water_box
from sundog.topology.bonds import BOND_STRETCH, HYDROGEN_STRETCH, NONMETALS, find_bonds
from sundog.topology.topology import Topology, make_topology


def bonded(symbols: str, positions, **kwargs) -> set[tuple[int, int]]:
    found = topology_from_atoms(Atoms(symbols, positions, **kwargs))
    return set(map(tuple, found.pairs.tolist()))


def around(center: str, ligand: str, directions, length: float) -> Atoms:
    """An atom with ligands at one distance."""
    directions = np.asarray(directions, float)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    places = np.vstack([np.zeros(3), length * directions])
    return Atoms([center] + [ligand] * len(directions), places)


TETRAHEDRON = [(1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1)]
OCTAHEDRON = [(1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)]
BIPYRAMID = [(0, 0, 1), (0, 0, -1), (1, 0, 0), (-1, 3**0.5, 0), (-1, -(3**0.5), 0)]


def test_the_radii_are_those_of_cordero_as_ase_has_them():
    np.testing.assert_array_equal(covalent_radii()[1:97], radii_of_ase[1:97])
    assert not covalent_radii()[[0, *range(97, 119)]].any()
    assert len(covalent_radii()) == len(radii_of_ase)


@pytest.mark.parametrize(
    ("ion", "directions", "length"),
    [("Na", OCTAHEDRON, 2.4), ("Mg", OCTAHEDRON, 2.08), ("Zn", OCTAHEDRON, 2.1)],
)
def test_metal_ions_are_not_bonded_to_their_water_shell(ion, directions, length):
    shell = around(ion, "O", directions, length)
    atoms = shell[:1]
    for place in shell.positions[1:]:
        water = molecule("H2O")
        # Oxygen towards the ion, hydrogens away from it.
        water.positions -= water.positions[0]
        water.rotate(water.positions[1:].mean(axis=0), place)
        water.positions += place
        atoms += water
    # By distance alone every oxygen would be bonded.
    limit = BOND_STRETCH * (covalent_radii()[atoms.numbers[0]] + covalent_radii()[8])
    assert length < limit
    topology = topology_from_atoms(atoms)
    np.testing.assert_array_equal(topology.pairs[:, 0] > 0, True)
    assert np.bincount(topology.connected).tolist() == [1] + [3] * len(directions)
    assert topology.hydrogens.in_water.all()


def test_chloride_in_water_is_alone_and_hydrogen_chloride_is_not():
    water = molecule("H2O")
    towards = water.positions[1] - water.positions[0]
    towards /= np.linalg.norm(towards)
    chloride = Atoms("Cl", [water.positions[1] + 2.1 * towards])
    assert np.bincount(topology_from_atoms(water + chloride).connected).tolist() == [3, 1]
    assert len(topology_from_atoms(molecule("HCl")).pairs) == 1


def test_a_salt_is_ions():
    assert bonded("NaCl", [(0, 0, 0), (2.36, 0, 0)]) == set()
    lithium_hydride = topology_from_atoms(molecule("LiH"))
    assert len(lithium_hydride.pairs) == 0
    assert lithium_hydride.hydrogens.alone.tolist() == [1]


@pytest.mark.parametrize(
    ("atoms", "bonds"),
    [
        (around("S", "O", TETRAHEDRON, 1.49), 4),
        (around("P", "O", TETRAHEDRON, 1.54), 4),
        (around("P", "F", BIPYRAMID, 1.58), 5),
        (around("S", "F", OCTAHEDRON, 1.56), 6),
        (around("P", "Cl", BIPYRAMID, 2.1), 5),
        (around("As", "O", TETRAHEDRON, 1.7), 4),
        (molecule("SO2"), 2),
        (molecule("CH3SCH3"), 8),
        (molecule("ClF3"), 3),
        (molecule("H3CNH2"), 6),
        (molecule("Si2H6"), 7),
    ],
    ids=lambda value: value.get_chemical_formula() if isinstance(value, Atoms) else "",
)
def test_valences_are_not_counted(atoms, bonds):
    """Hypervalent atoms have all their bonds, and their ligands none among each other."""
    topology = topology_from_atoms(atoms)
    assert len(topology.pairs) == bonds
    assert topology.connected.max() == 0


def test_a_hydrogen_bonded_dimer_is_two_molecules():
    donor, acceptor = molecule("H2O"), molecule("H2O")
    direction = donor.positions[1] - donor.positions[0]
    direction /= np.linalg.norm(direction)
    for apart in (2.5, 2.9):  # Å from oxygen to oxygen; 2.5 is a short strong hydrogen bond
        acceptor.positions += donor.positions[0] + apart * direction - acceptor.positions[0]
        acceptor.rotate(
            acceptor.positions[1:].mean(0) - acceptor.positions[0],
            direction,
            center=acceptor.positions[0],
        )
        topology = topology_from_atoms(donor + acceptor)
        assert topology.connected.tolist() == [0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize("shift", [-0.2, -1e-3, 1e-3, 0.2])
def test_a_proton_in_transfer_belongs_to_the_nearer(shift):
    places = [(0, 0, 0), (2.4, 0, 0), (1.2 + shift, 0, 0)]
    owner = 0 if shift < 0 else 1
    assert bonded("OOH", places) == {(owner, 2)}
    # Both are in reach, so that the nearest had to be chosen.
    assert 1.2 + abs(shift) < HYDROGEN_STRETCH * (0.31 + 0.66) or abs(shift) > 0.1


def test_a_proton_in_the_middle_belongs_to_the_atom_of_lower_index_whatever_the_rounding():
    random = np.random.default_rng(0)
    places = np.array([(0, 0, 0), (2.4, 0, 0), (1.2, 0, 0)])
    for _ in range(20):
        turn = np.linalg.qr(random.normal(size=(3, 3)))[0]
        assert bonded("OOH", places @ turn + random.normal(size=3)) == {(0, 2)}


def test_hydrogens_pair_up_where_there_is_no_heavy_atom():
    assert bonded("HH", [(0, 0, 0), (0.74, 0, 0)]) == {(0, 1)}
    assert bonded("HHH", [(0, 0, 0), (0.8, 0, 0), (1.54, 0, 0)]) == {(1, 2)}
    # Crushed water: its hydrogens have their oxygen.
    assert bonded("OHH", [(0, 0, 0), (0.9, 0.3, 0), (0.9, -0.3, 0)]) == {(0, 1), (0, 2)}


def test_a_bridging_hydrogen_has_one_bond_and_diborane_is_whole():
    topology = topology_from_atoms(diborane())
    assert topology.connected.max() == 0
    assert np.bincount(topology.hydrogens.hydrogens).max() == 1
    assert len(topology.hydrogens.hydrogens) == 6
    assert len(topology.pairs) == 7


def diborane() -> Atoms:
    boron, terminal = 0.887, (1.47, 1.03)
    places = [(boron, 0, 0), (-boron, 0, 0), (0, 0, 0.98), (0, 0, -0.98)]
    places += [(a * terminal[0], b * terminal[1], 0) for a, b in product((1, -1), repeat=2)]
    return Atoms("B2H6", places)


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("pbc", [(1, 1, 1), (1, 0, 1), (0, 0, 0)])
@pytest.mark.parametrize("scale", [0.15, 1.0])
def test_the_search_is_complete_and_the_rule_applied(name, pbc, scale):
    """In the small cells atoms are bonded to several images, their own among them."""
    random = np.random.default_rng(2)
    symbols = "CHNOPCHHNaC" * 2
    atoms = Atoms(symbols, random.normal(scale=1.5, size=(20, 3)), cell=CELLS[name], pbc=pbc)
    atoms.set_cell(scale * atoms.cell.array)
    atoms.positions += (random.integers(-2, 3, size=(20, 3)) * pbc) @ atoms.cell.array
    bonds = topology_from_atoms(atoms).bonds
    found = np.column_stack([bonds.first, bonds.second, bonds.image]).tolist()
    assert sorted(found) == sorted(map(list, expected_bonds(atoms)))
    assert len(found) > 5
    assert scale == 1 or not any(pbc) or (bonds.first == bonds.second).any()
    ends = atoms.positions[bonds.second] + bonds.image @ atoms.cell.array
    lengths = np.linalg.norm(ends - atoms.positions[bonds.first], axis=1)
    np.testing.assert_allclose(bonds.lengths, lengths, atol=1e-12)


def expected_bonds(atoms: Atoms) -> list[tuple[int, int, int, int, int]]:
    """The rule once more, one atom after another, on ASE's neighbour list."""
    cutoffs = natural_cutoffs(atoms, mult=HYDROGEN_STRETCH)
    i, j, image, distance = neighbor_list("ijSd", atoms, cutoffs)
    nonmetal = np.isin(atoms.numbers, NONMETALS)
    radii, hydrogen = radii_of_ase[atoms.numbers], atoms.numbers == 1
    found, with_heavy = set(), set()
    for h in np.flatnonzero(hydrogen):
        mine = (i == h) & nonmetal[j] & ~hydrogen[j]
        if mine.any():
            k = np.flatnonzero(mine)[distance[mine].argmin()]
            found.add(_once(h, j[k], image[k]))
            with_heavy.add(h)
    heavy = ~hydrogen[i] & ~hydrogen[j] & nonmetal[i] & nonmetal[j]
    for k in np.flatnonzero(heavy & (distance < BOND_STRETCH * (radii[i] + radii[j]))):
        found.add(_once(i[k], j[k], image[k]))
    free = [k for k in np.flatnonzero(hydrogen[i] & hydrogen[j]) if not {i[k], j[k]} & with_heavy]
    for k in sorted(free, key=lambda k: distance[k]):
        if not {i[k], j[k]} & with_heavy:
            found.add(_once(i[k], j[k], image[k]))
            with_heavy |= {i[k], j[k]}
    return list(found)


def _once(i, j, image) -> tuple[int, int, int, int, int]:
    image = image if (i, *(-image)) < (j, *image) else -image
    first, second = sorted((int(i), int(j)))
    along = image.tolist()
    return first, second, along[0], along[1], along[2]


def test_hydrogens_of_a_liquid_have_one_bond_each_and_molecules_three_atoms():
    atoms = water_box(125)
    atoms.wrap()
    topology = topology_from_atoms(atoms)
    assert len(topology.bonds.first) == 250
    assert np.bincount(topology.connected).tolist() == [3] * 125


@pytest.mark.parametrize("pbc", [(True, True, False), (True, False, False), (False, False, False)])
def test_bonds_of_partly_periodic_structures(pbc):
    chain = Atoms("C6", np.arange(6)[:, None] * [1.5, 0.0, 0.0] + 50.0, cell=[9.0, 0.0, 0.0])
    chain.pbc, chain.cell[1, 1] = pbc, 9.0 * pbc[1]
    assert len(topology_from_atoms(chain).pairs) == 5 + pbc[0]


@pytest.mark.parametrize("name", CELLS)
def test_bonds_do_not_depend_on_how_atoms_are_wrapped(name):
    cell, random = CELLS[name], np.random.default_rng(5)
    atoms = Atoms(
        "CHON" * 6, random.uniform(size=(24, 3)) @ (0.3 * cell), cell=0.3 * cell, pbc=True
    )
    one = topology_from_atoms(atoms).bonds
    moved = atoms.copy()
    moved.positions += random.integers(-2, 3, size=(24, 3)) @ moved.cell.array
    cells = cells_moved(atoms.positions, moved.positions, atoms.cell.array)
    other = topology_from_atoms(moved).bonds
    back = other.image + cells[other.second] - cells[other.first]
    first, second = (
        sorted(np.column_stack([bonds.first, bonds.second, image]).tolist())
        for bonds, image in ((one, one.image), (other, back))
    )
    assert first == second
    assert len(first) > 24


def test_every_atom_of_diamond_has_four_bonds_also_in_the_smallest_cell():
    for crystal in (bulk("C"), bulk("C", cubic=True), bulk("C").repeat(3)):
        bonds = topology_from_atoms(crystal).bonds
        degree = np.bincount(np.concatenate([bonds.first, bonds.second]))
        assert degree.tolist() == [4] * len(crystal)
    simple = topology_from_atoms(Atoms("Si", cell=[2.4] * 3, pbc=True)).bonds
    assert len(simple.first) == 3  # six neighbours, which are its own images on both sides


def test_what_is_no_structure_is_refused():
    with pytest.raises(StructureError, match=r"atom 1 .*number 0"):
        topology_from_atoms(Atoms("CX", [(0, 0, 0), (3, 0, 0)]))
    with pytest.raises(StructureError, match="finite coordinates"):
        topology_from_atoms(Atoms("C", [(0, 0, np.nan)]))
    with pytest.raises(CellError, match="span no volume"):
        topology_from_atoms(Atoms("C", cell=[5.0, 5.0, 0.0], pbc=True))
    with pytest.raises(CellError, match="span no volume"):
        topology_from_atoms(Atoms("C", cell=[(5, 0, 0), (0, 5, 0), (5, 5, 0)], pbc=True))


def test_nothing_and_one_atom_have_no_bonds():
    for numbers in ([], [26], [1], [8]):
        topology = make_topology(np.array(numbers, int), np.zeros((len(numbers), 3)))
        assert isinstance(topology, Topology)
        assert len(topology.bonds.first) == 0
        assert len(topology.pairs) == 0
        assert topology.connected.tolist() == list(range(len(numbers)))


def test_pairs_of_elements_are_bonded_up_to_their_limit_and_no_further():
    radii = covalent_radii()
    for a, b in combinations((1, 3, 6, 8, 11, 16, 17, 30, 35), 2):
        stretch = HYDROGEN_STRETCH if 1 in (a, b) else BOND_STRETCH
        limit = stretch * (radii[a] + radii[b])
        for length, near in ((limit - 1e-6, True), (limit + 1e-6, False)):
            bonds = find_bonds(
                np.array([a, b]),
                np.array([[0, 0, 0], [length, 0, 0]]),
                np.zeros((3, 3)),
                np.zeros(3, bool),
            )
            assert len(bonds.first) == (near and {a, b} <= set(NONMETALS))
