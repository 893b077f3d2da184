"""Structures in batches: few shapes, the same numbers, errors that name the structure."""

import numpy as np
import pytest
from ase.build import molecule

import sundog
from fixtures import small_force_field
from sundog.errors import CoincidentAtomsError
from sundog.io.structures import system_from_atoms
from sundog.single_points import batches as module
from sundog.single_points.batches import Batcher, batches, windows
from sundog.single_points.predict import energies, predict_windows
from sundog.system import make_system

NAMES = ("H2O", "CH3CH2OH", "NH3", "C6H6", "CH4", "CO2")
ALIKE = ("CH3OH", "C2H4", "N2H4", "CH3CN")
"""Molecules of six atoms, which share their programs."""


def systems(names=NAMES, **kwargs):
    return [system_from_atoms(molecule(name), **kwargs) for name in names]


def test_windows_follow_from_the_sizes(monkeypatch):
    monkeypatch.setattr(module, "STRUCTURES_PER_WINDOW", 3)
    monkeypatch.setattr(module, "ATOMS_PER_WINDOW", 20)
    assert windows([]) == []
    assert windows([5] * 7) == [range(3), range(3, 6), range(6, 7)]
    assert windows([12, 12, 50, 1]) == [range(1), range(1, 2), range(2, 3), range(3, 4)]


def test_a_batch_is_of_one_kind_and_sorted_by_size(monkeypatch):
    monkeypatch.setattr(module, "ATOMS_PER_BATCH", 20)
    crystal = make_system([[0, 0, 0], [0, 0, 0.75]], [1, 1], cell=np.eye(3) * 8, pbc=True)
    constrained = system_from_atoms(molecule("H2O"), fragments=([0, 0, 0], [0.0]))
    mixed = [*systems(), crystal, constrained]
    found = batches(mixed)
    assert sorted(n for batch in found for n in batch) == list(range(len(mixed)))
    assert [6] in found
    assert [7] in found
    sizes = [[mixed[n].number_of_atoms for n in batch] for batch in found]
    assert all(batch == sorted(batch, reverse=True) for batch in sizes)
    assert max(map(sum, sizes)) <= 20


def test_batches_of_one_shape_share_their_lists_shape():
    force_field = small_force_field("exact")
    batcher = Batcher(force_field)
    _, many = batcher(systems(["C6H6", "C6H6"]))
    padded, few = batcher(systems(["CH3CH2OH", "CH3CH2OH"]))
    assert padded.number_of_atoms == 32
    _, one = batcher(systems(["CH3CH2OH"]))
    assert len(one["long"].i) < len(many["long"].i)
    assert len(many["long"].i) >= 2 * 12 * 11
    padded, few = batcher(systems(["CH3CH2OH", "C6H6"]))
    assert {name: len(p.i) for name, p in few.items()} == {n: len(p.i) for n, p in many.items()}


def test_energies_are_those_of_predictions_with_fragments_too(monkeypatch):
    monkeypatch.setattr(module, "ATOMS_PER_BATCH", 12)
    force_field = small_force_field("exact")
    free = systems(ALIKE)
    halves = [np.arange(s.number_of_atoms) % 2 for s in free]
    bound = [
        system_from_atoms(molecule(name), fragments=(half, [1.0, -1.0]))
        for name, half in zip(ALIKE, halves, strict=True)
    ]
    together = energies(force_field, [*free, *bound])
    alone = [float(sundog.predict(force_field, one).energy) for one in [*free, *bound]]
    np.testing.assert_allclose(together, alone, rtol=1e-12)
    assert np.abs(together[:4] - together[4:]).min() > 1e-6


def test_windows_are_predicted_in_order_and_can_be_skipped(monkeypatch):
    monkeypatch.setattr(module, "STRUCTURES_PER_WINDOW", 2)
    force_field = small_force_field("exact")
    structures = [molecule(name) for name in (*ALIKE, "H2O")]
    whole = list(predict_windows(force_field, structures))
    assert [[len(p.forces) for p in window] for window in whole] == [[6, 6], [6, 6], [3]]
    (last,) = predict_windows(force_field, structures, first=2)
    np.testing.assert_array_equal(last[0].forces, whole[2][0].forces)


def test_the_structure_with_coinciding_atoms_is_named():
    bad = molecule("CH4")
    bad.positions[2] = bad.positions[1]
    with pytest.raises(CoincidentAtomsError, match="structure 1: "):
        sundog.predict(small_force_field("exact"), [molecule("C6H6"), bad, molecule("H2O")])
