"""Files that expand beyond all measure when they are read, and are refused before that.

A compressed file of 10 MB can hold 10 GB of zeros. No structure or trajectory does so.
"""

import bz2
import gzip
import lzma
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import IO, Any
from zipfile import BadZipFile, ZipFile

import numpy as np

from sundog.errors import FileFormatError

ALWAYS_BYTES = 2**28
"""Size in bytes up to which a file may expand however small it is."""

MOST_TIMES = 100
"""Ratio of a larger expanded size to that of the file; text shrinks five to twenty times."""

_OPEN: dict[str, Callable[[Path], Any]] = {
    ".gz": gzip.GzipFile,
    ".bz2": bz2.BZ2File,
    ".xz": lzma.LZMAFile,
}
"""Functions that open compressed files, by suffix."""


def check_expansion(path: Path) -> None:
    """Refuse a compressed file of text that expands beyond all measure; others are not opened.

    Raises:
        FileFormatError: it does, or it is damaged.
    """
    opened = _OPEN.get(path.suffix.lower())
    if opened is None or not path.is_file():
        return
    bound, size = most_bytes(path), 0
    try:
        with opened(path) as file:
            while block := file.read(2**20):
                size += len(block)
                if size > bound:
                    raise expands(path, f"more than {size} bytes")
    except (OSError, EOFError, lzma.LZMAError) as error:
        raise FileFormatError(f"{path}: cannot be decompressed", got=error) from error


def decompressed(path: Path) -> bytes:
    """Return the bytes of a file, decompressed where its suffix says that it is compressed.

    Raises:
        FileFormatError: it expands beyond all measure, or is damaged.
        OSError: there is no such file.
    """
    check_expansion(path)
    opened = _OPEN.get(path.suffix.lower())
    if opened is None:
        return path.read_bytes()
    with opened(path) as file:
        return file.read()


def check_npz(path: Path) -> None:
    """Refuse an npz file whose arrays are larger than their data, or expand beyond all measure.

    Raises:
        FileFormatError: it is such a file, or no archive.
        OSError: there is no such file.
    """
    try:
        with ZipFile(path) as archive:
            total = sum(member.file_size for member in archive.infolist())
            if total > most_bytes(path):
                raise expands(path, f"{total} bytes")
            for member in archive.infolist():
                with archive.open(member) as file:
                    if (nbytes := _nbytes(file)) > member.file_size:
                        raise FileFormatError(
                            f"{path}: an array is larger than its data",
                            got=f"{member.filename} of {nbytes} bytes in {member.file_size}",
                        )
    except BadZipFile as error:
        raise FileFormatError(f"{path}: not an npz file", got=error) from error


def _nbytes(file: IO[bytes]) -> int:
    """Return the size in bytes that the header of an array claims; 0 where there is no array."""
    try:
        version = np.lib.format.read_magic(file)  # pyright: ignore[reportArgumentType]
        read = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, _, dtype = read(file)  # pyright: ignore[reportArgumentType]
    except (ValueError, KeyError):
        return 0  # numpy says what it is when it is read
    return 0 if dtype.hasobject else prod(shape) * dtype.itemsize


def most_bytes(path: Path) -> int:
    """Return the size in bytes up to which a file may expand."""
    return max(ALWAYS_BYTES, MOST_TIMES * path.stat().st_size)


def expands(path: Path, size: str) -> FileFormatError:
    """Return the error about a file that expands to `size`."""
    return FileFormatError(
        f"{path}: expands beyond all measure",
        got=size,
        expected=f"at most {MOST_TIMES} times the file",
        remedy="If it is sound, store it uncompressed",
    )
