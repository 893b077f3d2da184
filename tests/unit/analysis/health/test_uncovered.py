"""Environments along a run that a reference lacks."""

import numpy as np
import pytest
from ase.build import molecule

from recordings import recording, result_of, values_of
from sundog.analysis.health import uncovered
from sundog.coverage.census import take_census
from sundog.coverage.neighborhoods import Radius
from sundog.coverage.reference import save_reference
from sundog.errors import InputError


def reference(tmp_path, *structures, radius=Radius(2)):  # noqa: B008
    path = tmp_path / "set.json.gz"
    save_reference(take_census(list(structures), radius), path, "a set")
    return str(path)


def broken(frames=40, since=30):
    """Ethanol whose hydrogen leaves the oxygen."""
    atoms = molecule("CH3CH2OH")
    positions = np.repeat(atoms.positions[None], frames, axis=0)
    oxygen = int(np.flatnonzero(atoms.numbers == 8)[0])
    apart = np.linalg.norm(atoms.positions - atoms.positions[oxygen], axis=1)
    hydrogen = min(np.flatnonzero(atoms.numbers == 1), key=lambda k: apart[k])
    away = atoms.positions[hydrogen] - atoms.positions[oxygen]
    positions[since:, hydrogen] += 3 * away
    return recording(atoms, positions)


def test_a_bond_that_breaks_makes_environments_that_the_set_lacks(tmp_path):
    known = reference(tmp_path, molecule("CH3CH2OH"))
    result = result_of("coverage", broken(), coverage_reference=known)
    table = result.tables["series"]
    before = table["time_ps"] < 0.3 - 1e-9
    assert (table["share_uncovered"][before] == 0).all()
    # The hydrogen, the oxygen, and the carbon that was two bonds from the hydrogen.
    assert table["share_uncovered"][~before] == pytest.approx(3 / 9)
    assert any("Reference: a set, 2 bond(s)" in note for note in result.notes)
    assert any("in 10 frames" in note for note in result.notes)


def test_what_the_set_has_is_covered(tmp_path):
    known = reference(tmp_path, molecule("CH3CH2OH"))
    result = result_of("coverage", broken(since=40), coverage_reference=known)
    assert values_of(result)["share_uncovered"] == 0
    other = reference(tmp_path, molecule("CH4"))
    result = result_of("coverage", broken(since=40), coverage_reference=other)
    assert values_of(result)["share_uncovered"] == 1
    assert len(result.notes) <= 2 + uncovered.MOST_TOLD


def test_references_that_do_not_fit_are_refused(tmp_path):
    with pytest.raises(InputError, match="no reference was named"):
        result_of("coverage", broken())
    by_distance = reference(tmp_path, molecule("CH4"), radius=Radius(3.0, "angstrom"))
    with pytest.raises(InputError, match="environments by distance"):
        result_of("coverage", broken(), coverage_reference=by_distance)
