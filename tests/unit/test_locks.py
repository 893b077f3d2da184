"""One process writes at a time; a lock ends with its process, however that ends."""

import errno
import fcntl
import signal
import subprocess
import sys

import pytest

from sundog.errors import RunDirectoryError
from sundog.locks import Lock, lock_file, lock_folder

HOLDS = """
import sys, time
from pathlib import Path
from sundog.locks import lock_folder
lock = lock_folder(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the lock of the folder."""
    command = [sys.executable, "-c", HOLDS, str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_another_process_is_named_and_a_killed_one_holds_nothing(tmp_path, holder):
    with pytest.raises(RunDirectoryError, match=rf"in use \(got process {holder.pid}\)") as caught:
        lock_folder(tmp_path)
    assert caught.value.exit_code == 2
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    lock_folder(tmp_path).release()
    assert not list(tmp_path.iterdir())


def test_this_process_is_another_too_until_the_release(tmp_path):
    path = tmp_path / "out.xyz"
    with lock_file(path) as lock:
        assert lock.warning is None
        with pytest.raises(RunDirectoryError, match=r"out\.xyz: in use \(got this process\)"):
            lock_file(path)
    lock_file(path).release()
    lock.release()
    assert not list(tmp_path.iterdir())


def test_a_lock_that_nobody_refers_to_is_released(tmp_path):
    lock_folder(tmp_path)
    lock_folder(tmp_path).release()


def test_a_file_that_was_removed_while_it_was_opened_is_opened_again(tmp_path, monkeypatch):
    path, calls = tmp_path / ".lock", []

    def flock(descriptor, operation, flock=fcntl.flock):
        if not calls:
            path.unlink()  # the one who held it before has just let go
        calls.append(operation)
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", flock)
    with Lock(path, tmp_path):
        assert len(calls) == 2
        with pytest.raises(RunDirectoryError, match="in use"):
            Lock(path, tmp_path)


def test_a_file_system_without_locks_is_said(tmp_path, monkeypatch):
    def flock(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", flock)
    with lock_folder(tmp_path) as lock:
        assert "has no locks (No locks available)" in str(lock.warning)


def test_a_folder_that_cannot_be_written_is_refused(tmp_path):
    with pytest.raises(RunDirectoryError, match=r"nowhere.*could not be written"):
        lock_folder(tmp_path / "nowhere")


FORKS = """
import os, sys
from pathlib import Path
from sundog.locks import lock_folder
lock = lock_folder(Path(sys.argv[1]))
if (child := os.fork()) == 0:
    lock.release()
    os._exit(0)
os.waitpid(child, 0)
print((Path(sys.argv[1]) / ".lock").exists(), flush=True)
lock_folder(Path(sys.argv[1]))
"""


def test_a_child_leaves_the_lock_of_its_parent(tmp_path):
    command = [sys.executable, "-c", FORKS, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "True\n"
    assert "in use (got this process)" in done.stderr


def test_a_folder_is_locked_beside_it_and_in_it(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    with lock_file(folder), pytest.raises(RunDirectoryError, match="out: in use"):
        lock_folder(folder)
    with lock_folder(folder), pytest.raises(RunDirectoryError, match="out: in use"):
        lock_file(folder)
    lock_folder(folder).release()
    lock_file(folder).release()
    assert [path.name for path in tmp_path.rglob("*")] == ["out"]


def test_files_in_a_folder_that_is_locked_are_its_holders(tmp_path):
    with lock_folder(tmp_path), pytest.raises(RunDirectoryError, match=r"final\.extxyz: in use"):
        lock_file(tmp_path / "final.extxyz")
    lock_file(tmp_path / "final.extxyz").release()


def test_a_folder_has_one_lock_by_all_its_names(tmp_path):
    folder, link = tmp_path / "folder", tmp_path / "link"
    folder.mkdir()
    link.symlink_to(folder)
    with lock_file(link), pytest.raises(RunDirectoryError, match="in use"):
        lock_file(folder)
    with lock_file(folder / "a"), pytest.raises(RunDirectoryError, match="in use"):
        lock_file(link / "a")
    with lock_folder(folder), pytest.raises(RunDirectoryError, match="in use"):
        lock_folder(link)


def test_who_locks_a_file_removes_what_killed_processes_left_of_it(tmp_path):
    left = tmp_path / f".{'0a' * 16}.out[1].json"
    others = [tmp_path / f".{'0a' * 16}.out1.json", tmp_path / ".mine.out[1].json"]
    for path in (left, *others):
        path.write_text("half")
    lock_file(tmp_path / "out[1].json").release()
    assert not left.exists()
    assert all(path.exists() for path in others)
