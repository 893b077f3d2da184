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
    """Return a folder with a run in it and files of the user's."""
    run = RunDirectory.create(tmp_path / "run")
    record = {"command_line": ["sundog"], "weights": {"name": "so3lr", "sha256": "0" * 64}}
    run.write_provenance(record | {"input": {"file": "input.pdb", "sha256": "1" * 64}})
    run.write_config({"timestep_fs": 0.5})
    run.checkpoints.mkdir()
    for path in (run.log, run.energies, run.topology, run.final, run.report):
        path.write_text("x")
    run.trajectory(".xtc").write_text("x")
    (run.checkpoints / "checkpoint-000000000010.safetensors").write_text("x")
    (run.path / "input.pdb").write_text("x")
    for name in MINE:
        (run.path / name).parent.mkdir(exist_ok=True)
        (run.path / name).write_text("mine")
    run.release()
    return run


MINE = (
    "notes.txt",
    "trajectory.png",
    "input.yaml",
    "flight_record.md",
    "replica-notes/thesis.txt",
    "replica-00/notes.txt",
    "checkpoints/checkpoint.txt",
)
"""Files of the user beside those of a run."""


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
    with pytest.raises(RunDirectoryError, match="already"):
        RunDirectory.check_new(tmp_path)
    with pytest.raises(RunDirectoryError, match="cannot be the folder"):
        RunDirectory.check_new(next(file for file in tmp_path.iterdir() if file.is_file()))
    assert snapshot(tmp_path) == {"thesis.tex": b"mine"}


def test_overwrite_removes_a_run_and_nothing_else(finished):
    RunDirectory.create(finished.path, overwrite=True)
    assert snapshot(finished.path) == dict.fromkeys(MINE, b"mine")


def test_overwrite_removes_replicas(finished):
    replica = finished.replica(1, 2)
    replica.path.mkdir()
    replica.energies.write_text("x")
    RunDirectory.create(finished.path, overwrite=True)
    assert not replica.energies.exists()


def test_a_run_whose_input_is_not_recorded_is_not_guessed_at(finished):
    finished.write_provenance({"weights": {"name": "so3lr", "sha256": "0" * 64}})
    before = snapshot(finished.path)
    with pytest.raises(RunDirectoryError, match=r"not recorded.*input\.pdb, input\.yaml"):
        RunDirectory.create(finished.path, overwrite=True)
    assert snapshot(finished.path) == before
    (finished.path / "input.yaml").unlink()
    RunDirectory.create(finished.path, overwrite=True)
    assert not (finished.path / "input.pdb").exists()


def test_the_recorded_input_is_read_whatever_lies_beside_it(finished):
    (finished.path / "input.dcd").write_text("mine")
    assert finished.input.name == "input.pdb"
    (finished.path / "input.pdb").unlink()
    with pytest.raises(RunDirectoryError, match=r"is gone.*input\.pdb"):
        finished.input.stat()


def test_a_folder_in_use_is_refused_untouched(finished):
    with RunDirectory.claim(finished.path):
        before = snapshot(finished.path)
        for again in (
            lambda: RunDirectory.create(finished.path, overwrite=True),
            lambda: RunDirectory.claim(finished.path),
        ):
            with pytest.raises(RunDirectoryError, match=r"in use \(got this process\)"):
                again()
        assert snapshot(finished.path) == before
        assert RunDirectory.open(finished.path) == finished
    with RunDirectory.create(finished.path, overwrite=True):
        pass
    assert snapshot(finished.path) == dict.fromkeys(MINE, b"mine")


@pytest.mark.parametrize("text", ["", "[]", "{", "{}", '{"weights": []}', "[" * 100_000, "1e999"])
def test_a_damaged_provenance_is_said(finished, text):
    finished.provenance.write_text(text)
    with pytest.raises(RunDirectoryError, match=r"provenance\.json: damaged.*Restore it"):
        finished.read_provenance()


@pytest.mark.parametrize("text", ["", "[]", "a: [1", "steps", "!!python/name:os.system"])
def test_damaged_settings_are_said(finished, text):
    finished.config.write_text(text)
    with pytest.raises(RunDirectoryError, match=r"config\.yaml: damaged"):
        finished.read_config()


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
    with pytest.raises(RunDirectoryError, match="cannot be the folder"):
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


def left_in(folder):
    """Files that a process leaves when it is killed while it writes."""
    left = [folder / f".{'0f' * 16}.{name}" for name in ("provenance.json", "final.extxyz")]
    left.append(folder / "checkpoints" / f".{'0f' * 16}.checkpoint-000000000020.safetensors")
    for path in left:
        path.parent.mkdir(exist_ok=True)
        path.write_text("half")
    return left


def test_a_folder_with_the_leftovers_of_a_killed_start_is_an_empty_one(tmp_path):
    left = left_in(tmp_path)[:2]
    (tmp_path / "checkpoints").rename(tmp_path.with_name("elsewhere"))
    RunDirectory.check_new(tmp_path)
    assert all(path.exists() for path in left)
    with RunDirectory.create(tmp_path):
        assert [path.name for path in tmp_path.iterdir()] == [".lock"]


def test_leftovers_of_a_run_are_removed_and_nothing_else(finished):
    before = snapshot(finished.path)
    left_in(finished.path)
    (finished.path / f".{'0f' * 16}.notes.txt").write_text("mine")
    finished.remove_leftovers()
    assert snapshot(finished.path) == before | {f".{'0f' * 16}.notes.txt": b"mine"}
