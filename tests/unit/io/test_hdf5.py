"""HDF5 files are read only if they are whole in themselves."""

import h5py
import numpy as np
import pytest

from sundog.data.readers import read_dataset
from sundog.errors import FileFormatError
from sundog.io import expansion


@pytest.fixture
def elsewhere(tmp_path):
    """A file of another owner, so to say."""
    path = tmp_path / "secret.h5"
    with h5py.File(path, "w") as file:
        file["R"] = np.zeros((1, 2, 3))
    (tmp_path / "secret.bin").write_bytes(b"\0" * 48)
    return path


def linked(file, tmp_path):
    file["R"] = h5py.ExternalLink(tmp_path / "secret.h5", "/R")


def stored(file, tmp_path):
    place = [(str(tmp_path / "secret.bin"), 0, 48)]
    file.create_dataset("R", (1, 2, 3), dtype="f8", external=place)


def virtual(file, tmp_path):
    layout = h5py.VirtualLayout((1, 2, 3), "f8")
    layout[:] = h5py.VirtualSource(str(tmp_path / "secret.h5"), "R", shape=(1, 2, 3))
    file.create_virtual_dataset("R", layout)


@pytest.mark.parametrize("make", [linked, stored, virtual])
@pytest.mark.parametrize("group", ["/", "deeper/group"])
def test_data_in_another_file_are_refused(tmp_path, elsewhere, make, group):
    path = tmp_path / "set.h5"
    with h5py.File(path, "w") as file:
        own = file.require_group(group)
        own["z"] = np.array([1, 1])
        make(own, tmp_path)
    with pytest.raises(FileFormatError, match=r"R is stored in another file.*secret"):
        read_dataset(path)


def test_links_within_a_file_are_followed_once(tmp_path):
    with h5py.File(tmp_path / "set.h5", "w") as file:
        file["a/R"], file["a/z"] = np.zeros((2, 2, 3)), np.array([1, 1])
        file["a/positions"] = h5py.SoftLink("/a/R")
        file["a/again"] = file["a"]  # a circle
    assert len(read_dataset(tmp_path / "set.h5")) == 2


def test_a_dataset_without_data_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(expansion, "ALWAYS_BYTES", 10_000)
    with h5py.File(tmp_path / "set.h5", "w") as file:
        file["z"] = np.array([1, 1])
        file.create_dataset("R", (10**9, 2, 3), dtype="f8", chunks=(1000, 2, 3))
    with pytest.raises(FileFormatError, match="expands beyond all measure"):
        read_dataset(tmp_path / "set.h5")
