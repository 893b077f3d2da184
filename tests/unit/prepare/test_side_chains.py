"""Side chains and their rotamers."""

import numpy as np
import pytest

pytest.importorskip("biotite")

from sundog.prepare.peptides.side_chains import crowding, relieved, rotamers, template


@pytest.mark.parametrize(
    ("residue", "turns"), [("GLY", 0), ("ALA", 1), ("VAL", 3), ("LYS", 5), ("PHE", 2), ("PRO", 0)]
)
def test_bonds_that_can_be_turned(residue, turns):
    assert len(template(residue, ()).turns) == turns


def test_hydrogens_of_another_state_are_left_out():
    assert "HD2" in template("ASP", ()).names
    assert "HD2" not in template("ASP", ("HD2",)).names


def test_rotamers_keep_lengths_and_the_backbone():
    mold = template("LEU", ())
    found = rotamers(mold, mold.positions)
    assert len(found) == 9
    for places in found:
        assert np.allclose(places[:3], mold.positions[:3])
        for i, j in mold.bonds:
            before = np.linalg.norm(mold.positions[i] - mold.positions[j])
            assert np.linalg.norm(places[i] - places[j]) == pytest.approx(before)
    assert len({tuple(places[-1].round(2)) for places in found}) == 9


def test_crowding_counts_what_distances_lack():
    side, others = np.zeros((1, 3)), np.array([[2.0, 0.0, 0.0], [0.0, 2.2, 0.0]])
    far = np.zeros((1, 2), bool)
    hydrogen, heavy = np.array([True]), np.array([True, True])
    assert crowding(side, hydrogen, others, heavy, far) == pytest.approx(0.04)
    assert crowding(side, hydrogen, others, heavy, ~far) == 0.0


def test_a_crowded_rotamer_is_turned_a_little():
    mold = template("ALA", ())
    wall = mold.positions[mold.names.index("HB1")] + [0.3, 0.0, 0.0]

    def crowd(places):
        return float(sum(max(0.0, 2.0 - np.linalg.norm(p - wall)) ** 2 for p in places[3:]))

    assert crowd(relieved(mold, mold.positions, crowd)) < crowd(mold.positions) - 1e-3
