"""Weight sets are found by name or path, written whole, and not believed when altered."""

import dataclasses
import errno
import json
import math
import os
import subprocess
import sys

import numpy as np
import pytest
from foreign_models import TINY, random_arrays

from sundog.errors import WeightsError
from sundog.weights import store
from sundog.weights.card import doubt
from sundog.weights.identity import identity_of
from sundog.weights.model_file import read_model_file
from sundog.weights.published import PUBLISHED
from sundog.weights.store import (
    WeightSet,
    list_installed,
    locate,
    read_weights,
    resolve,
    write_weights,
)


def a_set(name="mine", seed=0) -> WeightSet:
    return WeightSet(name, TINY, random_arrays(seed), {"source": {"kind": "test"}})


@pytest.fixture
def stored(cache):
    write_weights(a_set())
    return cache / "mine.safetensors"


def test_what_is_written_is_read(stored):
    found = resolve("mine")
    assert (found.name, found.hyperparameters) == ("mine", TINY)
    assert found.card["source"] == {"kind": "test"}
    assert found.arrays.keys() == a_set().arrays.keys()
    for name, array in a_set().arrays.items():
        np.testing.assert_array_equal(found.arrays[name], array)
        assert found.arrays[name].shape == array.shape


def test_nothing_else_is_left_behind(stored):
    assert sorted(os.listdir(stored.parent)) == ["mine.json", "mine.safetensors"]


def test_incomplete_arrays_are_not_written(cache):
    weights = a_set()
    del weights.arrays["zbl.p"]
    with pytest.raises(WeightsError, match=r"`zbl\.p` is missing"):
        write_weights(weights)
    assert not cache.exists()


@pytest.mark.parametrize("name", ["", "../mine", "a/b", ".hidden", "a.safetensors", "a b"])
def test_a_name_that_is_none_is_refused(cache, name):
    with pytest.raises(WeightsError, match="not a name for a weight set"):
        write_weights(a_set(name))


def test_a_full_disk_leaves_what_was_there(stored, monkeypatch):
    def no_space(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(WeightsError, match=r"cannot write .*No space left on device.*Make room"):
        write_weights(a_set(seed=1))
    monkeypatch.undo()
    assert sorted(os.listdir(stored.parent)) == ["mine.json", "mine.safetensors"]
    found = read_weights(stored)
    np.testing.assert_array_equal(found.arrays["zbl.a"], a_set().arrays["zbl.a"])


def test_a_cache_that_is_no_directory_is_named(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("SUNDOG_CACHE_DIR", str(tmp_path / "file"))
    with pytest.raises(WeightsError, match=r"cannot write .*SUNDOG_CACHE_DIR"):
        write_weights(a_set())


def test_a_kill_between_the_two_files_is_noticed(stored, monkeypatch):
    def until_the_card(path, data, store_file=store._store):
        if path.suffix == ".json":
            raise KeyboardInterrupt
        store_file(path, data)

    monkeypatch.setattr(store, "_store", until_the_card)
    with pytest.raises(KeyboardInterrupt):
        write_weights(a_set(seed=1))
    with pytest.raises(WeightsError, match="truncated or was altered"):
        read_weights(stored)


def test_truncated_weights_are_refused(stored):
    stored.write_bytes(stored.read_bytes()[:-100])
    with pytest.raises(WeightsError, match=r"truncated or was altered.*sundog weights fetch"):
        resolve("mine")


def test_an_altered_value_is_noticed(stored):
    data = bytearray(stored.read_bytes())
    data[-1] ^= 1
    stored.write_bytes(data)
    with pytest.raises(WeightsError, match="truncated or was altered"):
        resolve("mine")


def test_weights_without_a_card_are_refused(stored):
    stored.with_suffix(".json").unlink()
    with pytest.raises(WeightsError, match=r"no card, mine\.json, beside it"):
        resolve("mine")


@pytest.mark.parametrize("card", ["", "{", "[]", "{}", '"text"'])
def test_a_damaged_card_is_refused(stored, card):
    stored.with_suffix(".json").write_text(card)
    with pytest.raises(WeightsError, match="is not a weight set's card"):
        resolve("mine")


@pytest.mark.parametrize("hyperparameters", [None, 3, {"features": 8}])
def test_a_card_without_sound_hyperparameters_is_refused(stored, hyperparameters):
    card = json.loads(stored.with_suffix(".json").read_text())
    card["hyperparameters"] = hyperparameters
    stored.with_suffix(".json").write_text(json.dumps(card))
    with pytest.raises(WeightsError):
        resolve("mine")


def test_hyperparameters_that_do_not_fit_the_arrays_are_refused(stored):
    card = json.loads(stored.with_suffix(".json").read_text())
    card["hyperparameters"]["heads"] = 4
    stored.with_suffix(".json").write_text(json.dumps(card))
    with pytest.raises(WeightsError, match="has another shape"):
        resolve("mine")


def edit_card(stored, **changes):
    path = stored.with_suffix(".json")
    card = json.loads(path.read_text())
    hyperparameters = card["hyperparameters"] | changes.pop("hyperparameters", {})
    path.write_text(json.dumps(card | changes | {"hyperparameters": hyperparameters}))


def test_altered_hyperparameters_are_noticed(stored):
    edit_card(stored, hyperparameters={"cutoff": 5.0})
    with pytest.raises(WeightsError, match=r"hyperparameters in .* were altered"):
        resolve("mine")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cutoff", 45.0),
        ("average_neighbors", math.inf),
        ("average_neighbors", math.nan),
        ("coulomb_sigma", 0),
        ("zbl_cutoff", -1.0),
        ("layers", True),
        ("heads", 10**9),
        ("degrees", [2, 1, 3, 4]),
    ],
)
def test_hyperparameters_without_sense_are_refused_by_name(stored, name, value):
    edit_card(stored, format_version=1, sha256=None, hyperparameters={name: value})
    with pytest.raises(WeightsError, match=f"`{name}` is not acceptable"):
        resolve("mine")


def test_cards_of_the_format_before_are_read_and_get_the_hash(stored):
    whole = resolve("mine").card["sha256"]
    assert doubt(resolve("mine").card) is None
    edit_card(stored, format_version=1, sha256=None)
    assert resolve("mine").card["sha256"] == whole
    said = str(doubt(resolve("mine").card))
    assert "`mine` is of format 1" in said
    assert doubt(resolve("mine").card | {"sha256": PUBLISHED["so3lr"].identity}) is None


def test_a_set_has_the_name_of_its_file_and_no_published_one(stored, cache):
    edit_card(stored, name="so3lr")
    assert resolve("mine").card["name"] == "mine"
    with pytest.raises(WeightsError, match="`so3lr` is kept for the published weights"):
        write_weights(a_set("so3lr"))
    for suffix in (".safetensors", ".json"):
        stored.with_suffix(suffix).rename(cache / f"so3lr{suffix}")
    with pytest.raises(WeightsError, match="`so3lr` is kept for the published weights"):
        resolve("so3lr")


def test_published_arrays_keep_their_hyperparameters(published_download, cache):
    model = read_model_file(published_download.data)
    known = PUBLISHED["so3lr"]
    assert identity_of(model.arrays, model.hyperparameters) == known.identity
    wider = dataclasses.replace(model.hyperparameters, cutoff=5.0)
    with pytest.raises(WeightsError, match="published arrays with other hyperparameters"):
        write_weights(WeightSet("mine", wider, model.arrays, {}))


def test_a_newer_format_asks_for_an_update(stored):
    card = json.loads(stored.with_suffix(".json").read_text())
    stored.with_suffix(".json").write_text(json.dumps({**card, "format_version": 99}))
    with pytest.raises(WeightsError, match=r"newer sundog .*Update sundog"):
        resolve("mine")


def test_a_path_to_the_file_or_its_directory_is_followed(stored, monkeypatch):
    assert locate(stored) == locate(str(stored)) == locate(str(stored.parent)) == stored
    monkeypatch.chdir(stored.parent)
    assert locate("mine.safetensors").samefile(stored)
    assert locate("./").samefile(stored)


def test_the_environment_says_which_weights_are_meant(stored, monkeypatch):
    for meant in ("mine", str(stored)):
        monkeypatch.setenv("SUNDOG_MODEL_PATH", meant)
        assert locate() == stored


def test_the_published_weights_are_meant_by_default(cache, monkeypatch):
    monkeypatch.setenv("SUNDOG_MODEL_PATH", "")
    with pytest.raises(WeightsError, match=r"`so3lr` is installed.*sundog weights fetch so3lr"):
        locate()


def test_an_unknown_name_lists_what_is_there_and_suggests(stored):
    with pytest.raises(WeightsError, match=r"those installed: mine.*Perhaps `mine` was meant"):
        locate("mime")
    with pytest.raises(WeightsError, match=r"those installed: mine.*sundog weights import"):
        locate("zzz")


def test_a_name_that_is_a_file_here_is_explained(cache, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.pkl").touch()
    with pytest.raises(WeightsError, match=r"write \./model\.pkl"):
        locate("model.pkl")


def test_a_path_that_leads_nowhere_is_refused(cache, tmp_path):
    with pytest.raises(WeightsError, match=r"no weight set at .*Check the path"):
        locate(tmp_path / "nothing.safetensors")


def test_a_foreign_model_is_to_be_imported_first(cache, tmp_path):
    (tmp_path / "params.pkl").touch()
    with pytest.raises(WeightsError, match="sundog weights import"):
        locate(tmp_path / "params.pkl")
    with pytest.raises(WeightsError, match="sundog weights import"):
        locate(tmp_path)


def test_the_list_survives_a_damaged_card(stored):
    write_weights(dataclasses.replace(a_set(), name="other"))
    stored.with_suffix(".json").write_text("{")
    mine, other = list_installed()
    assert (mine.name, mine.path, mine.card) == ("mine", stored, None)
    assert other.name == "other"
    assert other.card is not None
    assert other.card["hyperparameters"] == TINY.to_dict()


def test_nothing_installed_is_an_empty_list(cache):
    assert list_installed() == []


def test_listing_does_not_import_jax():
    code = (
        "import sys, sundog.weights.fetch as f, sundog.weights.importing as i; print(*sys.modules)"
    )
    imported = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
    assert b"sundog.weights.store" in imported.split()
    assert b"jax" not in imported.split()
