"""Rows of `sundog bench --training`."""

import sys
from pathlib import Path

import pytest

from sundog.bench import training
from sundog.bench.rounds import Peer
from sundog.bench.settings import BenchSettings
from sundog.cli.app import run
from sundog.errors import SimulationError


def test_figures_are_medians_over_all_processes():
    results = [
        {"wall_s": [0.5, 1.0], "cpu_s": [1.0, 1.0], "compile_s": 9, "peak_mb": 100, "atoms": 14},
        {"wall_s": [2.0], "cpu_s": [2.0], "compile_s": 3, "peak_mb": 120, "atoms": 14},
    ]
    row = training._merged("ring", 10, results)
    assert row.structures_per_s == 10.0
    assert row.range_per_s == (5.0, 20.0)
    assert row.structures_per_cpu_s == 10.0
    assert (row.compile_s, row.peak_mb) == (6, 120)
    assert "ring: 10.0 structures/s (5.0 to 20.0)" in row.describe()
    assert row.json()["schema"] == "sundog.bench-training/1"


def test_rows_take_turns_in_processes_of_their_own(monkeypatch):
    asked = []

    def one(command, job, target, limit, environment):
        asked.append(job["layout"])
        assert (command[1:] == ["training.py"]) == (job["layout"] == training.PEER)
        return {"wall_s": [1.0], "cpu_s": [1.0], "compile_s": 1, "peak_mb": 1, "atoms": 14}

    monkeypatch.setattr(training, "_one", one)
    settings = BenchSettings(rounds=2)
    rows = training.measure_training(settings, 8, environment={})
    assert asked == ["flat", "ring", "flat", "ring"]
    assert [row.layout for row in rows] == ["flat", "ring"]
    asked.clear()
    peer = Peer(Path("python"), Path("training.py"))
    rows = training.measure_training(settings, 8, environment={}, peer=peer)
    assert asked == ["flat", "ring", "so3krates-torch"] * 2
    assert [row.layout for row in rows] == ["flat", "ring", "so3krates-torch"]


def test_a_process_that_fails_is_told(tmp_path):
    job = {"layout": "square", "batch": 1, "seconds": 1}
    command = [sys.executable, "-c", "import time; time.sleep(9)"]
    with pytest.raises(SimulationError, match=r"not done after 0\.01 s"):
        training._one(command, job, tmp_path / "result.json", 1e-2, {})
    command = [sys.executable, "-c", "raise SystemExit('no torch')"]
    with pytest.raises(SimulationError, match=r"square failed .*no torch"):
        training._one(command, job, tmp_path / "result.json", 60.0, {})


def test_what_is_not_read_is_refused(capsys):
    assert run(["bench", "--training", "--cases", "water-192"]) == 2
    assert "it reads neither cases" in capsys.readouterr().err
    assert run(["bench", "--training", "--batch", "0"]) == 2
    assert "--batch: not acceptable" in capsys.readouterr().err
