"""Files that expand beyond all measure are refused; sound ones are read."""

import bz2
import gzip
import lzma
import zipfile

import numpy as np
import pytest
from ase.build import molecule
from ase.io import write

from sundog.data.readers import read_dataset
from sundog.errors import FileFormatError
from sundog.io import expansion
from sundog.io.reading import read_structures

PACK = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}


@pytest.fixture
def little(monkeypatch):
    monkeypatch.setattr(expansion, "ALWAYS_BYTES", 10_000)


@pytest.mark.parametrize("suffix", PACK)
def test_a_compressed_bomb_is_refused_before_it_is_parsed(tmp_path, little, suffix):
    path = tmp_path / f"bomb.xyz{suffix}"
    path.write_bytes(PACK[suffix](b"0" * 5_000_000))
    with pytest.raises(FileFormatError, match=r"expands beyond all measure.*uncompressed"):
        read_structures(path)


@pytest.mark.parametrize("suffix", PACK)
def test_a_compressed_structure_is_read(tmp_path, little, suffix):
    write(tmp_path / "m.xyz", [molecule("CH3CH2OH")] * 40)
    path = tmp_path / f"m.xyz{suffix}"
    path.write_bytes(PACK[suffix]((tmp_path / "m.xyz").read_bytes()))
    assert expansion.decompressed(path) == (tmp_path / "m.xyz").read_bytes()
    assert len(read_structures(path)) == 40


def test_a_damaged_archive_is_named(tmp_path):
    (tmp_path / "m.xyz.gz").write_bytes(gzip.compress(b"0" * 1000)[:-20])
    with pytest.raises(FileFormatError, match="cannot be decompressed"):
        read_structures(tmp_path / "m.xyz.gz")


def test_an_npz_that_expands_is_refused(tmp_path, little):
    np.savez_compressed(tmp_path / "a.npz", R=np.zeros((1000, 300, 3)), z=np.ones(300, int))
    with pytest.raises(FileFormatError, match="expands beyond all measure"):
        read_dataset(tmp_path / "a.npz")


def test_an_array_that_claims_more_than_it_holds_is_refused(tmp_path):
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (10000000000, 3), }"
    header = header.ljust(117) + b"\n"
    data = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + b"\0" * 24
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("R.npy", data)
    with pytest.raises(FileFormatError, match="larger than its data"):
        read_dataset(tmp_path / "a.npz")
