"""Runs of few steps in folders: kept and resumed to the bit, stopped, and spoilt."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
from sets import SETTINGS, some, tethered

import sundog
from sundog.data.records import RecordList
from sundog.errors import InputError, RunDirectoryError, TrainingError
from sundog.train.folder import TrainingFolder
from sundog.train.keeping import arrays_of
from sundog.train.materials import gather
from sundog.train.session import Session, refuse_changed_data
from sundog.weights.store import read_weights


def session_in(path, settings=SETTINGS, records=None, said=None, new=True, held=None):
    folder = TrainingFolder.create(path, False, []) if new else TrainingFolder.claim(path)
    said = [] if said is None else said
    sets = [some(16) if records is None else records]
    materials = gather(sets, [held] if held else [], settings, said.append)
    session = Session(folder, materials, said.append, command_line=["sundog"], data={})
    if new:
        session.begin({"data": []})
    return session


def trained(path, stop=lambda: False, **given):
    session = session_in(path, **given)
    try:
        outcome = session.run(stop)
    finally:
        session._folder.release()
    return outcome, arrays_of(session._loop.state), session._loop.progress


def after(steps):
    """A stop that is asked for once so many steps were made."""
    calls = iter(range(10**6))
    return lambda: next(calls) >= steps


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "whole"
    return path, *trained(path)


def test_a_run_leaves_weights_errors_and_tables(whole):
    path, outcome, _, _ = whole
    assert (outcome.step, outcome.reason) == (6, "")
    rows = list(csv.DictReader((path / "losses.csv").read_text().splitlines()))
    assert [row["step"] for row in rows] == ["2", "4", "6"]
    assert float(rows[0]["loss"]) > 0
    checks = list(csv.DictReader((path / "validation.csv").read_text().splitlines()))
    assert [row["step"] for row in checks] == ["3", "6"]
    errors = json.loads((path / "errors.json").read_text())
    assert errors["best"]["loss"] == outcome.best
    assert set(errors["last"]["elements"]["forces"]) <= {"H", "C", "N", "O"}
    assert errors["last"]["labels"]["forces"]["n"] > 0
    assert (path / "losses.png").stat().st_size > 1000
    card = read_weights(path / "best.safetensors").card
    assert card["training"]["recipe"]["forces_weight"] == 10.0
    assert card["training"]["errors"]["loss"] == outcome.best


def test_the_rest_of_sundog_runs_the_weights(whole):
    path, *_ = whole
    force_field = sundog.load(str(path / "best.safetensors"))
    assert force_field.network.hyperparameters.features == 8
    assert force_field.network.dtype == np.float32


@pytest.mark.parametrize("stopped", [1, 4])
def test_a_run_that_was_stopped_goes_on_to_the_bit(whole, tmp_path, stopped):
    _, _, arrays, progress = whole
    path = tmp_path / "run"
    outcome, _, _ = trained(path, after(stopped))
    assert (outcome.step, outcome.reason) == (stopped, "stopped")
    outcome, found, went = trained(path, new=False)
    assert outcome.step == 6
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert np.array_equal(found[name], array), name
    assert went == progress
    for table in ("losses.csv", "validation.csv"):
        assert (path / table).read_bytes() == (whole[0] / table).read_bytes()
    best, again = (read_weights(one / "best.safetensors") for one in (whole[0], path))
    assert best.card["sha256"] == again.card["sha256"]


def test_a_resumed_run_keeps_its_settings(whole, tmp_path):
    path, *_ = whole
    with TrainingFolder.claim(path) as folder:
        other = replace(SETTINGS, seed=8)
        materials = gather([some(16)], [], other, print)
        with pytest.raises(InputError, match="seed: a resumed run keeps it"):
            Session(folder, materials, print, command_line=[], data={})
        data = tmp_path / "d.xyz"
        data.write_text("")
        with pytest.raises(RunDirectoryError, match="the data have changed"):
            refuse_changed_data(folder, [data])


def spoilt(number):
    """A molecule whose label is finite, and its square is not."""
    one = tethered(number)
    return replace(one, labels={**one.labels, "dipole": np.full(3, 1e200)})


def test_structures_that_spoil_a_batch_are_named_and_left_out(tmp_path):
    records = RecordList([*some(12), spoilt(50)])
    said = []
    session = session_in(tmp_path / "run", records=records, said=said, held=some(30)[27:])
    outcome = session.run(lambda: False)
    assert outcome.step == 6
    assert list(session._loop.progress.bad) == [12]
    (line,) = [line for line in said if line.startswith("Left out")]
    assert "structure 50 (H2O)" in line
    assert all(np.isfinite(one).all() for one in arrays_of(session._loop.state).values())
    session._folder.release()


def test_too_many_of_them_end_the_run_with_its_state_kept(tmp_path):
    records = RecordList([*some(3), *(spoilt(50 + k) for k in range(6))])
    session = session_in(tmp_path / "run", records=records, held=some(30)[27:])
    with pytest.raises(TrainingError, match="more than 2 structures is not finite"):
        session.run(lambda: False)
    assert list((tmp_path / "run" / "state").iterdir())
    session._folder.release()


def test_training_data_beside_validation_data_must_differ():
    with pytest.raises(InputError, match="trained on as well"):
        gather([some(6)], [some(2)], SETTINGS, print)
    close = [tethered(0, positions=np.zeros((3, 3)))]
    with pytest.raises(InputError, match="validation_data: no structure is left"):
        gather([some(6)], [close], SETTINGS, print)


def test_training_error_has_its_exit_code():
    assert TrainingError("x").exit_code == 3
