"""Fragments and their charges."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule

from sundog.errors import ChargeError, InputError
from sundog.explain.fragments import find_fragments, formulas, fragment_charges


def two_waters(**kwargs) -> Atoms:
    second = molecule("H2O")
    second.positions += [3.0, 0, 0]
    return Atoms(molecule("H2O") + second, **kwargs)


def test_molecules_are_the_fragments_and_a_cell_does_not_tear_them():
    apart = two_waters(cell=[9.0] * 3, pbc=True)
    apart.positions += [0, 0.7, 0]
    apart.wrap()
    fragments = find_fragments(apart)
    assert fragments.index.tolist() == [0, 0, 0, 1, 1, 1]
    for n in range(2):
        places = fragments.whole[fragments.atoms_of(n)]
        assert np.ptp(places, axis=0).max() < 2
    assert np.ptp(apart.positions[:3], axis=0).max() > 2


def test_fragments_are_numbered_as_they_come(tmp_path):
    atoms = two_waters()
    atoms.set_array("part", np.array([7, 2, 7, 2, 2, 2]))
    assert find_fragments(atoms, "part").index.tolist() == [0, 1, 0, 1, 1, 1]
    file = tmp_path / "parts.txt"
    file.write_text("b b b\na a a\n")
    found = find_fragments(atoms, str(file))
    assert found.index.tolist() == [0, 0, 0, 1, 1, 1]
    assert formulas(atoms, found) == ["H2O", "H2O"]


@pytest.mark.parametrize(
    ("named", "words"), [("nothing", "neither an array"), ("positions", "one value per atom")]
)
def test_what_names_no_fragments_is_refused(named, words):
    with pytest.raises(InputError, match=words):
        find_fragments(two_waters(), named)


def test_a_file_of_the_wrong_length_is_refused(tmp_path):
    file = tmp_path / "parts.txt"
    file.write_text("0 0 0 1 1")
    with pytest.raises(InputError, match=r"5 words.*6, one per atom"):
        find_fragments(two_waters(), str(file))


def test_charges_given_stated_and_assumed():
    atoms = two_waters()
    fragments = find_fragments(atoms)
    assert fragment_charges(atoms, fragments, 0).tolist() == [0, 0]
    atoms.info["fragment_charges"] = [1, -1]
    assert fragment_charges(atoms, fragments, 0).tolist() == [1, -1]
    assert fragment_charges(atoms, fragments, 1, [0, 1]).tolist() == [0, 1]


def test_charges_that_cannot_be_are_refused():
    atoms = two_waters()
    fragments = find_fragments(atoms)
    for given in ([1, 0], [0], [0.5, -0.5]):
        with pytest.raises(ChargeError, match="2 charges that add up"):
            fragment_charges(atoms, fragments, 0, given)
    with pytest.raises(ChargeError, match=r"charge \+1"):
        fragment_charges(atoms, fragments, 1)
    # H3O and OH: a salt whose ions would be radicals without their charges.
    salt = find_fragments(atoms, _array(atoms, [0, 0, 0, 1, 1, 0]))
    with pytest.raises(ChargeError, match="odd number of electrons"):
        fragment_charges(atoms, salt, 0)


def _array(atoms, values):
    atoms.set_array("ions", np.array(values))
    return "ions"
