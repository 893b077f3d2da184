"""HDF5 files from elsewhere, opened only if they are whole in themselves.

Links, datasets and virtual datasets of HDF5 can have their data in any other file of the machine.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py

from sundog.errors import FileFormatError
from sundog.io.expansion import expands, most_bytes


@contextmanager
def open_hdf5(path: Path) -> Iterator[h5py.File]:
    """Open an HDF5 file for reading that is whole in itself.

    Raises:
        FileFormatError: a part of it is in another file, or it expands beyond all measure.
        OSError: there is no such file, or it is of another format.
    """
    with h5py.File(path, "r") as file:
        total = sum(dataset.nbytes for dataset in _own_datasets(file, path))
        if total > most_bytes(path):
            raise expands(path, f"{total} bytes")
        yield file


def _own_datasets(file: h5py.File, path: Path) -> Iterator[h5py.Dataset]:
    """Yield every dataset once; refuse what is elsewhere."""
    library: Any = h5py  # whose parts below its surface have no types
    pending: list[h5py.Group] = [file]
    seen: set[Any] = set()
    while pending:
        group = pending.pop()
        for name in group:
            link = group.get(name, getlink=True)
            if isinstance(link, h5py.ExternalLink):
                raise _elsewhere(path, f"{group.name}/{name}", link.filename)
            if not isinstance(link, h5py.HardLink):
                continue  # a soft link leads to what is visited by another name, or nowhere
            one: Any = group[name]
            address = library.h5o.get_info(one.id).addr
            if address in seen:
                continue
            seen.add(address)
            if isinstance(one, h5py.Group):
                pending.append(one)
            elif isinstance(one, h5py.Dataset):
                if one.external or one.is_virtual:
                    sources = one.virtual_sources() if one.is_virtual else one.external or []
                    where = ", ".join(str(getattr(s, "file_name", s[0])) for s in sources[:3])
                    raise _elsewhere(path, str(one.name), where)
                yield one


def _elsewhere(path: Path, name: str, other: str) -> FileFormatError:
    return FileFormatError(
        f"{path}: {name} is stored in another file, which is not followed",
        got=other,
        remedy="Copy the data into one file, with h5repack or h5py",
    )
