"""What several verbs do with their outputs: locks, names of folders and files."""

import pytest

from sundog.cli.app import VERBS, run
from sundog.cli.options import locked
from sundog.errors import RunDirectoryError
from sundog.locks import lock_file, lock_folder

FILE, FOLDER = "OUT/results.extxyz", "OUT/folder"
"""Outputs, in a folder that stands for OUT."""

WRITING = {
    "analyze": ["analyze", "STRUCTURE", "-o", FOLDER],
    "bench": ["bench", "--json", FILE],
    "coverage, json": ["coverage", "STRUCTURE", "--json", FILE],
    "coverage, reference": ["coverage", "STRUCTURE", "--save", "OUT/results.json"],
    "coverage, folder": ["coverage", "STRUCTURE", "-o", FOLDER],
    "data make": ["data", "make", "STRUCTURE", "-o", FOLDER],
    "data show": ["data", "show", "STRUCTURE", "-o", "OUT/page.html"],
    "data split": ["data", "split", "STRUCTURE", "-o", FOLDER],
    "evaluate, json": ["evaluate", "--data", "STRUCTURE", "--json", FILE],
    "evaluate, folder": ["evaluate", "--suite", "quick", "-o", FOLDER],
    "explain, json": ["explain", "STRUCTURE", "--json", FILE],
    "explain, folder": ["explain", "STRUCTURE", "-o", FOLDER],
    "md": ["md", "--resume", FOLDER],
    "minimize": ["minimize", "STRUCTURE", "-o", FILE],
    "predict": ["predict", "STRUCTURE", "-o", FILE],
    "prepare": ["prepare", "STRUCTURE", "-o", FOLDER],
    "prepare polyalanine": ["prepare", "polyalanine", "-o", FILE],
    "prepare water": ["prepare", "water", "-o", FILE],
    "protocol": ["protocol", "--resume", FOLDER],
    "recipe": ["recipe", "run", "fig3a", "-o", FOLDER],
    "report": ["report", "STRUCTURE", "-o", "OUT/page.html"],
    "train": ["train", "--resume", FOLDER],
    "tune": ["tune", "STRUCTURE", "--json", FILE],
}
"""Command lines of all verbs that write, by what they write."""


def test_every_verb_that_writes_is_here():
    assert {words[0] for words in WRITING.values()} == VERBS.keys() - {"cite", "doctor", "weights"}


@pytest.mark.parametrize("case", WRITING)
def test_what_another_process_writes_is_refused(case, tmp_path, capsys):
    structure = tmp_path / "one.extxyz"
    structure.write_text('1\nLattice="9 0 0 0 9 0 0 0 9"\nAr 0 0 0\n')
    words = [word.replace("OUT", str(tmp_path)) for word in WRITING[case]]
    words = [str(structure) if word == "STRUCTURE" else word for word in words]
    output = next(
        tmp_path / word for word in words if word.startswith(f"{tmp_path}/") and "one" not in word
    )
    if case in ("md", "protocol", "train"):
        output.mkdir()
        for name in ("provenance.json", "protocol.yaml", "structure.txt", "training.json"):
            (output / name).write_text("{}")
        lock = lock_folder(output)
    else:
        lock = lock_file(output)
    before = sorted(tmp_path.rglob("*"))
    with lock:
        assert run(words) == 2
        assert f"{output.name}: in use" in capsys.readouterr().err
        assert sorted(tmp_path.rglob("*")) == before


def test_several_outputs_are_locked_together_and_let_go(tmp_path):
    one, two = tmp_path / "one.json", tmp_path / "two"
    with locked(one, None, two):
        for path in (one, two):
            with pytest.raises(RunDirectoryError, match="in use"):
                lock_file(path)
    with lock_file(two), pytest.raises(RunDirectoryError, match="two: in use"), locked(one, two):
        pytest.fail("one of them is in use")
    assert not list(tmp_path.iterdir())
