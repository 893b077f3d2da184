"""Which cutoff and mesh are chosen, and what is tried."""

from dataclasses import replace

import numpy as np
import pytest

from fixtures import SMALL, random_force_field
from sundog.bench import tuning
from sundog.bench.tuning import Row, fastest, tune
from sundog.errors import InputError
from sundog.hamiltonian import Hamiltonian
from sundog.io.structures import system_from_atoms
from sundog.prepare.water import water_box

ROW = Row(12.0, 1e-4, (15, 15, 15), 6, force_error=8e-5, microseconds_per_atom=50.0)


def test_the_fastest_of_the_accurate_is_chosen():
    slow = replace(ROW, microseconds_per_atom=60.0)
    wrong = replace(ROW, force_error=2e-4, microseconds_per_atom=10.0)
    assert fastest([slow, ROW, wrong], 1e-4) is ROW
    assert fastest([slow, ROW, wrong], 2e-4) is wrong
    assert fastest([slow, ROW, wrong], 1e-5) is None
    assert fastest([replace(ROW, force_error=np.nan)], 1e-4) is None


class Pretended:
    """In the place of what is compiled and timed: errors that are known."""

    def __init__(self, force_field, system):
        reference, cutoff = force_field.reference, force_field.reference.cutoff
        mesh = reference.ewald.accuracy / 10
        error = mesh if cutoff == tuning.REFERENCE_CUTOFF else mesh + cutoff**-4.0
        self.forces = np.full((system.number_of_atoms, 3), error)

    def seconds(self, least):
        return 1.0


def tried(monkeypatch, accuracy, precision="float64"):
    monkeypatch.setattr(tuning, "_Measured", Pretended)
    said = []

    def make(asked):
        return random_force_field(
            SMALL,
            asked.electrostatics,
            asked.precision,
            cutoff=asked.cutoff_angstrom,
            accuracy=asked.ewald_accuracy,
            tail=asked.dispersion_tail,
        )

    system = system_from_atoms(water_box(216))
    rows = tune(
        system,
        make,
        Hamiltonian(electrostatics="ewald", dispersion_tail=True, precision=precision),
        accuracy=accuracy,
        kernels="plain",
        seconds=0.1,
        report=said.append,
    )
    assert len(said) == len(rows) + 2  # the reference, and the timing
    return rows


def test_cutoffs_grow_until_one_suffices_then_meshes_get_coarser(monkeypatch):
    rows = tried(monkeypatch, 2e-4)
    cutoffs = [row.cutoff_angstrom for row in rows]
    assert cutoffs[:3] == [7, 8, 9]
    assert len(cutoffs) > 3
    assert set(cutoffs[3:]) == {9}
    assert [row.force_error <= 2e-4 for row in rows[:4]] == [False, False, True, True]
    assert [row.ewald_accuracy for row in rows[:3]] == pytest.approx([1e-4] * 3)
    assert rows[0].microseconds_per_atom == pytest.approx(1e6 / 648)
    sizes = [np.prod(row.mesh) for row in rows]
    assert sizes == sorted(sizes, reverse=True)
    # Nothing coarser than what is too coarse, and no mesh twice.
    rows = tried(monkeypatch, 1e-3)
    settings = [(row.cutoff_angstrom, row.mesh, row.order) for row in rows]
    assert len(set(settings)) == len(settings)


def test_all_cutoffs_are_tried_for_what_none_gives(monkeypatch):
    rows = tried(monkeypatch, 1e-6)
    assert [row.cutoff_angstrom for row in rows] == list(tuning.CUTOFFS)
    assert fastest(rows, 1e-6) is None


def test_an_accuracy_beyond_the_precision_is_refused(monkeypatch):
    with pytest.raises(InputError, match='precision="float64"'):
        tried(monkeypatch, 1e-5, "float32")
