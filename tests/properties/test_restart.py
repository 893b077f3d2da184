"""A run goes on from a checkpoint bit for bit, in every ensemble, wherever it stopped."""

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from potentials import LennardJones, ListlessLennardJones, argon
from restart_worker import run_in
from sundog.engine.ensembles import npt, nve, nvt
from sundog.engine.propagators.bussi import Bussi
from sundog.engine.propagators.martyna_tobias_klein import MartynaTobiasKlein
from sundog.engine.propagators.nose_hoover import NoseHooverChain
from sundog.engine.propagators.ornstein_uhlenbeck import Langevin
from sundog.engine.propagators.stochastic_cell_rescaling import CellRescaling
from sundog.engine.run import run
from sundog.engine.state import bare_state, initial_state, with_thermal_momenta
from sundog.errors import FileFormatError, RunDirectoryError
from sundog.runs import checkpoint_files
from sundog.runs.checkpoint import arrays_of, restored
from sundog.runs.checkpoint_files import list_checkpoints, read_checkpoint, save_checkpoint

POTENTIAL, DT, T = LennardJones(cutoff=5.0), 4.0, 90.0
LISTLESS = ListlessLennardJones()
SOFT = CellRescaling(100.0, 400.0, "flexible", compressibility_per_bar=1e-3)
MOVING = MartynaTobiasKlein(100.0, 400.0, "flexible")
# With lists where the cell stays and where it moves; without them the rest is compiled sooner.
ENSEMBLES = {
    "nve": nve(POTENTIAL, DT),
    "nvt langevin": nvt(LISTLESS, DT, T, Langevin(5.0)),
    "nvt bussi": nvt(LISTLESS, DT, T, Bussi(100.0)),
    "nvt nose-hoover": nvt(LISTLESS, DT, T, NoseHooverChain(100.0)),
    "npt rescaling langevin": npt(LISTLESS, DT, T, Langevin(), SOFT),
    "npt rescaling bussi": npt(LISTLESS, DT, T, Bussi(), SOFT),
    "npt mtk": npt(POTENTIAL, DT, T, NoseHooverChain(100.0), MOVING),
}
LISTED = {"nve", "npt mtk"}
VARIABLES = {
    "nvt nose-hoover": {"atom_chain_position", "atom_chain_velocity"},
    "npt rescaling langevin": {"last_strain"},
    "npt rescaling bussi": {"last_strain"},
    "npt mtk": {
        "cell_rate",
        *(f"{of}_chain_{what}" for of in ("atom", "cell") for what in ("position", "velocity")),
    },
}
"""Names of the variables of reservoirs in checkpoints, which stay readable."""

WORKER = Path(__file__).parents[1] / "restart_worker.py"


def assert_same(one, other):
    one, other = arrays_of(one), arrays_of(other)
    assert one.keys() == other.keys()
    for name, value in one.items():
        np.testing.assert_array_equal(value, other[name], err_msg=name)


@pytest.mark.parametrize("name", ENSEMBLES)
def test_a_run_goes_on_bit_for_bit_at_every_chunk(name, tmp_path):
    ensemble, potential = ENSEMBLES[name], POTENTIAL if name in LISTED else LISTLESS
    # A small skin, so that lists are rebuilt in between.
    state = initial_state(argon(2), potential, seed=1, skin=0.2)
    state = with_thermal_momenta(state, T)
    plan = {"sample_every": 5, "frame_every": 20}
    whole = list(run(state, ensemble, steps=80, **plan))
    elsewhere = argon(2, spacing=5.5, seed=9)
    names = {one for one in arrays_of(whole[-1].state) if one.startswith("extended.")}
    assert names == {f"extended.{variable}" for variable in VARIABLES.get(name, ())}
    for chunk in whole[:-1]:
        step = int(chunk.state.step)
        path = save_checkpoint(tmp_path, step, arrays_of(chunk.state), {}, keep=1)
        fresh = bare_state(elsewhere, potential, seed=77, skin=0.2)
        again = restored(fresh, read_checkpoint(path).arrays)
        *_, last = run(again, ensemble, steps=80 - step, **plan)
        assert_same(last.state, whole[-1].state)
        for column, values in last.samples.items():
            expected = whole[-1].samples[column][-1]
            np.testing.assert_array_equal(values[-1], expected, err_msg=column)


def test_a_checkpoint_of_another_structure_is_refused():
    arrays = arrays_of(initial_state(argon(2), LISTLESS, seed=1))
    heavier = argon(2)
    heavier = replace(heavier, numbers=heavier.numbers.at[3].set(36))
    with pytest.raises(RunDirectoryError, match="not of this structure"):
        restored(bare_state(heavier, LISTLESS, seed=1), arrays)


def test_a_checkpoint_that_lacks_what_is_kept_now_is_refused():
    state = initial_state(argon(2), LISTLESS, seed=1)
    arrays = arrays_of(state) | {"energies.electrostatics": np.zeros(1)}
    with pytest.raises(RunDirectoryError, match="earlier version"):
        restored(state, arrays)


def test_damaged_checkpoints_are_noticed_and_few_are_kept(tmp_path):
    arrays = {"a": np.arange(6.0).reshape(2, 3), "b": np.asarray(7, np.int64)}
    for step in (10, 20, 30, 40):
        save_checkpoint(tmp_path, step, arrays, {"step": step}, keep=3)
    newest, *_ = paths = list_checkpoints(tmp_path)
    assert [read_checkpoint(path).record["step"] for path in paths] == [40, 30, 20]
    read = read_checkpoint(newest)
    np.testing.assert_array_equal(read.arrays["b"], arrays["b"], strict=True)
    whole = newest.read_bytes()
    record = whole.replace(b'\\"step\\": 40', b'\\"step\\": 41')
    assert record != whole
    for damaged in (whole[:-5], whole[:40], b"", whole[:-1] + bytes([whole[-1] ^ 1]), record):
        newest.write_bytes(damaged)
        with pytest.raises(FileFormatError):
            read_checkpoint(newest)


def test_the_checkpoint_that_is_written_stays_whatever_is_beyond_it(tmp_path):
    arrays = {"a": np.arange(3.0)}
    for step in (10, 20, 30):
        save_checkpoint(tmp_path, step, arrays, {"step": step}, keep=3)
    # The last two are passed over, and the run goes on from step 10.
    for step in (12, 14, 16, 18):
        path = save_checkpoint(tmp_path, step, arrays, {"step": step}, keep=3)
        assert list_checkpoints(tmp_path)[0] == path
    steps = [read_checkpoint(path).record["step"] for path in list_checkpoints(tmp_path)]
    assert steps == [18, 16, 14]


def test_checkpoints_of_the_version_before_are_read(tmp_path):
    arrays = {"a": np.arange(3.0)}
    header = {"format": 1, "sha256": checkpoint_files._digest(arrays, None), "step": 5}
    path = tmp_path / "checkpoint-000000000005.safetensors"
    path.write_bytes(save(arrays, {"sundog": json.dumps(header)}))
    assert read_checkpoint(path).record == {"step": 5}
    path.write_bytes(save(arrays, {"sundog": json.dumps(header | {"format": 3})}))
    with pytest.raises(FileFormatError, match="another version"):
        read_checkpoint(path)


def files_of(folder):
    names = ("energies.csv", "trajectory.xtc", "final.extxyz")
    return {name: (folder / name).read_bytes() for name in names}


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """The files of a run that nothing happened to."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    run_in(folder)
    return files_of(folder)


@pytest.fixture(autouse=True, scope="module")
def kept_programs(tmp_path_factory):
    """Workers share what they compile."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAX_COMPILATION_CACHE_DIR", str(tmp_path_factory.mktemp("programs")))
        patch.setenv("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
        patch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
        yield


def kill_trials(folder, trials, seed, expected):
    """Kill runs at random moments, resume them to their end, and count the kills that hit."""
    rng = random.Random(seed)
    kills, attempt = 0, 0
    while kills < trials:
        run_folder = folder / f"run{attempt}"
        attempt += 1
        for _ in range(20):
            process = subprocess.Popen([sys.executable, str(WORKER), str(run_folder)])
            # Then the kills fall into the run and not into the imports.
            begin = run_folder / "begun"
            while not begin.exists() and process.poll() is None:
                time.sleep(0.002)
            time.sleep(rng.uniform(0, 1.2))
            if process.poll() is None:
                os.kill(process.pid, signal.SIGKILL)
                kills += 1
            ended = process.wait()
            begin.unlink(missing_ok=True)
            if ended == 0 or kills >= trials:
                break
        run_in(run_folder)
        assert files_of(run_folder) == expected
    return kills


def test_a_killed_run_ends_as_one_that_was_not(tmp_path, expected):
    assert kill_trials(tmp_path, 3, 1, expected) == 3


@pytest.mark.slow
def test_many_killed_runs_end_as_one_that_was_not(tmp_path, expected):
    assert kill_trials(tmp_path, 100, 2, expected) == 100


@contextmanager
def room_for(size):
    """No file may grow beyond a size: what a full disk looks like from inside."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("full", ["energies.csv", "checkpoint"])
def test_a_run_on_a_full_disk_goes_on_when_there_is_room_again(full, tmp_path, expected):
    run_folder = tmp_path / "run"
    run_in(tmp_path / "short", 10)
    checkpoint = list_checkpoints(tmp_path / "short" / "checkpoints")[0].stat().st_size
    size = {"energies.csv": len(expected["energies.csv"]) // 2, "checkpoint": checkpoint - 100}
    with room_for(size[full]), pytest.raises(RunDirectoryError, match="could not be written") as e:
        run_in(run_folder)
    assert full in str(e.value)
    run_in(run_folder)
    assert files_of(run_folder) == expected


@pytest.mark.parametrize(
    "damage", ["trajectory", pytest.param("table", marks=pytest.mark.slow), "checkpoint"]
)
def test_a_damaged_run_is_repaired_from_an_earlier_checkpoint(damage, tmp_path, expected):
    run_folder = tmp_path / "run"
    run_in(run_folder, 200)
    path = {
        "trajectory": run_folder / "trajectory.xtc",
        "table": run_folder / "energies.csv",
        "checkpoint": list_checkpoints(run_folder / "checkpoints")[0],
    }[damage]
    path.write_bytes(path.read_bytes()[:-30])
    said = []
    run_in(run_folder, say=said.append)
    assert said[0] == "Changed: steps from 200 to 600"
    assert "Passed over" in said[1]
    assert files_of(run_folder) == expected
