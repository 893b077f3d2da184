"""Small files are written whole or not at all."""

import os
import stat

import pytest

from sundog.errors import InputError, RunDirectoryError
from sundog.files import leftovers, replacing, write_atomically


@pytest.mark.parametrize("content", ["σ = 1 Å\n", b"\x00\xff"])
def test_content_arrives(tmp_path, content):
    write_atomically(tmp_path / "a", content)
    expected = content.encode() if isinstance(content, str) else content
    assert (tmp_path / "a").read_bytes() == expected
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_full_disk_leaves_the_old_file(tmp_path, full_disk):
    path = tmp_path / "a"
    write_atomically(path, "old")
    with full_disk(100), pytest.raises(RunDirectoryError, match="as it was before"):
        write_atomically(path, "new" * 100)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failing_block_leaves_the_old_file(tmp_path):
    path = tmp_path / "a"
    write_atomically(path, "old")
    with pytest.raises(ArithmeticError), replacing(path) as scratch:
        raise ArithmeticError(scratch.write_text("half"))
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_permissions_are_the_usual_ones(tmp_path):
    (tmp_path / "usual").write_text("")
    write_atomically(tmp_path / "a", "")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(RunDirectoryError, match="No such file or directory"):
        write_atomically(tmp_path / "nowhere" / "a", "")


def test_the_folder_is_synchronised_once_the_name_is_in_it(tmp_path, monkeypatch):
    seen = []

    def fsync(descriptor):
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        seen.append((is_folder, (tmp_path / "a").exists()))

    monkeypatch.setattr(os, "fsync", fsync)
    write_atomically(tmp_path / "a", "content")
    assert seen == [(False, False), (True, True)]


def test_the_error_can_be_the_callers_own(tmp_path):
    with pytest.raises(InputError, match=r"nowhere.*as it was before"):
        write_atomically(
            tmp_path / "nowhere" / "a", "", failure=lambda p, _, state: InputError(f"{p}: {state}")
        )


def test_what_a_killed_process_leaves_is_known(tmp_path):
    with replacing(tmp_path / "00-heat.yaml") as scratch:
        scratch.write_text("half")
        assert leftovers(tmp_path, ["[0-9][0-9]-*.yaml"]) == [scratch]
        assert leftovers(tmp_path, ["00-heat.y", "heat.yaml"]) == []
    (tmp_path / f".{'0' * 32}.a").mkdir()
    (tmp_path / f".{'1' * 32}.a").symlink_to(tmp_path / "00-heat.yaml")
    (tmp_path / f".{'2' * 31}.a").write_text("mine")
    assert leftovers(tmp_path, ["*"]) == []
