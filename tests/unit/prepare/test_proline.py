"""The ring of proline."""

import numpy as np
import pytest

from sundog.numerics.dihedrals import dihedral_angles
from sundog.prepare.peptides.proline import CG_CD, proline_ring


def test_the_ring_is_closed_puckered_and_of_an_l_amino_acid():
    ring = proline_ring()
    assert np.linalg.norm(ring["CG"] - ring["CD"]) == pytest.approx(CG_CD)
    order = ["N", "CA", "CB", "CG", "CD"]
    places = np.stack([ring[name] for name in order])
    pucker = dihedral_angles(places, (np.arange(5)[:, None] + np.arange(4)) % 5)
    # Cγ-endo: signs alternate, the largest dihedral is about CB–CG.
    assert pucker[0] > 15
    assert pucker[1] < -30
    assert pucker[2] > 15
    n, ca, c, cb = (ring[name] for name in ("N", "CA", "C", "CB"))
    assert np.cross(n - ca, c - ca) @ (cb - ca) > 1.0


def test_hydrogens_are_apart():
    ring = proline_ring()
    hydrogens = np.array([place for name, place in ring.items() if name[0] == "H"])
    apart = np.linalg.norm(hydrogens[:, None] - hydrogens, axis=2)
    assert apart[apart > 0].min() > 1.7
