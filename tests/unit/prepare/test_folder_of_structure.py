"""A folder of a prepared structure that was killed while it was written can be replaced."""

from pathlib import Path

import pytest

from sundog.errors import RunDirectoryError
from sundog.prepare.folder import FILES, RECORD, _replacing_folder, check_folder


def write(path, text):
    with _replacing_folder(path) as scratch:
        for name in FILES:
            (scratch / name).write_text(text)


def test_files_take_the_place_of_those_before(tmp_path):
    path = tmp_path / "out"
    for text in ("one", "two"):
        write(path, text)
        assert {file.name for file in path.iterdir()} == FILES
        assert {file.read_text() for file in path.iterdir()} == {text}
    assert [one.name for one in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("moved", range(len(FILES)))
def test_whenever_it_stops_the_folder_may_be_replaced(moved, before, tmp_path, monkeypatch):
    path, left = tmp_path / "out", iter(range(moved))
    if before:
        write(path, "one")
    replace = Path.replace

    def stopping(self, target):
        if next(left, None) is None:
            raise KeyboardInterrupt
        return replace(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", stopping)
        with pytest.raises(KeyboardInterrupt):
            write(path, "two")
    assert moved == 0 or (path / RECORD).exists()
    check_folder(path, overwrite=True)
    write(path, "three")
    assert {file.read_text() for file in path.iterdir()} == {"three"}


def test_what_a_killed_process_left_beside_it_is_removed(tmp_path):
    left, mine = tmp_path / ".out.prepared.ab_12345", tmp_path / ".out.mine"
    for folder in (left, mine):
        folder.mkdir()
        (folder / "structure.cif").write_text("half")
    write(tmp_path / "out", "one")
    assert sorted(one.name for one in tmp_path.iterdir()) == [".out.mine", "out"]


def test_a_folder_of_others_is_never_replaced(tmp_path):
    write(tmp_path, "one")
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(RunDirectoryError, match=r"thesis\.tex"):
        check_folder(tmp_path, overwrite=True)
