"""Large XYZ files, read piece by piece."""

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from ase import Atoms

from sundog.errors import FileFormatError, SundogError
from sundog.io.reading import read_structures

Report = Callable[[str], None]

LARGE = 64 * 2**20
"""Number of bytes from which on a file is read in pieces."""

FRAMES = 2000
"""Number of frames in a piece."""


def stream_structures(path: Path, report: Report) -> Iterator[Atoms]:
    """Yield the structures of a file, of large XYZ files without holding them all.

    Args:
        path: structure file.
        report: called with a line about what is not used, for each piece anew.

    Raises:
        SundogError: a frame cannot be read; of pieces the first frame is named.
    """
    if path.suffix.lower() not in (".xyz", ".extxyz") or not _is_large(path):
        yield from read_structures(path, report=report)
        return
    said: set[str] = set()

    def once(line: str) -> None:
        if line not in said:
            said.add(line)
            report(line)

    with TemporaryDirectory() as folder:
        piece = Path(folder) / path.name
        for number, text in enumerate(_pieces(path)):
            piece.write_bytes(text)
            try:
                frames = read_structures(piece, report=once)
            except SundogError as error:
                raise FileFormatError(
                    f"{path}: frames from {number * FRAMES} on cannot be read", got=error
                ) from error
            yield from frames


def _is_large(path: Path) -> bool:
    return path.is_file() and path.stat().st_size >= LARGE


def _pieces(path: Path) -> Iterator[bytes]:
    """Yield some thousand frames at a time, as they stand in the file."""
    with path.open("rb") as file:
        lines: list[bytes] = []
        count = 0
        while first := file.readline():
            lines.append(first)
            # What is no number is an error or belongs to the frame before: the reader says so.
            atoms = int(first) if first.strip().isdigit() else -1
            lines += islice(file, atoms + 1)
            count += 1
            if count == FRAMES:
                yield b"".join(lines)
                lines, count = [], 0
        if lines:
            yield b"".join(lines)
