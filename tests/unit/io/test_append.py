"""Files that grow by whole records, and begin with one."""

import os
import signal
import subprocess
import sys

import pytest

from sundog.errors import RunDirectoryError
from sundog.io.append import AppendFile
from sundog.io.journaled import JournaledFile

KILLED = """
import os, signal, sys
from pathlib import Path
from sundog.io.append import AppendFile
from sundog.io.journaled import JournaledFile

kind, path = sys.argv[1], Path(sys.argv[2])
write_bytes = Path.write_bytes

def half(self, data):
    write_bytes(self, data[: len(data) // 2])
    os.kill(os.getpid(), signal.SIGKILL)

Path.write_bytes = half
if kind == "append":
    AppendFile(path).append(b"x" * 1000)
else:
    file = JournaledFile(path, "w")
    file.write(b"x" * 1000)
    file.commit()
"""


@pytest.mark.parametrize("kind", ["append", "journaled"])
def test_a_process_that_is_killed_in_its_first_record_leaves_an_empty_file(kind, tmp_path):
    path = tmp_path / "file"
    done = subprocess.run([sys.executable, "-c", KILLED, kind, str(path)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert path.read_bytes() == b""


def test_records_come_one_after_another_from_the_first_on(tmp_path):
    path = tmp_path / "file"
    with AppendFile(path) as file:
        assert path.read_bytes() == b""
        for count, record in enumerate((b"head\n", b"one\n", b"two\n"), start=1):
            file.append(record)
            assert path.read_bytes().count(b"\n") == count
        file.overwrite(0, b"HEAD")
        position = file.position
    with AppendFile(path, position) as file:
        file.append(b"three\n")
    assert path.read_bytes() == b"HEAD\none\ntwo\nthree\n"
    with AppendFile(path, 0) as file:
        file.append(b"anew\n")
    assert path.read_bytes() == b"anew\n"


def test_a_full_disk_leaves_what_was_before(tmp_path, full_disk):
    path = tmp_path / "file"
    with AppendFile(path) as file:
        with full_disk(10), pytest.raises(RunDirectoryError, match="could not be written"):
            file.append(b"x" * 20)
        assert file.position == os.path.getsize(path) == 0
        file.append(b"x" * 20)
        with full_disk(30), pytest.raises(RunDirectoryError, match="20 bytes of whole records"):
            file.append(b"y" * 20)
        file.append(b"z")
    assert path.read_bytes() == b"x" * 20 + b"z"


def test_the_first_transaction_may_fail_and_be_repeated(tmp_path, full_disk):
    file = JournaledFile(tmp_path / "file", "w")
    file.write(b"x" * 20)
    with full_disk(10), pytest.raises(RunDirectoryError):
        file.commit()
    assert (tmp_path / "file").read_bytes() == b""
    file.seek(0)
    file.write(b"y" * 20)
    file.commit()
    file.close()
    assert (tmp_path / "file").read_bytes() == b"y" * 20
