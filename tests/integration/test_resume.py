"""Runs that are stopped, extended, changed, planned, or blow up, as a user meets them."""

import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import yaml
from ase.build import molecule
from ase.io import read, write

from fixtures import PLAN
from sundog.cli.app import run
from sundog.io.extxyz import write_extxyz
from sundog.io.table import read_table
from sundog.prepare.water import water_box
from sundog.runs.checkpoint_files import list_checkpoints
from sundog.runs.directory import RunDirectory

FILES = ("energies.csv", "trajectory.xtc", "final.extxyz")


def start(source, out, steps, *more):
    command = ["npt", str(source), "-o", str(out), "--steps", str(steps), *PLAN, *more]
    assert run(command) == 0


@pytest.fixture(scope="module")
def whole(water, tmp_path_factory):
    out = tmp_path_factory.mktemp("whole") / "run"
    start(water, out, 60)
    return out


def assert_same_files(one, other):
    for name in FILES:
        assert (one / name).read_bytes() == (other / name).read_bytes(), name


def test_a_run_is_extended_as_if_it_had_been_longer(water, whole, tmp_path, capsys):
    out = tmp_path / "run"
    start(water, out, 33)  # neither a row nor a frame is due at its end
    assert read_table(out / "energies.csv")["step"][-1] == 33
    assert run(["md", "--resume", str(out)]) == 0
    assert "nothing left to do" in capsys.readouterr().out
    assert run(["md", "--resume", str(out), "--steps", "60"]) == 0
    assert "Changed: steps from 33 to 60" in capsys.readouterr().out
    assert_same_files(out, whole)
    assert yaml.safe_load((out / "config.yaml").read_text())["steps"] == 60
    assert "Resumed at step 33" in (out / "run.log").read_text()


def test_last_structures_that_a_kill_took_are_written_again(whole, tmp_path, capsys):
    out = tmp_path / "run"
    shutil.copytree(whole, out)
    (out / "final.extxyz").unlink()  # as of a run that was killed after its last checkpoint
    (out / "report.png").unlink()
    assert run(["md", "--resume", str(out)]) == 0
    assert "nothing left to do" not in capsys.readouterr().out
    assert_same_files(out, whole)
    assert (out / "report.png").is_file()
    (out / "final.extxyz").write_text(
        (out / "final.extxyz").read_text().replace("step=60", "step=45")
    )
    assert run(["md", "--resume", str(out)]) == 0
    assert_same_files(out, whole)
    assert run(["md", "--resume", str(out)]) == 0
    assert "nothing left to do" in capsys.readouterr().out


def test_sigterm_leaves_a_checkpoint_to_go_on_from(water, whole, tmp_path):
    out = tmp_path / "run"
    command = [sys.executable, "-m", "sundog", "npt", water, "-o", out, "--steps", "60", *PLAN]
    with (tmp_path / "said").open("w") as said:
        process = subprocess.Popen(list(map(str, command)), stdout=said, stderr=said)
        deadline = time.monotonic() + 300
        # The first checkpoint is written while the steps are still being compiled.
        while not list_checkpoints(out / "checkpoints") and time.monotonic() < deadline:
            time.sleep(0.001)
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(timeout=300) == 128 + signal.SIGTERM
    assert run(["md", "--resume", str(out)]) == 0
    assert_same_files(out, whole)


def test_a_run_without_a_checkpoint_begins_anew(water, whole, tmp_path, capsys):
    out = tmp_path / "run"
    start(water, out, 10)
    shutil.rmtree(out / "checkpoints")
    assert run(["md", "--resume", str(out), "--steps", "60"]) == 2
    assert "the checkpoints are gone" in capsys.readouterr().err
    # Whatever is left is kept: the last structure, and a trajectory beyond its first frame.
    for left in ("energies.csv", "final.extxyz"):
        (out / left).unlink()
        before = (out / "trajectory.xtc").read_bytes()
        assert run(["md", "--resume", str(out), "--steps", "60"]) == 2
        assert "the checkpoints are gone" in capsys.readouterr().err
        assert (out / "trajectory.xtc").read_bytes() == before
    (out / "trajectory.xtc").unlink()
    kept = (out / "config.yaml").read_bytes()
    assert run(["md", "--resume", str(out), "--steps", "60", "--dry-run"]) == 0
    assert "at step 0 of 60" in capsys.readouterr().out
    assert (out / "config.yaml").read_bytes() == kept
    assert run(["md", "--resume", str(out), "--steps", "60"]) == 0
    assert "begins anew" in capsys.readouterr().out
    assert_same_files(out, whole)
    (out / "config.yaml").unlink()
    assert run(["md", "--resume", str(out)]) == 2
    assert "start it again" in capsys.readouterr().err


def test_a_ramp_is_the_same_when_the_run_is_extended(water, tmp_path):
    ramp = ["nvt", str(water), *PLAN, "--temperature-end-kelvin", "400", "--steps"]
    assert run([*ramp, "20", "-o", str(tmp_path / "run")]) == 0
    assert run(["md", "--resume", str(tmp_path / "run"), "--steps", "40"]) == 0
    baths = read_table(tmp_path / "run" / "energies.csv")["bath_temperature_kelvin"]
    np.testing.assert_allclose(baths, [325, 350, 375, 400, 400, 400, 400, 400], rtol=1e-12)


def test_a_charge_given_by_flags_is_in_all_structures_of_the_run(tmp_path):
    write(tmp_path / "m.xyz", molecule("CH3O"))
    out = tmp_path / "run"
    command = ["nvt", str(tmp_path / "m.xyz"), "-o", str(out), "--steps", "10", "--charge", "-1"]
    assert run([*command, "--trajectory", "extxyz", "--frame-every", "10"]) == 0
    for frame in (read(out / "final.extxyz"), *read(out / "trajectory.extxyz", ":")):
        assert (frame.info["charge"], frame.info["spin"]) == (-1, 1)


def test_what_changes_a_trajectory_is_refused_on_resume_unless_named(whole, capsys):
    before = (whole / "energies.csv").read_bytes()
    more = ["md", "--resume", str(whole), "--steps", "70", "--timestep-fs", "0.25"]
    assert run(more) == 2
    error = capsys.readouterr().err
    assert "timestep-fs: would change" in error
    assert "--allow-change timestep-fs" in error
    assert (whole / "energies.csv").read_bytes() == before
    for command, words in (
        (["md", "x.xyz", "--resume", str(whole)], "neither a structure"),
        (["md", "--resume", str(whole / "nowhere")], "no run here"),
        (["md", "--resume", str(whole), "--config", "c.yaml"], "--config"),
        (["md"], "--resume"),
    ):
        assert run(command) == 2
        assert words in capsys.readouterr().err


def test_a_changed_structure_is_refused_on_resume(water, tmp_path, capsys):
    out = tmp_path / "run"
    start(water, out, 10)
    write_extxyz(out / "input.extxyz", water_box(5))
    assert run(["md", "--resume", str(out), "--steps", "20"]) == 2
    assert "the structure file was changed since the run began" in capsys.readouterr().err


def test_settings_edited_in_the_folder_are_a_change(water, tmp_path, capsys):
    out = tmp_path / "run"
    start(water, out, 10)
    settings = yaml.safe_load((out / "config.yaml").read_text())
    (out / "config.yaml").write_text(yaml.safe_dump(settings | {"friction_per_ps": 5.0}))
    again = ["md", "--resume", str(out), "--steps", "20"]
    assert run(again) == 2
    assert "friction-per-ps: would change" in capsys.readouterr().err
    assert run([*again, "--allow-change", "friction-per-ps"]) == 0
    assert "from 1.0 to 5.0" in (out / "run.log").read_text()
    assert run(["md", "--resume", str(out), "--steps", "30"]) == 0


def test_a_run_is_continued_by_one_process_at_a_time(whole, water, capsys):
    before = {path: path.read_bytes() for path in whole.iterdir() if path.is_file()}
    with RunDirectory.claim(whole):
        for again in (
            ["md", "--resume", str(whole), "--steps", "90"],
            ["npt", str(water), "-o", str(whole), "--overwrite", *PLAN],
        ):
            assert run(again) == 2
            assert "in use (got this process)" in capsys.readouterr().err
        assert run(["md", "--resume", str(whole), "--dry-run"]) == 0
    assert {path: path.read_bytes() for path in whole.iterdir() if path.is_file()} == before


def test_the_settings_of_a_run_are_a_config_file(whole, water, tmp_path):
    out = tmp_path / "again"
    assert run(["md", str(water), "-o", str(out), "--config", str(whole / "config.yaml")]) == 0
    assert_same_files(out, whole)


def test_npt_reports_pressure_and_box(whole):
    table = read_table(whole / "energies.csv")
    trace = sum(table[f"pressure_{axis}_bar"] for axis in ("xx", "yy", "zz"))
    np.testing.assert_allclose(trace / 3, table["pressure_bar"], rtol=1e-12)
    assert np.ptp(table["volume_angstrom3"]) > 0
    cell = read(whole / "final.extxyz").cell
    assert cell.volume == pytest.approx(table["volume_angstrom3"][-1], rel=1e-12)
    assert cell.lengths()[0] == pytest.approx(table["cell_a_angstrom"][-1], rel=1e-12)


def test_dry_run_computes_a_plan_and_writes_nothing(water, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(["npt", str(water), "--dry-run", "--steps", "100000"]) == 0
    said = capsys.readouterr().out
    for word in ("ensemble: npt", "12 atoms", "ns/day", "MiB", "kB per atom"):
        assert word in said
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_replicas_exchange_temperatures_and_have_files_of_their_own(water, tmp_path, capsys):
    out = tmp_path / "run"
    command = ["nvt", str(water), "-o", str(out), "--steps", "40", "--replicas", "3", *PLAN]
    ladder = ["--replica-temperatures-kelvin", "300", "--replica-temperatures-kelvin", "305"]
    ladder += ["--replica-temperatures-kelvin", "310", "--exchange-every", "5"]
    assert run([*command, *ladder, "--trajectory", "extxyz"]) == 0
    assert "3 replicas" in capsys.readouterr().out
    tables = [read_table(out / f"replica-{k:02d}" / "energies.csv") for k in range(3)]
    baths = np.array([table["bath_temperature_kelvin"] for table in tables])
    # At every moment each temperature belongs to one replica; they have moved.
    np.testing.assert_array_equal(np.sort(baths, axis=0), [[300.0] * 8, [305.0] * 8, [310.0] * 8])
    assert np.ptp(baths, axis=1).max() > 0
    energies = np.array([table["potential_energy_ev"] for table in tables])
    assert np.ptp(energies, axis=0).min() > 0
    assert len(read(out / "replica-01" / "trajectory.extxyz", ":")) == 5
    assert len(read(out / "final.extxyz", ":")) == 3
    assert run(["md", "--resume", str(out), "--steps", "50"]) == 0


def test_a_blow_up_leaves_a_flight_record_and_the_last_good_state(tmp_path, capsys):
    atoms = molecule("CH3CH2OH")
    # Two hydrogens of one carbon: each still has its bond, so that the valences are right.
    atoms.set_distance(7, 8, 0.35)
    write(tmp_path / "m.xyz", atoms)
    out = tmp_path / "run"
    command = ["nve", str(tmp_path / "m.xyz"), "-o", str(out), "--timestep-fs", "1.5"]
    assert run(command) == 3
    assert "flight_record.txt" in capsys.readouterr().err
    record = (out / "flight_record.txt").read_text()
    assert "nearest: H 7 0.350 Å" in record
    frames = read(out / "flight_record.extxyz", ":")
    assert [frame.info["step"] for frame in frames] == [0, 1]
    assert np.abs(read(out / "final.extxyz").positions - atoms.positions).max() < 1e-9
