"""g(r): an ideal gas in four cell shapes, both ways to count, and a crystal."""

import numpy as np
import pytest
from ase import Atoms

from recordings import CELLS, recording, result_of, values_of
from sundog.analysis.liquids import rdf
from sundog.errors import InputError


def gas(cell, atoms=60, frames=200, seed=1):
    places = np.random.default_rng(seed).uniform(-1, 2, (frames, atoms, 3)) @ cell
    # Argon and krypton: no bonds, whatever their distances.
    numbers = [18] * (atoms // 2) + [36] * (atoms - atoms // 2)
    return recording(Atoms(numbers, _apart(atoms) @ cell, cell=cell, pbc=True), places)


def _apart(atoms):
    side = int(np.ceil(atoms ** (1 / 3)))
    grid = np.stack(np.meshgrid(*[np.arange(side)] * 3), axis=-1).reshape(-1, 3)[:atoms]
    return grid / side


@pytest.mark.parametrize("shape", CELLS)
def test_an_ideal_gas_has_none_of_it(shape):
    table = result_of("rdf", gas(CELLS[shape]), bin_angstrom=0.5).tables
    for name in ("Ar-Ar", "Ar-Kr", "Kr-Kr"):
        g, error = table[name]["g"], table[name]["g_error"]
        far = table[name]["r_angstrom"] > 1.5
        assert g[far].mean() == pytest.approx(1, abs=0.02)
        assert np.abs((g - 1) / error)[far].max() < 5
        # Neighbours grow as the volume of the sphere.
        r = table[name]["r_angstrom"] + 0.25
        others = 29 if name != "Ar-Kr" else 30
        expected = others * 4 / 3 * np.pi * r**3 / abs(np.linalg.det(CELLS[shape]))
        assert table[name]["coordination"][far] == pytest.approx(expected[far], rel=0.05)


@pytest.mark.parametrize("shape", CELLS)
def test_both_ways_to_count_agree(shape, monkeypatch):
    listed = result_of("rdf", gas(CELLS[shape], frames=20)).tables
    monkeypatch.setattr(rdf, "MOST_LISTED", 0)
    counted = result_of("rdf", gas(CELLS[shape], frames=20)).tables
    for name, table in listed.items():
        # Distances in float32 may fall into the next bin.
        assert table["coordination"][-1] == pytest.approx(counted[name]["coordination"][-1])
        assert table["g"] == pytest.approx(counted[name]["g"], abs=0.2)


def test_a_crystal_has_its_shells():
    side, spacing = 5, 4.0
    grid = spacing * np.stack(np.meshgrid(*[np.arange(side)] * 3), axis=-1).reshape(-1, 3)
    atoms = Atoms(np.full(len(grid), 18), grid, cell=[side * spacing] * 3, pbc=True)
    moved = grid + np.random.default_rng(1).normal(size=(60, *grid.shape)) * 0.1
    result = result_of("rdf", recording(atoms, moved))
    assert values_of(result)["coordination_Ar–Ar"] == pytest.approx(6, abs=0.01)


def test_pairs_may_be_named():
    one = gas(CELLS["cubic"], frames=5)
    tables = result_of("rdf", one, pairs=("element Ar,element Kr",)).tables
    assert [*tables] == ["element_Ar-element_Kr"]


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        ("element Ar", "two selections"),
        ("element Ar,element Zn", "no atoms"),
        ("element Ar,bla bla", "language"),
        ("all,element Kr", "share atoms"),
    ],
)
def test_pairs_that_are_none_are_refused(pairs, words):
    with pytest.raises(InputError, match=words):
        result_of("rdf", gas(CELLS["cubic"], frames=2), pairs=(pairs,))


def test_without_a_cell_it_is_refused():
    atoms = Atoms("Ar2", [[0, 0, 0], [4, 0, 0]])
    with pytest.raises(InputError, match="no cell"):
        result_of("rdf", recording(atoms, atoms.positions[None]))
