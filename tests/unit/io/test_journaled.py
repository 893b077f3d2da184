"""Transactions on a file: applied whole, or not at all, wherever a crash comes."""

import os
import shutil

import h5py
import numpy as np
import pytest

from sundog.errors import RunDirectoryError
from sundog.io.journaled import PAGE, JournaledFile


def transact(file: JournaledFile, model: bytearray, random: np.random.Generator) -> None:
    """Do the same random writes to the file and to a model of it."""
    for _ in range(random.integers(1, 6)):
        if random.random() < 0.2:
            size = int(random.integers(0, len(model) + 1))
            file.truncate(size)
            del model[size:]
        start = int(random.integers(0, len(model) + 1))
        data = random.bytes(int(random.choice([1, 100, PAGE - 1, 3 * PAGE])))
        file.seek(start)
        assert file.write(memoryview(data)) == len(data)
        model[start : start + len(data)] = data
        assert file.size == len(model)


def content(path) -> bytes:
    """Return a file as whoever mends it sees it, without touching it."""
    file = JournaledFile(path, "r")
    try:
        file.seek(0)
        return file.read(file.size)
    finally:
        file.close()


@pytest.mark.parametrize("seed", range(20))
def test_reads_see_the_transaction_and_the_disk_sees_it_on_commit(tmp_path, seed):
    random = np.random.default_rng(seed)
    path, model = tmp_path / "file", bytearray()
    file = JournaledFile(path, "w")
    for _ in range(6):
        before = path.read_bytes()
        transact(file, model, random)
        assert path.read_bytes() == before
        for start, size in random.integers(0, len(model) + 10, size=(5, 2)).tolist():
            file.seek(start)
            assert file.read(size) == model[start : start + size]
        if random.random() < 0.7:
            file.commit()
            assert path.read_bytes() == model
        else:
            file.discard()
            assert path.read_bytes() == before
            model = bytearray(before)
    file.close()


class Crash(BaseException):
    """Stands for a kill: nothing catches it."""


def crash_after(monkeypatch, calls: int) -> None:
    """Let so many writes to the disk happen, half of the next one, and no more."""
    left = [calls]
    really = {name: getattr(os, name) for name in ("pwrite", "ftruncate")}

    def pwrite(descriptor, data, offset):
        left[0] -= 1
        if left[0] < 0:
            really["pwrite"](descriptor, data[: len(data) // 2], offset)
            raise Crash
        return really["pwrite"](descriptor, data, offset)

    def ftruncate(descriptor, size):
        left[0] -= 1
        if left[0] < 0:
            raise Crash
        really["ftruncate"](descriptor, size)

    monkeypatch.setattr(os, "pwrite", pwrite)
    monkeypatch.setattr(os, "ftruncate", ftruncate)


@pytest.mark.parametrize("seed", range(8))
def test_a_crash_at_any_write_leaves_the_state_before_or_after(tmp_path, monkeypatch, seed):
    path, start = tmp_path / "file", np.random.default_rng(0).bytes(5 * PAGE + 77)
    outcomes = []
    for calls in range(40):
        path.write_bytes(start)
        after = bytearray(start)
        file = JournaledFile(path, "r+")
        transact(file, after, np.random.default_rng(seed))
        with monkeypatch.context() as patch:
            crash_after(patch, calls)
            try:
                file.commit()
            except Crash:
                outcomes.append(None)
        file.close()
        seen = content(path)
        JournaledFile(path, "r+").close()
        # Half an append that was not completed may stay behind what was there.
        assert content(path) == seen == path.read_bytes()
        assert seen == after or seen[: len(start)] == start
        outcomes.append(seen == after)
        if outcomes[-2:] == [True, True]:
            break
    assert outcomes[-1]
    assert False in outcomes


def test_mending_can_be_interrupted_too(tmp_path, monkeypatch):
    path, start = tmp_path / "file", bytes(3 * PAGE)
    path.write_bytes(start)
    file = JournaledFile(path, "r+")
    file.write(b"new" * PAGE)
    with monkeypatch.context() as patch:
        crash_after(patch, 1)
        with pytest.raises(Crash):
            file.commit()
    file.close()
    for calls in (0, 2, 1):
        with monkeypatch.context() as patch:
            crash_after(patch, calls)
            with pytest.raises(Crash):
                JournaledFile(path, "r+")
    JournaledFile(path, "r+").close()
    assert path.read_bytes() == b"new" * PAGE


def test_a_full_disk_leaves_file_and_object_as_they_were(tmp_path, full_disk):
    path = tmp_path / "file"
    file = JournaledFile(path, "w")
    file.write(b"old" * 100)
    file.commit()
    file.seek(0)
    file.write(b"new" * 2000)
    with full_disk(5000), pytest.raises(RunDirectoryError, match=r"file.*holds the 300 bytes"):
        file.commit()
    assert path.read_bytes() == b"old" * 100
    file.seek(file.size)
    file.write(b"more")
    file.commit()
    file.close()
    assert path.read_bytes() == b"old" * 100 + b"more"


def test_hdf5_lives_in_it(tmp_path):
    path = tmp_path / "file"
    file = JournaledFile(path, "w")
    random = np.random.default_rng(1)
    expected: dict[str, np.ndarray] = {}
    for i in range(30):
        with h5py.File(file, "r+" if i else "w", libver=("v108", "v108")) as root:
            name = f"data{i % 7}"
            if name in root:
                del root[name]
            expected[name] = random.normal(size=int(random.integers(1, 5000)))
            root.create_dataset(name, data=expected[name], chunks=True)
        file.commit()
        copy = tmp_path / "copy"
        shutil.copyfile(path, copy)
        with h5py.File(copy) as root:
            for name, data in expected.items():
                np.testing.assert_array_equal(root[name][()], data)
    file.close()
