"""Equal and near structures, molecules, scaffolds, and splits that keep them together."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule
from ase.io import write
from scipy.spatial.transform import Rotation

from sundog.data.choices import Choices, Split
from sundog.data.duplicates import equal_structures, near_structures, sorted_distances
from sundog.data.graphs import molecule_hash, scaffold_hash
from sundog.data.making import make_store
from sundog.data.records import record_of
from sundog.data.splits import PARTS, divide, leaks, load_split, save_split
from sundog.data.statistics import statistics
from sundog.data.store import Store
from sundog.errors import FileFormatError, InputError

RANDOM = np.random.default_rng(5)


def store_of(tmp_path, frames, **choices):
    for k, atoms in enumerate(frames):
        atoms.info["REF_energy"] = float(k)
    write(tmp_path / "set.extxyz", frames)
    make_store([tmp_path / "set.extxyz"], tmp_path / "store", {}, "eV", Choices(**choices), print)
    return Store(tmp_path / "store")


def kicked(name, by, seed):
    atoms = molecule(name)
    atoms.positions += by * np.random.default_rng(seed).normal(size=atoms.positions.shape)
    return atoms


def turned(atoms, jitter=0.0):
    """Return a molecule turned, moved, mirrored and numbered otherwise."""
    order = np.argsort(atoms.numbers + 0.1 * RANDOM.random(len(atoms)))
    places = Rotation.random(random_state=3).apply(atoms.positions) * [1, 1, -1] + 7.0
    places += jitter * RANDOM.normal(size=places.shape)
    return Atoms(atoms.numbers[order], places[order])


def test_equal_and_near_structures_are_found(tmp_path):
    ethanol = [kicked("CH3CH2OH", 0.1, seed) for seed in range(4)]
    store = store_of(
        tmp_path,
        [
            *ethanol,
            ethanol[1].copy(),
            turned(ethanol[2]),
            turned(ethanol[3], 0.003),
            kicked("CH3OCH3", 0.1, 9),
        ],
    )
    assert equal_structures(store).tolist() == [0, 1, 2, 3, 1, 5, 6, 7]
    groups = near_structures(store, 0.02)
    assert groups[4] == groups[1]
    assert groups[5] == groups[2]
    assert groups[6] == groups[3]
    assert len(set(groups.tolist())) == 5


def test_near_is_what_all_distances_say(tmp_path):
    """Compared with all pairs, for a threshold in the midst of what there is."""
    frames = [kicked("CH3CH2OH", 0.05, seed) for seed in range(40)]
    store = store_of(tmp_path, frames)
    every = np.stack([sorted_distances(store[k]) for k in range(40)])
    apart = np.sqrt(np.mean((every[:, None] - every[None]) ** 2, axis=-1))
    within = float(np.quantile(apart[np.triu_indices(40, 1)], 0.02))
    groups = near_structures(store, within)
    linked = apart <= within
    for _ in range(6):
        linked = linked @ linked
    np.testing.assert_array_equal(groups[:, None] == groups[None], linked)


def record(atoms):
    return record_of(atoms, {}, 0)


def test_conformers_are_one_molecule_and_isomers_are_not():
    one, other = kicked("CH3CH2OH", 0.05, 1), turned(kicked("CH3CH2OH", 0.05, 2))
    assert molecule_hash(record(one)) == molecule_hash(record(other))
    assert molecule_hash(record(one)) != molecule_hash(record(molecule("CH3OCH3")))


def test_a_scaffold_is_what_is_left_without_ends():
    benzene, pyridine = molecule("C6H6"), molecule("C5H5N")
    phenol = molecule("C6H6")
    phenol.numbers[6] = 8  # an oxygen, if far away, in the place of a hydrogen
    direction = phenol.positions[6] - phenol.positions[0]
    phenol.positions[6] = phenol.positions[0] + 1.36 * direction / np.linalg.norm(direction)
    phenol += Atoms("H", [phenol.positions[6] + [0.3, 0.3, 0.87]])
    hashes = [scaffold_hash(record(one)) for one in (benzene, phenol, pyridine)]
    assert hashes[0] == hashes[1] != hashes[2]
    assert scaffold_hash(record(molecule("CH4"))) != scaffold_hash(record(molecule("C2H6")))


@pytest.mark.parametrize("by", ["near", "molecule", "formula", "group", "scaffold", "structure"])
def test_what_belongs_together_is_on_one_side(tmp_path, by):
    names = ["CH3CH2OH", "CH3OCH3", "C6H6", "CH4", "C2H6", "H2O", "NH3", "C2H4"]
    frames = [kicked(name, 0.001, seed) for name in names for seed in range(10)]
    for atoms, name in zip(frames, np.repeat(names, 10), strict=True):
        atoms.info["molecule"] = str(name)
    store = store_of(tmp_path, frames, group_key="molecule")
    how = Split(by=by, validation_fraction=0.25, test_fraction=0.25, seed=2)
    parts = divide(store, how)
    assert sorted(np.concatenate([*parts.values()]).tolist()) == [*range(80)]
    assert all(len(parts[name]) for name in PARTS)
    for name in names:
        mine = 10 * names.index(name) + np.arange(10)
        sides = {part for part in PARTS if np.isin(mine, parts[part]).any()}
        assert by == "structure" or len(sides) == 1
    found = leaks(store, parts, 0.05)
    assert (sum(found.values()) > 20) == (by == "structure")
    again = divide(store, how)
    assert all((again[name] == parts[name]).all() for name in PARTS)
    save_split(tmp_path / "split", parts, how)
    read = load_split(tmp_path / "split", 80)
    assert all((read[name] == parts[name]).all() for name in PARTS)
    with pytest.raises(FileFormatError, match="split of other structures"):
        load_split(tmp_path / "split", 50)


def test_splits_that_cannot_be_are_refused(tmp_path):
    store = store_of(tmp_path, [kicked("H2O", 0.01, k) for k in range(5)])
    with pytest.raises(InputError, match="leaves nothing for"):
        divide(store, Split(by="formula"))
    with pytest.raises(InputError, match="the store has no groups"):
        divide(store, Split(by="group"))
    with pytest.raises(InputError, match="nothing is left for training"):
        Split(validation_fraction=0.6, test_fraction=0.4)


def test_statistics_count(tmp_path):
    frames = [molecule("H2O"), molecule("CH4"), molecule("H2O")]
    frames[1].set_array("REF_forces", np.full((5, 3), 2.0))
    found = statistics(store_of(tmp_path, frames))
    assert found.elements == {"H": 8, "C": 1, "O": 2}
    assert (found.structures, found.atoms, found.equal) == (3, 11, 1)
    assert found.labelled == {"energy": 3, "forces": 1}
    assert found.force_by_element == {"H": 2.0, "C": 2.0}
    assert found.histograms["atoms"][1].sum() == 3
    assert found.histograms["force of an atom, eV/Å"][1].sum() == 5
    assert any("1 equal to an earlier one" in line for line in found.lines())
