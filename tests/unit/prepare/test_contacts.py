"""Closest contacts of atoms that are not bonded."""

import numpy as np
import pytest
from ase.build import molecule

from sundog.errors import StructureError
from sundog.prepare.built import labelled, numbered_names
from sundog.prepare.contacts import (
    Contact,
    bonds_apart,
    closest_between,
    closest_within,
    refuse_clash,
)

CHAIN = [(0, 1), (1, 2), (2, 3), (3, 4)]


def test_neighbours_by_one_or_two_bonds():
    assert bonds_apart(5, CHAIN) == {(0, 1), (1, 2), (2, 3), (3, 4), (0, 2), (1, 3), (2, 4)}


def test_the_closest_contact_is_at_least_three_bonds_away():
    positions = np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0.4, 1.6, 0], [0, 0.9, 0]])
    contact = closest_within(positions, CHAIN)
    assert contact is not None
    assert (contact.first, contact.second) == (0, 4)
    assert contact.distance == pytest.approx(0.9)
    assert closest_within(positions[:3], CHAIN[:2]) is None


def test_contacts_between_molecules_cross_the_faces_of_a_cell():
    positions = np.array([[0.1, 5, 5], [9.8, 5, 5], [5.0, 5, 5]])
    molecules = np.array([0, 1, 1])
    across = closest_between(positions, molecules, np.full(3, 10.0))
    assert across is not None
    assert across[:2] == (0, 1)
    assert across.distance == pytest.approx(0.3)
    inside = closest_between(positions, molecules)
    assert inside is not None
    assert inside[:2] == (0, 2)
    assert closest_between(positions, np.zeros(3, int), np.full(3, 10.0)) is None


def test_an_atom_just_below_zero_is_wrapped():
    positions = np.array([[-1e-18, 1.0, 1.0], [9.0, 1.0, 1.0]])
    contact = closest_between(positions, np.array([0, 1]), np.full(3, 10.0))
    assert contact is not None
    assert contact.distance == pytest.approx(1.0)


def test_a_clash_is_refused_with_the_names_of_its_atoms():
    atoms = labelled(
        molecule("H2O"),
        names=numbered_names(["O", "H", "H"]),
        residue_names=["HOH"] * 3,
        residue_numbers=[7] * 3,
        formal_charges=[0] * 3,
    )
    with pytest.raises(StructureError, match=r"1\.20 Å, O1 of HOH 7 and H2 of HOH 7"):
        refuse_clash(atoms, Contact(0, 2, 1.2), 1.5, "Try again")
    refuse_clash(atoms, Contact(0, 2, 1.6), 1.5, "Try again")
    refuse_clash(atoms, None, 1.5, "Try again")
