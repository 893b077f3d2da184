"""Bonds, environments and their names, of molecules and of cells."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule

from bond_graphs import as_networkx, assert_classified
from sundog.coverage import census as module
from sundog.coverage.census import take_census
from sundog.coverage.fingerprints import fingerprints
from sundog.coverage.graphs import bond_graph
from sundog.coverage.neighborhoods import Radius, by_distance
from sundog.errors import InputError, StructureError
from sundog.io.topologies import topology_from_atoms
from sundog.prepare.water import water_box

TWO = Radius(2)


def some_molecules() -> list[Atoms]:
    names = ("CH3CH2OH", "C6H6", "bicyclobutane", "CH3SCH3", "H2O", "PH3", "CH3Cl")
    return [molecule(name) for name in names]


def test_bonds_are_those_of_single_structures():
    structures = [*some_molecules(), water_box(4), molecule("CH4", cell=[3, 3, 3], pbc=True)]
    structures[2].positions += 1e4
    graph = bond_graph(structures)
    for n, atoms in enumerate(structures):
        first = int(np.searchsorted(graph.structure, n))
        bonds = topology_from_atoms(atoms).bonds
        expected = {
            (i, j, *image)
            for i, j, image in zip(
                [*bonds.first.tolist(), *bonds.second.tolist()],
                [*bonds.second.tolist(), *bonds.first.tolist()],
                [*bonds.image.tolist(), *(-bonds.image).tolist()],
                strict=True,
            )
        }
        found = {
            (atom, int(graph.neighbor[end]) - first, *graph.shift[end].tolist())
            for atom in range(len(atoms))
            for end in range(graph.start[first + atom], graph.start[first + atom + 1])
        }
        assert found == expected


def test_names_and_counts_of_ethanol():
    census = take_census([molecule("CH3CH2OH")], TWO)
    counts = dict(zip(census.names, census.atoms.tolist(), strict=True))
    assert counts == {
        "C: C H2 O; H4": 1,
        "C: C H3; H2 O": 1,
        "H: C; C H O": 2,
        "H: C; C H2": 3,
        "H: O; C": 1,
        "O: C H; C H2": 1,
    }
    benzene = take_census([molecule("C6H6")], Radius(3))
    assert "C: C2 H; C2 H2; C H2; 1 ring(s)" in benzene.names
    assert take_census([Atoms("He")], TWO).names == ["He alone"]


def test_order_of_atoms_place_and_chunks_do_not_matter(monkeypatch):
    structures = some_molecules()
    whole = take_census(structures, Radius(3))
    rng = np.random.default_rng(1)
    turned = []
    for atoms in structures:
        moved = atoms[rng.permutation(len(atoms)).tolist()]
        moved.rotate(rng.uniform(0, 360), rng.normal(size=3))
        moved.positions += rng.normal(size=3)
        turned.append(moved)
    monkeypatch.setattr(module, "ATOMS_AT_ONCE", 5)
    other = take_census(turned, Radius(3))
    np.testing.assert_array_equal(whole.fingerprints, other.fingerprints)
    assert whole.names == other.names
    np.testing.assert_array_equal(whole.atoms, other.atoms)
    np.testing.assert_array_equal(whole.holders(), other.holders())


@pytest.mark.parametrize("radius", [Radius(3), Radius(3.1, "angstrom")])
def test_a_crystal_is_its_own_supercell(radius):
    diamond = bulk("C", "diamond", a=3.57)
    zincblende = bulk("SiC", "zincblende", a=4.36)
    small = take_census([diamond, zincblende], radius)
    large = take_census([diamond.repeat(4), zincblende.repeat((4, 3, 5))], radius)
    assert len(small.fingerprints) == 3
    np.testing.assert_array_equal(small.fingerprints, large.fingerprints)


def test_a_molecule_in_a_cell_is_the_molecule():
    free, boxed = molecule("CH3CH2OH"), molecule("CH3CH2OH", cell=[8, 8, 8], pbc=True)
    boxed.positions += [7.5, 0.3, 7.9]
    boxed.wrap()
    assert np.ptp(boxed.positions, axis=0).max() > 6
    a, b = (take_census([atoms], Radius(3)) for atoms in (free, boxed))
    np.testing.assert_array_equal(a.fingerprints[a.environment], b.fingerprints[b.environment])


def test_environments_by_distance_are_classified_as_by_isomorphism():
    structures = [*some_molecules(), molecule("C3H8"), molecule("cyclobutane")]
    graph = bond_graph(structures)
    found = by_distance(graph, structures, np.arange(len(graph.numbers)), 2.3)
    for n in (0, 5, 30):
        atoms = structures[graph.structure[n]]
        place = n - int(np.searchsorted(graph.structure, graph.structure[n]))
        near = atoms.get_distances(place, range(len(atoms))) < 2.3
        assert (found.owner == n).sum() == near.sum()
    balls = [as_networkx(found, n) for n in range(found.count)]
    assert assert_classified(balls, fingerprints(found)) > 15


def test_what_is_no_radius_or_structure_is_refused():
    for value, unit in ((0, "bonds"), (1.5, "bonds"), (7, "bonds"), (11, "angstrom")):
        with pytest.raises(InputError, match="out of range"):
            Radius(value, unit)
    with pytest.raises(InputError, match="no structures"):
        take_census([], TWO)
    with pytest.raises(StructureError, match="structure 1"):
        take_census([molecule("H2O"), Atoms("X")], TWO)
