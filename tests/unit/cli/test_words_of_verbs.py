"""Files that verbs read and write, and how the command line answers what it does not know."""

import pytest

from sundog.cli import app
from sundog.cli.app import SHORTHANDS, VERBS, run
from sundog.cli.show.tables import make_folder, write_table
from sundog.cli.verbs.protocol import read_protocol
from sundog.errors import FileFormatError, RunDirectoryError
from sundog.locks import lock_file
from sundog.weights import store as weights_verb


def test_tables_quote_what_has_commas(tmp_path):
    path = tmp_path / "table.csv"
    write_table(path, [["name", "energy_ev"], ["a, b", -1.5], ['"c"', None]])
    assert path.read_text() == 'name,energy_ev\n"a, b",-1.5\n"""c""",\n'


def test_no_cell_of_a_table_is_a_formula(tmp_path):
    write_table(tmp_path / "table.csv", [["name"], ['=HYPERLINK("x")']])
    assert (tmp_path / "table.csv").read_text().splitlines()[1].startswith("\"'=")


def test_a_folder_is_made_used_again_or_refused_in_words(tmp_path):
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
    (tmp_path / "file").write_text("")
    with pytest.raises(RunDirectoryError, match="file cannot be made"):
        make_folder(tmp_path / "file")


def test_stages_have_the_keys_of_all_and_begin_with_the_momenta_before(tmp_path):
    path = tmp_path / "protocol.yaml"
    path.write_text(
        "steps: 10\ntimestep_fs: 0.5\nstages:\n"
        "  - name: warm\n    steps: 20\n  - name: run\n  - name: anew\n    momenta: thermal\n"
    )
    assert read_protocol(path) == [
        {"steps": 20, "timestep_fs": 0.5, "name": "warm"},
        {"momenta": "structure", "frame": None, "steps": 10, "timestep_fs": 0.5, "name": "run"},
        {"momenta": "thermal", "frame": None, "steps": 10, "timestep_fs": 0.5, "name": "anew"},
    ]


@pytest.mark.parametrize(
    "text", ["steps: 10", "stages: []", "stages: [{steps: 3}]", "stages: [{name: a/b}]", "- 1"]
)
def test_what_is_no_protocol_is_refused(tmp_path, text):
    path = tmp_path / "protocol.yaml"
    path.write_text(text)
    with pytest.raises(FileFormatError, match=r"not a (protocol|list of settings)"):
        read_protocol(path)


def test_shorthands_stand_for_verbs():
    assert {words[0] for words in SHORTHANDS.values()} <= set(VERBS)
    assert not set(SHORTHANDS) & set(VERBS)


def test_a_verb_that_there_is_not_ends_with_2_and_the_nearest_one(capsys):
    assert run(["minimise"]) == 2
    told = capsys.readouterr()
    assert "minimize" in told.out + told.err


def test_a_config_without_a_file_is_refused(capsys):
    assert run(["md", "--config"]) == 2
    assert "--config: the file is missing" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--config", "none.yaml"], ["--config=none.yaml"]])
def test_a_config_that_there_is_not_is_named(words, capsys):
    assert run(["md", *words]) == 2
    assert "none.yaml: there is no such file" in capsys.readouterr().err


def test_flags_with_an_equals_sign_are_the_same(tmp_path, capsys):
    assert run(["md", f"--resume={tmp_path / 'nowhere'}"]) == 2
    assert "no run here" in capsys.readouterr().err
    (tmp_path / "c.yaml").write_text("steps: -1\n")
    for words in ([f"--config={tmp_path / 'c.yaml'}"], ["--config", str(tmp_path / "c.yaml")]):
        assert run(["md", "w.xyz", "-o", "out", *words]) == 2
        told = capsys.readouterr()
        assert "steps" in told.out + told.err


def test_a_file_that_the_system_refuses_is_named_and_bugs_are_called_so(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def refused():
        raise PermissionError(13, "Permission denied", "secret.xyz")

    def broken():
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(weights_verb, "list_installed", refused)
    assert run(["weights", "list"]) == 2
    assert "sundog: secret.xyz: Permission denied" in capsys.readouterr().err
    monkeypatch.setattr(weights_verb, "list_installed", broken)
    assert run(["weights", "list"]) == 1
    told = capsys.readouterr().err
    assert "This is a bug of sundog: ZeroDivisionError" in told
    (report,) = tmp_path.glob("sundog-bug-*.txt")
    assert "Traceback" in report.read_text()


def test_two_predictions_into_one_file_are_one_too_many(tmp_path, capsys):
    (folder := tmp_path / "folder").mkdir()
    (source := tmp_path / "he.xyz").write_text("1\n\nHe 0 0 0\n")
    output = folder / "out.xyz"
    with lock_file(output):
        assert run(["predict", str(source), "-o", str(output), "--overwrite"]) == 2
        assert "out.xyz: in use (got this process)" in capsys.readouterr().err
    assert run(["predict", str(source), "-o", str(folder / "nowhere" / "out.xyz")]) == 2
    assert "no such folder" in capsys.readouterr().err
    assert not list(folder.iterdir())


def test_a_protocol_hands_its_page_on_to_every_stage(tmp_path, monkeypatch):
    file, structure, seen = tmp_path / "p.yaml", tmp_path / "s.xyz", []
    file.write_text("steps: 10\nstages:\n  - name: one\n")
    structure.write_text("1\n\nHe 0 0 0\n")
    own = app.run

    def leave(arguments):
        return own(arguments) if arguments[0] == "protocol" else seen.append(arguments) or 3

    monkeypatch.setattr(app, "run", leave)
    asked = ["protocol", str(file), str(structure), "-o", str(tmp_path / "out")]
    assert app.run([*asked, "--live"]) == 3
    assert app.run(["protocol", "--resume", str(tmp_path / "out")]) == 3
    assert ["--live" in one for one in seen] == [True, False]
