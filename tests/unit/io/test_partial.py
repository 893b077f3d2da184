import pytest

from sundog.errors import RunDirectoryError
from sundog.io.partial import PartialFile

ORIGIN = {"structures": "abc", "cutoff": 12.0}


def test_a_file_appears_once_it_is_whole(tmp_path):
    path = tmp_path / "out.txt"
    file = PartialFile(path, ORIGIN)
    file.append("one\n")
    assert not path.exists()
    file.append("two\n")
    file.finish()
    assert path.read_text() == "one\ntwo\n"
    assert [p.name for p in tmp_path.iterdir()] == ["out.txt"]


def test_it_goes_on_behind_the_last_whole_part(tmp_path):
    path = tmp_path / "out.txt"
    file = PartialFile(path, ORIGIN)
    file.append("one\n")
    file.close()
    with (tmp_path / "out.txt.partial").open("a") as partial:
        partial.write("half of th")  # the kill came here
    again = PartialFile(path, ORIGIN)
    assert again.done == 1
    again.append("two\n")
    again.finish()
    assert path.read_text() == "one\ntwo\n"


def test_a_part_of_something_else_is_refused_unless_anew(tmp_path):
    path = tmp_path / "out.txt"
    file = PartialFile(path, ORIGIN)
    file.append("one\n")
    file.close()
    with pytest.raises(RunDirectoryError, match=r"another cutoff.*overwrite=True"):
        PartialFile(path, {**ORIGIN, "cutoff": 10.0})
    anew = PartialFile(path, ORIGIN, anew=True)
    assert anew.done == 0
    anew.append("new\n")
    anew.finish()
    assert path.read_text() == "new\n"


def test_a_damaged_state_begins_anew(tmp_path):
    (tmp_path / "out.txt.partial.json").write_text("{")
    file = PartialFile(tmp_path / "out.txt", ORIGIN)
    assert file.done == 0
    file.close()
