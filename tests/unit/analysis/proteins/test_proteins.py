"""Secondary structure of helices, contacts, maps of deviation and principal components."""

import numpy as np
import pytest
from ase import Atoms

from recordings import recording, result_of, values_of
from sundog.analysis.carry_out import analyze
from sundog.analysis.choices import Choices
from sundog.analysis.proteins.components import cosine_content
from sundog.errors import InputError
from sundog.prepare.peptides.polyalanine import polyalanine

RANDOM = np.random.default_rng(8)


def shaken(atoms, frames=30, by=0.05, **more):
    noise = by * np.random.default_rng(1).normal(size=(frames, len(atoms), 3))
    return recording(atoms, atoms.positions + noise, **more)


@pytest.mark.parametrize(
    ("angles", "code"), [((-57, -47), "H"), ((-49, -26), "G"), ((-57, -70), "I")]
)
def test_helices_are_told_apart(angles, code):
    result = result_of("dssp", shaken(polyalanine(14, *map(float, angles)), by=0.0))
    found = values_of(result)
    assert found[f"share_{code}"] > 0.6
    assert found["share_helix"] == pytest.approx(
        found["share_H"] + found["share_G"] + found["share_I"]
    )


def test_a_stretched_chain_has_no_helix():
    assert values_of(result_of("dssp", shaken(polyalanine(12))))["share_helix"] == 0


def test_contacts_are_kept_until_the_chain_unfolds():
    helix = polyalanine(12, -57.0, -47.0)
    folded = np.repeat(helix.positions[None], 20, 0)
    folded[10:, :, :] *= 3.0
    result = result_of("native-contacts", recording(helix, folded))
    q = result.tables["series"]["q"]
    assert q[:10].min() > 0.95
    assert q[10:].max() < 0.05
    assert result.tables["map"]["share"].max() <= 1


def test_a_chain_without_contacts_says_so():
    result = result_of("native-contacts", shaken(polyalanine(8)))
    assert any("no contact" in note for note in result.notes)


def test_the_matrix_of_deviations():
    helix = polyalanine(6, -57.0, -47.0)
    result = result_of("rmsd-matrix", shaken(helix, frames=12))
    values = result.pictures[0].values
    assert np.array_equal(values, values.T)
    assert (np.diag(values) == 0).all()
    assert result.tables["by_lag"]["lag_ps"][-1] == pytest.approx(0.11)


def test_components_find_the_direction_of_the_motion():
    helix = polyalanine(8, -57.0, -47.0)
    mode = RANDOM.normal(size=(len(helix), 3))
    along = np.sin(np.arange(60) * 0.7)
    result = result_of("pca", recording(helix, helix.positions + 0.3 * along[:, None, None] * mode))
    share = result.tables["components_variance"]["share"]
    assert share[0] > 0.9
    found = result.tables["components"]["component_1_angstrom"]
    assert abs(np.corrcoef(found, along)[0, 1]) > 0.98


def test_several_runs_share_a_space():
    helix, open_one = polyalanine(8, -57.0, -47.0), polyalanine(8, -70.0, -20.0)
    runs = [shaken(helix, name="one"), shaken(open_one, name="other")]
    together = analyze(runs, ["pca"], Choices()).together["pca"]
    table = together.tables["together"]
    first = table["component_1_angstrom"]
    of_one = table["run"] == "one"
    assert np.sign(first[of_one]).sum() * np.sign(first[~of_one]).sum() < 0
    assert len(together.pictures[0].groups) == 2


def test_a_random_walk_is_a_cosine():
    walk = np.cumsum(RANDOM.normal(size=(500, 60)), axis=0)
    walk -= walk.mean(axis=0)
    first = walk @ np.linalg.svd(walk, full_matrices=False)[2][0]
    assert cosine_content(first) > 0.8
    assert cosine_content(RANDOM.normal(size=500)) < 0.1


@pytest.mark.parametrize("what", ["dssp", "native-contacts", "rmsd", "pca", "rmsf", "gyration"])
def test_what_is_no_protein_is_refused(what):
    atoms = Atoms("Ar2", [[0, 0, 0], [4, 0, 0]], cell=[20] * 3, pbc=True)
    with pytest.raises(InputError, match=what):
        result_of(what, recording(atoms, atoms.positions[None]))


def test_molecules_across_the_boundary_are_whole():
    helix = polyalanine(8, -57.0, -47.0)
    cell = 40.0 * np.eye(3)
    box = Atoms(helix.numbers, helix.positions % 40.0, cell=cell, pbc=True)
    moved = (helix.positions + np.linspace(0, 60, 25)[:, None, None]) % 40.0
    for wrapping in ("unknown",):
        one = recording(box, moved, wrapping=wrapping)
        table = result_of("rmsd", one).tables["series"]
        assert table["backbone_angstrom"].max() < 1e-2
