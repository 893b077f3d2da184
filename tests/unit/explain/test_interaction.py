"""The split of interaction energies."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule

from fixtures import SIMPLE, random_force_field
from sundog.errors import CellError, InputError
from sundog.evaluate.benchmarks.tasks.base import Answers
from sundog.evaluate.benchmarks.tasks.dimers import Dimer, DimerTask
from sundog.evaluate.models import ForceFieldModel, Properties
from sundog.explain.fragments import find_fragments
from sundog.explain.interaction import interactions, pairs_of, why_no_dimer
from sundog.units import KCAL_PER_MOL


@pytest.fixture(scope="module")
def trimer() -> Atoms:
    """Water, methane and ammonium, none of them in its minimum."""
    parts = [molecule("H2O"), molecule("CH4"), molecule("NH3") + Atoms("H", [[0, 0, 1.2]])]
    for n, part in enumerate(parts):
        part.rattle(0.04, seed=n)
        part.positions += [3.1 * n, 0.4 * n, 0]
    return Atoms(parts[0] + parts[1] + parts[2])


CHARGES = np.array([0, 0, 1])


def test_every_pair_is_what_the_benchmark_says_and_its_parts_add_up(trimer):
    force_field, fragments = random_force_field(SIMPLE, "exact"), find_fragments(trimer)
    found = interactions(force_field, trimer, fragments, CHARGES, pairs_of(3))
    assert [(one.a, one.b) for one in found] == [(0, 1), (0, 2), (1, 2)]
    dimers = [
        Dimer(
            name="",
            group="",
            atoms=trimer[np.isin(fragments.index, (one.a, one.b))],
            first=len(fragments.atoms_of(one.a)),
            charges=one.charges,
            reference=0.0,
        )
        for one in found
    ]
    model, task = ForceFieldModel(force_field, "small"), DimerTask(dimers)
    answers = [Properties(energy=energy) for energy in model(task.structures(model)).energies]
    expected, _ = task.interactions(Answers(answers))
    energies = [one.energy / KCAL_PER_MOL for one in found]
    np.testing.assert_allclose(energies, expected, atol=1e-7)
    assert np.abs(expected).max() > 0.1
    for one in found:
        assert set(one.parts) == {"electrostatics", "dispersion"}
        for name, parts in one.parts.items():
            assert sum(parts.values()) == pytest.approx(one.terms[name], abs=1e-12)
        for name, both in one.fragments.items():
            assert sum(both) == pytest.approx(one.terms[name], abs=1e-12)


def test_far_apart_nothing_changes_and_only_frozen_charges_interact(trimer):
    two = trimer[[0, 1, 2, 8, 9, 10, 11, 12]]
    two.positions[3:] += [30, 0, 0]
    fragments = find_fragments(two)
    charges = CHARGES[[0, 2]]
    (one,) = interactions(random_force_field(SIMPLE, "exact"), two, fragments, charges, [(0, 1)])
    assert one.terms["so3krates"] == pytest.approx(0, abs=1e-9)
    electrostatics = one.parts["electrostatics"]
    assert electrostatics["response"] == pytest.approx(0, abs=1e-12)
    assert electrostatics["inside"] == pytest.approx(0, abs=1e-9)
    assert abs(electrostatics["frozen"]) > 1e-6


def test_what_cannot_be_split_is_refused(trimer):
    assert why_no_dimer(trimer[:8], find_fragments(trimer[:8])) is None
    three = why_no_dimer(trimer, find_fragments(trimer))
    assert three is not None
    assert "got 3" in str(three)
    with pytest.raises(InputError, match="1 fragment"):
        pairs_of(1)
    with pytest.raises(InputError, match="pairs"):
        pairs_of(102)
    trimer = trimer.copy()
    trimer.set_cell([30] * 3)
    trimer.pbc = True
    fragments = find_fragments(trimer)
    with pytest.raises(CellError, match="periodic"):
        interactions(random_force_field(SIMPLE, "truncated"), trimer, fragments, CHARGES, [(0, 1)])
