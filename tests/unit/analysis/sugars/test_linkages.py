"""The glycan of entry 1GYA: nine rings, chairs all of them, and its links."""

from pathlib import Path

import numpy as np
import pytest
from ase.build import molecule

from recordings import recording, result_of, values_of
from sundog.analysis.sugars.graph import linkages, sugar_rings
from sundog.errors import InputError
from sundog.io.reading import read_one

GLYCAN = Path(__file__).parents[1] / "data" / "glycan_1gya_hydrogens.pdb"


@pytest.fixture(scope="module")
def glycan():
    atoms = read_one(GLYCAN, report=lambda line: None)
    return recording(atoms, np.repeat(atoms.positions[None], 12, 0), wrapping="unwrapped")


def test_rings_and_links_are_found_by_bonds(glycan):
    rings = sugar_rings(glycan.topology)
    assert len(rings) == 9
    for ring in rings:
        names = [glycan.atoms.arrays["atomtypes"][k] for k in ring.atoms]
        assert names == ["O5", "C1", "C2", "C3", "C4", "C5"]
    labels = {link.label for link in linkages(glycan.topology)}
    assert any("(1-6)" in one for one in labels)
    assert sum("(1-2)" in one for one in labels) == 2
    assert sum("(1-3)" in one for one in labels) == 2
    assert sum("(1-4)" in one for one in labels) == 2


def test_all_rings_are_chairs(glycan):
    found = values_of(result_of("puckers", glycan))
    shares = {name: value for name, value in found.items() if name.endswith("_4C1")}
    assert len(shares) == 9
    assert set(shares.values()) == {1.0}
    amplitudes = [value for name, value in found.items() if name.endswith("angstrom")]
    assert amplitudes == pytest.approx([0.55] * 9, abs=0.03)


def test_torsions_are_in_one_state_each(glycan):
    found = values_of(result_of("linkages", glycan))
    states = {name.rsplit("_", 1)[0] for name in found}
    for state in states:
        assert sum(value for name, value in found.items() if name.startswith(f"{state}_")) == 1


@pytest.mark.parametrize("what", ["puckers", "linkages"])
def test_what_has_no_sugars_is_refused(what):
    water = molecule("H2O")
    with pytest.raises(InputError, match="sugar"):
        result_of(what, recording(water, water.positions[None]))
