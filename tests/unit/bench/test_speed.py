import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase.build import molecule

from sundog.bench import measure
from sundog.bench.cases import SOURCE_TREE, build_case
from sundog.bench.rounds import Failure, _Runner, find_peer
from sundog.bench.rows import Figures, Row, failed, merged, ns_per_day
from sundog.bench.settings import BenchSettings, names
from sundog.bench.table import cells, markdown, ratio
from sundog.bench.worker import Job, peak_memory_mb
from sundog.errors import FileFormatError, InputError
from sundog.prepare.water import water_box

ASKED = Row(case="water-30", atoms=30, kernels="auto", precision="float32")
BATCH = replace(ASKED, case="molecules-9")


def a_round(force, step, **others):
    figures = {
        "kernels": "cpu",
        "force_seconds": [t * 30e-6 for t in force],
        "step_seconds": [t * 30e-6 for t in step],
        "compile_s": 2.0,
        "startup_s": 3.0,
        "peak_memory_mb": 100.0,
    }
    return Figures.from_json(figures | others)


def test_names_are_taken_once_in_order():
    assert names("plain, cpu,plain,,") == ("plain", "cpu")


@pytest.mark.parametrize(
    ("setting", "value"),
    [("cases", " ,"), ("kernels", ""), ("rounds", 0), ("seconds", 0.0), ("timeout_s", -1.0)],
)
def test_settings_that_cannot_work_are_refused_by_their_name(setting, value):
    with pytest.raises(InputError, match=setting):
        BenchSettings(**{setting: value})


@pytest.mark.parametrize(
    ("name", "atoms", "periodic"),
    [("water-24", 24, True), ("crambin", 2190, True), ("acala15", 162, False)],
)
def test_cases(name, atoms, periodic):
    (structure,) = build_case(name)
    assert len(structure) == atoms
    assert structure.pbc.all() == periodic
    assert structure.info["charge"] == 0


def test_a_batch_of_small_molecules():
    batch = build_case("molecules-100")
    assert len(batch) == 100
    assert min(map(len, batch)) > 1


@pytest.mark.parametrize("name", ["water-25", "water-0", "water", "watter-24", "molecules-999", ""])
def test_unknown_cases_are_refused(name):
    with pytest.raises(InputError, match="cases"):
        build_case(name)


@pytest.mark.parametrize(
    ("told", "periodic", "files"),
    [
        ({"dispersion_tail": True}, False, True),
        ({"cutoff_angstrom": 9.0}, False, True),
        ({"cutoff_angstrom": 9.0, "electrostatics": "exact"}, True, True),
        ({"data_dir": Path("data")}, True, False),
    ],
)
def test_settings_that_no_case_reads_are_refused(told, periodic, files):
    BenchSettings(**{**told, "electrostatics": None}).refuse_unread(periodic=True, files=True)
    with pytest.raises(InputError, match=f"{min(told)}: not used by any of the cases"):
        BenchSettings(**told).refuse_unread(periodic=periodic, files=files)
    BenchSettings().refuse_unread(periodic=False, files=False)


def test_a_missing_file_says_where_it_was_looked_for(tmp_path):
    with pytest.raises(FileFormatError) as error:
        build_case("crambin", tmp_path)
    assert str(tmp_path) in str(error.value)
    assert "data_dir" in str(error.value)


def test_figures_are_medians_over_all_rounds():
    rounds = [
        a_round([10.0, 12.0], [20.0], drift=0.5, checked="fine", electrostatics="exact"),
        a_round([11.0, 30.0, 13.0], [26.0], compile_s=4.0, peak_memory_mb=200.0, drift=9.0),
    ]
    row = merged(replace(ASKED, cutoff_angstrom=12.0), rounds)
    assert row.kernels == "cpu"
    assert row.force_us_per_atom == pytest.approx(12.0)
    assert row.force_spread == pytest.approx([10.0, 30.0])
    assert row.step_us_per_atom == pytest.approx(23.0)
    assert [row.compile_s, row.peak_memory_mb, row.drift] == [3.0, 150.0, 0.5]
    assert row.ns_per_day == pytest.approx(0.5e-6 * 86400 / (23e-6 * 30))
    assert row.cutoff_angstrom is None  # all pairs
    assert row.rounds == 2
    again = json.loads(json.dumps(row.json(), allow_nan=False))
    assert Row.from_json(again) == row


def test_a_batch_has_no_steps():
    row = merged(ASKED, [a_round([10.0], [], startup_s=None)])
    empty = ("step_us_per_atom", "step_spread", "ns_per_day", "startup_s", "drift")
    assert [getattr(row, name) for name in empty] == [None] * 5


def test_table_compares_with_the_first_kernels_of_a_case():
    slow = merged(ASKED, [a_round([10.0], [20.0], kernels="plain")])
    fast = merged(ASKED, [a_round([2.0], [5.0])])
    batch = merged(BATCH, [a_round([4.0], [], kernels="plain")])
    lost = failed(BATCH, "killed")
    assert ratio(fast, slow) == pytest.approx(4.0)
    headings, body = cells([slow, fast, batch, lost])
    column = headings.index("speed / plain")
    assert [line[column] for line in body] == ["1", "4", "1", "–"]
    text = markdown([slow, fast, batch, lost]).splitlines()
    assert len(text) == 6
    assert {line.count("|") for line in text} == {len(headings) + 1}
    assert "10 (10–10)" in text[2]


def test_treatments_are_rows_of_their_own():
    rows = [
        merged(ASKED, [a_round([10.0], [time], electrostatics=name)])
        for name, time in (("truncated", 20.0), ("ewald", 16.0))
    ]
    headings, body = cells(rows)
    assert [line[headings.index("electrostatics")] for line in body] == ["truncated", "ewald"]
    assert [line[headings.index("speed / cpu truncated")] for line in body] == ["1", "1.25"]


def test_treatments_are_names_separated_by_commas():
    assert BenchSettings().treatments == (None,)
    assert BenchSettings(electrostatics="ewald, truncated").treatments == ("ewald", "truncated")
    with pytest.raises(InputError, match="electrostatics"):
        BenchSettings(electrostatics="ewald,ewold")


def test_the_tail_is_for_periodic_cases(monkeypatch):
    monkeypatch.setattr(measure, "load", lambda hamiltonian: hamiltonian.dispersion_tail)
    for told in (True, False):
        settings = BenchSettings(dispersion_tail=told)
        assert measure.load_for(settings, [molecule("H2O")]) is False
        assert measure.load_for(settings, [water_box(1)]) is told


def test_speed_in_ns_per_day():
    assert ns_per_day(0.0432) == pytest.approx(1.0)


def test_a_job_survives_its_file(tmp_path):
    settings = BenchSettings(cases="water-24", steps=7, timeout_s=33.0)
    job = Job(
        structure=tmp_path / "a.extxyz",
        kernels="cpu",
        start=None,
        spawned=1.5,
        extras=False,
        settings=settings,
    )
    assert Job.from_json(job.to_json()) == job


def test_peak_memory_is_that_of_this_process():
    block = np.ones(20_000_000)
    assert peak_memory_mb() > block.nbytes / 2**20


def runner(tmp_path, timeout_s=20.0):
    return _Runner(BenchSettings(timeout_s=timeout_s), tmp_path, {}, None)


def test_a_process_that_hangs_or_dies_is_a_failure(tmp_path, capsys):
    hangs = runner(tmp_path, 0.5)._start([sys.executable, "-c", "import time; time.sleep(60)"])
    assert isinstance(hangs, Failure)
    assert "timeout_s" in hangs.message
    dies = runner(tmp_path)._start([sys.executable, "-c", "raise ValueError('oops')"])
    assert isinstance(dies, Failure)
    assert "oops" in dies.message
    assert "Traceback" in capsys.readouterr().err


def test_a_process_that_refuses_is_a_failure_with_its_exit_code(tmp_path):
    code = """import sys; open(sys.argv[1], 'w').write('{"error": "no", "exit_code": 2}')"""
    outcome = runner(tmp_path)._start([sys.executable, "-c", code])
    assert outcome == Failure("no", 2)


def test_peers_are_found_beside_the_source():
    with pytest.raises(InputError, match="make peers"):
        find_peer(Path("no-such-python"))
    assert find_peer(Path(sys.executable)).script.is_relative_to(SOURCE_TREE)
