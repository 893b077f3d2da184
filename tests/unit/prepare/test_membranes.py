"""The bilayer that comes with OpenMM."""

import numpy as np
import pytest

pytest.importorskip("openmm")

from sundog.prepare.membranes import popc_bilayer


def test_the_bilayer_is_the_published_one():
    built = popc_bilayer()
    atoms = built.atoms
    assert len(atoms) == 32512
    assert atoms.cell.lengths() == pytest.approx([63.70, 66.87, 73.14], abs=0.01)
    assert atoms.pbc.all()
    numbers = atoms.arrays["residuenumbers"]
    assert np.bincount(numbers)[1:].tolist() == [134] * 128 + [3] * 5120
    charges = atoms.arrays["formal_charges"]
    assert atoms.info["charge"] == charges.sum() == 0
    assert (charges == 1).sum() == (charges == -1).sum() == 128
    assert set(atoms.numbers[charges == 1]) == {7}
    minus = np.flatnonzero(charges == -1)[0]
    beside = atoms.get_distances(minus, range(134), mic=True)
    # One atom within a bond's length: phosphorus.
    assert atoms.numbers[:134][(beside < 1.8) & (beside > 0)].tolist() == [15]
    lipids = numbers <= 128
    z = atoms.positions[:, 2]
    assert z[lipids].std() < z[~lipids].std()
