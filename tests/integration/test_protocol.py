"""`sundog protocol`: stages from one file, checked as a whole, resumed where they stopped."""

import itertools
import shutil

import numpy as np
import pytest
import yaml
from ase.io import read

from sundog.cli.app import run
from sundog.io.extxyz import write_extxyz
from sundog.io.table import read_table
from sundog.locks import lock_folder
from sundog.prepare.water import water_box

STAGES = [
    {"name": "heat", "temperature_kelvin": 50, "temperature_end_kelvin": 300, "steps": 20},
    {"name": "equilibrate", "ensemble": "npt", "steps": 20},
    {"name": "production", "thermostat": "bussi", "steps": 20},
]
SHARED = {"sample_every": 5, "frame_every": 10, "checkpoint_minutes": 0}


def files(folder, stages=STAGES, **more):
    write_extxyz(folder / "w.extxyz", water_box(4))
    (folder / "p.yaml").write_text(yaml.safe_dump({**SHARED, **more, "stages": stages}))
    return [str(folder / "p.yaml"), str(folder / "w.extxyz"), "-o", str(folder / "out")]


def test_stages_go_on_from_one_another_and_resume(tmp_path, capsys):
    assert run(["protocol", *files(tmp_path)]) == 0
    out = tmp_path / "out"
    names = ["01-heat", "02-equilibrate", "03-production"]
    assert sorted(path.name for path in out.iterdir() if path.is_dir()) == names
    baths = read_table(out / "01-heat" / "energies.csv")["bath_temperature_kelvin"]
    np.testing.assert_allclose(baths, [112.5, 175.0, 237.5, 300.0])
    for before, after in itertools.pairwise(names):
        end, begin = read(out / before / "final.extxyz"), read(out / after / "input.extxyz")
        np.testing.assert_array_equal(end.get_momenta(), begin.get_momenta())
        np.testing.assert_array_equal(end.cell.array, begin.cell.array)
    # Checkpoints of stages that are done may be removed; the last stage is killed at its start.
    whole = (out / "03-production" / "energies.csv").read_bytes()
    kept = {}
    for stage in names[:2]:
        shutil.rmtree(out / stage / "checkpoints")
        kept |= {path: path.read_bytes() for path in (out / stage).iterdir()}
    shutil.rmtree(out / "03-production")
    assert run(["protocol", "--resume", str(out)]) == 0
    assert (out / "03-production" / "energies.csv").read_bytes() == whole
    assert {path: path.read_bytes() for path in kept} == kept
    # A stage that is not done and has no checkpoint is kept, and refused.
    shutil.rmtree(out / "03-production" / "checkpoints")
    (out / "03-production" / "final.extxyz").unlink()
    assert run(["protocol", "--resume", str(out)]) == 2
    assert "the checkpoints are gone" in capsys.readouterr().err
    assert (out / "03-production" / "energies.csv").read_bytes() == whole
    with lock_folder(out):
        assert run(["protocol", "--resume", str(out)]) == 2
    assert "in use" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("stages", "words"),
    [
        ([STAGES[0], {"name": "b", "stepss": 5}], "stepss"),
        ([STAGES[0], {"name": "b", "steps": -5}], "In stage b"),
        ([{"steps": 5}], "name"),
        ([], "stages"),
    ],
)
def test_every_stage_is_checked_before_the_first_begins(stages, words, tmp_path, capsys):
    assert run(["protocol", *files(tmp_path, stages)]) == 2
    said = capsys.readouterr()
    assert words in said.err + said.out
    assert not (tmp_path / "out").exists()


def test_a_protocol_is_not_begun_over_another(tmp_path, capsys):
    arguments = files(tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "something").touch()
    assert run(["protocol", *arguments]) == 2
    assert "not empty" in capsys.readouterr().err
    assert run(["protocol", "--resume", str(tmp_path / "out")]) == 2
    assert "no protocol here" in capsys.readouterr().err
