"""No run overwrites another, and nothing foreign is ever removed."""

import json

import pytest
import yaml

from sundog.errors import RunDirectoryError
from sundog.runs.directory import RunDirectory
from sundog.runs.provenance import collect_provenance


def snapshot(folder) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def finished(tmp_path):
    """Return a folder with a run in it and a file of the user's."""
    run = RunDirectory.create(tmp_path / "run")
    run.write_provenance({"command_line": ["sundog"]})
    run.write_config({"timestep_fs": 0.5})
    run.checkpoints.mkdir()
    for path in (run.log, run.energies, run.topology, run.final, run.report):
        path.write_text("x")
    run.trajectory(".xtc").write_text("x")
    (run.checkpoints / "checkpoint_10.npz").write_text("x")
    (run.path / "input.pdb").write_text("x")
    (run.path / "notes.txt").write_text("mine")
    (run.path / "trajectory.png").write_text("mine too")
    return run


def test_a_new_folder_with_its_parents(tmp_path):
    run = RunDirectory.create(tmp_path / "a" / "b")
    assert run.path.is_dir()
    assert not run.exists


def test_an_empty_folder_is_taken(tmp_path):
    assert RunDirectory.create(tmp_path).path == tmp_path


def test_a_folder_with_a_run_is_refused_untouched(finished):
    before = snapshot(finished.path)
    with pytest.raises(RunDirectoryError, match=r"holds a run already.*overwrite=True") as caught:
        RunDirectory.create(finished.path)
    assert caught.value.exit_code == 2
    assert snapshot(finished.path) == before


def test_a_folder_with_other_files_is_refused_untouched(tmp_path):
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(RunDirectoryError, match=r"holds files already \(got thesis\.tex\)"):
        RunDirectory.create(tmp_path)
    assert snapshot(tmp_path) == {"thesis.tex": b"mine"}


def test_overwrite_removes_a_run_and_nothing_else(finished):
    RunDirectory.create(finished.path, overwrite=True)
    assert snapshot(finished.path) == {"notes.txt": b"mine", "trajectory.png": b"mine too"}


def test_overwrite_spares_files_that_only_look_like_a_run(tmp_path):
    (tmp_path / "trajectory.xtc").write_text("from elsewhere")
    with pytest.raises(RunDirectoryError, match="files that no run wrote"):
        RunDirectory.create(tmp_path, overwrite=True)
    assert snapshot(tmp_path) == {"trajectory.xtc": b"from elsewhere"}


def test_overwrite_beside_foreign_files(tmp_path):
    (tmp_path / "thesis.tex").write_text("mine")
    RunDirectory.create(tmp_path, overwrite=True)
    assert snapshot(tmp_path) == {"thesis.tex": b"mine"}


def test_overwrite_spares_the_input_of_the_new_run(finished):
    before = snapshot(finished.path)
    with pytest.raises(RunDirectoryError, match=r"an input of the new run.*final\.extxyz"):
        RunDirectory.create(finished.path, overwrite=True, inputs=[finished.final])
    assert snapshot(finished.path) == before


def test_a_file_in_the_place_of_the_folder(tmp_path):
    (tmp_path / "run").write_text("mine")
    with pytest.raises(RunDirectoryError, match="cannot be made the folder"):
        RunDirectory.create(tmp_path / "run")
    assert (tmp_path / "run").read_text() == "mine"


def test_open_needs_a_run(finished, tmp_path):
    assert RunDirectory.open(finished.path) == finished
    with pytest.raises(RunDirectoryError, match="no run here"):
        RunDirectory.open(tmp_path)


def test_settings_and_provenance_are_readable(tmp_path):
    run = RunDirectory.create(tmp_path / "run")
    settings = {"timestep_fs": 0.5, "ensemble": "nvt", "cutoffs": [1, 2], "device": None}
    provenance = collect_provenance(
        command_line=["sundog", "nvt", "water.xyz"],
        weights_name="so3lr",
        weights_sha256="0" * 64,
        device="cpu",
    )
    run.write_config(settings)
    run.write_provenance(provenance)
    assert yaml.safe_load(run.config.read_text()) == settings
    assert list(yaml.safe_load(run.config.read_text())) == list(settings)
    assert json.loads(run.provenance.read_text()) == provenance
    assert run.exists


def test_provenance_names_versions_and_no_host():
    import platform

    provenance = collect_provenance(
        command_line=["sundog"], weights_name="a", weights_sha256="b", device="cpu"
    )
    assert provenance["packages"]["numpy"]
    assert provenance["weights"] == {"name": "a", "sha256": "b"}
    assert platform.node() not in json.dumps(provenance)


@pytest.mark.parametrize(
    ("source", "copy"),
    [
        ("water.xyz", "input.xyz"),
        ("POSCAR", "input.POSCAR"),
        ("1crn.v2.pdb", "input.pdb"),
        ("water.xyz.gz", "input.xyz.gz"),
    ],
)
def test_the_input_is_copied_under_its_format(tmp_path, source, copy):
    (tmp_path / source).write_text("content")
    run = RunDirectory.create(tmp_path / "run")
    path = run.copy_input(tmp_path / source)
    assert path.name == copy
    assert path.read_text() == "content"
