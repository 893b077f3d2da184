"""Sums over atoms and fragments, and the tables and JSON that hold them."""

import json
from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule

from fixtures import SIMPLE, random_force_field
from sundog.errors import InputError, UnsupportedElementError
from sundog.explain.decompose import check_memory, decomposed
from sundog.explain.fragments import find_fragments
from sundog.explain.interaction import interactions
from sundog.explain.outcome import Explanation, NoInteractions
from sundog.explain.tables import atoms_table, fragments_table, pairs_table
from sundog.longrange.planned import apart
from sundog.single_points.predict import predict


@pytest.fixture(scope="module")
def dimer() -> Atoms:
    other = molecule("CH3OH")
    other.positions += [3.3, 0, 0.5]
    return Atoms(molecule("H2O") + other)


@pytest.fixture(scope="module")
def explanation(dimer) -> Explanation:
    force_field, fragments = random_force_field(SIMPLE, "exact"), find_fragments(dimer)
    found = decomposed(force_field, dimer)
    bound = interactions(force_field, dimer, fragments, np.zeros(2, int), [(0, 1)])
    return Explanation(dimer, fragments, found, bound)


def test_all_sums_agree_with_the_prediction(dimer, explanation):
    whole = predict(random_force_field(SIMPLE, "exact"), dimer)
    outcome = json.loads(json.dumps(explanation.json()))
    assert outcome["schema"] == "sundog.explanation/1"
    assert outcome["energy"] == pytest.approx(float(whole.energy), abs=1e-12)
    total = np.zeros((len(dimer), 3))
    for name, energy in outcome["energies"].items():
        assert energy == pytest.approx(float(whole.energies[name]), abs=1e-12)
        assert sum(outcome["atoms"]["energies"][name]) == pytest.approx(energy, abs=1e-12)
        by_fragment = [one["energies"][name] for one in outcome["fragments"]]
        assert sum(by_fragment) == pytest.approx(energy, abs=1e-12)
        total += np.array(outcome["atoms"]["forces"][name])
        for one in outcome["fragments"]:
            members = np.array(outcome["atoms"]["forces"][name])[one["atoms"]]
            np.testing.assert_allclose(one["forces"][name], members.sum(axis=0), atol=1e-12)
    np.testing.assert_allclose(total, whole.forces, atol=1e-11)
    assert sum(one["charge"] for one in outcome["fragments"]) == pytest.approx(0, abs=1e-12)


def test_the_keys_of_the_json_and_their_order(explanation):
    content = explanation.json()
    assert " ".join(content) == (
        "schema units formula energy energies atoms fragments_from fragments interactions "
        "no_interactions"
    )
    assert " ".join(content["atoms"]) == (
        "symbols fragment energies forces charges hirshfeld_ratios polarizability c6"
    )
    assert " ".join(content["fragments"][0]) == (
        "fragment formula atoms charge dipole polarizability energies forces"
    )
    assert " ".join(content["interactions"][0]) == (
        "fragments charges energy energies parts by_fragment"
    )
    none = replace(explanation, interactions=NoInteractions("not asked for")).json()
    assert [none["interactions"], none["no_interactions"]] == [None, "not asked for"]


def test_a_dipole_does_not_depend_on_where_or_how_a_molecule_is_cut(dimer):
    force_field = random_force_field(SIMPLE, "truncated")
    boxed = dimer.copy()
    boxed.set_cell([20.0] * 3)
    boxed.pbc = True
    cut = boxed.copy()
    cut.positions += [0.1, -0.3, 0.0]
    cut.wrap()
    assert np.ptp(cut.positions, axis=0).max() > 10
    none = NoInteractions("not asked for")
    one, other = (
        Explanation(a, find_fragments(a), decomposed(force_field, a, forces=False), none).dipoles()
        for a in (boxed, cut)
    )
    np.testing.assert_allclose(one, other, atol=1e-9)
    assert np.linalg.norm(one[0]) > 0.01


def test_tables_hold_what_the_json_holds(explanation):
    outcome = explanation.json()
    head, *rows = atoms_table(explanation)
    assert len({len(row) for row in (head, *rows)}) == 1
    column = head.index("force_dispersion_y_ev_per_angstrom")
    forces = outcome["atoms"]["forces"]["dispersion"]
    assert [row[column] for row in rows] == [vector[1] for vector in forces]
    head, *rows = fragments_table(explanation)
    assert [row[head.index("formula")] for row in rows] == ["H2O", "CH4O"]
    assert rows[1][head.index("zbl_ev")] == outcome["fragments"][1]["energies"]["zbl"]
    head, row = pairs_table(explanation.interactions)
    inside = outcome["interactions"][0]["parts"]["electrostatics"]["inside"]
    assert row[head.index("electrostatics_inside_kcal_mol")] == inside


def test_what_is_too_large_or_unknown_is_refused(dimer):
    force_field = random_force_field(SIMPLE, "exact")
    with pytest.raises(InputError, match=r"about .* GiB.*forces=False"):
        decomposed(force_field, dimer, memory_gib=1e-6)
    with pytest.raises(UnsupportedElementError, match="Si"):
        decomposed(force_field, molecule("SiH4"))


def test_memory_is_estimated_from_the_pairs_that_are_there():
    from fixtures import ethanol, pairs_for

    force_field = random_force_field(SIMPLE, "exact")
    pairs = pairs_for(force_field, ethanol())
    listed = len(apart(pairs)[0]["short"].i)
    check_memory(pairs, True, listed * 60_001 / 2**30)
    with pytest.raises(InputError):
        check_memory(pairs, True, listed * 59_999 / 2**30)
