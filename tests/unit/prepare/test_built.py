"""The value of builders."""

import numpy as np
from ase import Atoms

from sundog.prepare.built import Built, centred, labelled, numbered_names


def test_labels_are_those_of_readers_and_the_charge_is_the_sum():
    atoms = labelled(
        Atoms("NH4", np.eye(5, 3)),
        names=["N", "H1", "H2", "H3", "H4"],
        residue_names=["NH4"] * 5,
        residue_numbers=[1] * 5,
        formal_charges=[1, 0, 0, 0, 0],
    )
    built = Built(atoms)
    assert built.atoms.info["charge"] == 1
    assert set(atoms.arrays["chainids"]) == {"A"}
    assert atoms.arrays["formal_charges"].dtype.kind == "i"
    assert built.decisions == ()


def test_names_are_unique():
    assert numbered_names(["C", "Cl", "C", "H", "Cl"]) == ["C1", "CL1", "C2", "H1", "CL2"]


def test_centred_positions_have_their_mean_at_the_origin():
    assert np.allclose(centred(np.arange(12.0).reshape(4, 3)).mean(axis=0), 0)
