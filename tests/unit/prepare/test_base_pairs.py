"""Stacked base pairs."""

import numpy as np
import pytest

pytest.importorskip("rdkit")

from sundog.io.topologies import topology_from_atoms
from sundog.prepare.base_pairs import RISE, stacked_pairs


@pytest.fixture(scope="module")
def atoms():
    return stacked_pairs().atoms


def base(atoms, chain, number):
    mine = (atoms.arrays["chainids"] == chain) & (atoms.arrays["residuenumbers"] == number)
    names = atoms.arrays["atomtypes"][mine].tolist()
    return dict(zip(names, atoms.positions[mine], strict=True))


def test_composition_and_names(atoms):
    assert atoms.get_chemical_formula("hill") == "C20H22N14O4"
    assert atoms.info["charge"] == 0
    assert len(base(atoms, "A", 1)) == len(base(atoms, "B", 2)) == 15
    assert len(np.unique(topology_from_atoms(atoms).connected)) == 4


def test_hydrogen_bonds_are_those_of_watson_and_crick(atoms):
    adenine, thymine = base(atoms, "A", 1), base(atoms, "B", 1)
    assert np.linalg.norm(adenine["N1"] - thymine["N3"]) == pytest.approx(2.9, abs=0.12)
    assert np.linalg.norm(adenine["N6"] - thymine["O4"]) == pytest.approx(3.0, abs=0.12)
    assert np.linalg.norm(adenine["N1"] - thymine["H3"]) < 2.0


def test_pairs_are_flat_and_a_step_apart(atoms):
    first = np.array([*base(atoms, "A", 1).values(), *base(atoms, "B", 1).values()])
    second = np.array([*base(atoms, "A", 2).values(), *base(atoms, "B", 2).values()])
    heavy = np.abs(first[:, 2] - first[:, 2].mean()) < 0.05
    assert heavy.sum() >= 28  # all but two hydrogens of the methyl group
    assert second[:, 2].mean() - first[:, 2].mean() == pytest.approx(RISE)
    turn = np.cross(first[10] - first[0], second[10] - second[0])
    assert turn[2] > 0  # right-handed
