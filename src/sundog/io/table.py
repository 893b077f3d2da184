"""`EnergyTable`: the numbers of a run, one row a report, as comma-separated values.

The first line names the columns, with units (`time_ps`, `potential_energy_ev`).
Numbers are written in full: reading gives back the same bits.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from sundog.errors import FileFormatError, InputError
from sundog.io.append import AppendFile, held_up_to

INTEGER_COLUMNS = frozenset({"step"})
"""Columns that count; every other column is a float."""


class EnergyTable:
    """Write a table chunk by chunk; each chunk is in the file when `write` returns.

    Attributes:
        columns: their names, in order.
    """

    def __init__(self, path: Path, columns: Sequence[str], resume_at: int | None = None):
        """Start a table with a header, or continue one at an earlier `position`.

        Args:
            path: path of the file.
            columns: their names, in order.
            resume_at: `position` to continue at; None starts the table.

        Raises:
            InputError: no columns, a name twice, a name with a comma, quote or line break, or
                other columns than those of the table that is continued.
            RunDirectoryError: the file cannot be written.
        """
        self.columns = tuple(columns)
        unusable = [name for name in self.columns if not name or set(name) & set(',"\n\r')]
        if not self.columns or unusable or len(set(self.columns)) < len(self.columns):
            raise InputError("columns: a table needs distinct, plain names", got=list(self.columns))
        header = (",".join(self.columns) + "\n").encode()
        if resume_at and path.exists():
            _check_header(path, header)
        self._file = AppendFile(path, resume_at)
        if resume_at is None:
            self._file.append(header)

    @property
    def position(self) -> int:
        """Length of the file in bytes; a resumed run continues there."""
        return self._file.position

    @staticmethod
    def held_up_to(path: Path, position: int) -> bool:
        """Return whether the table at `path` can be continued at `position`; it is not changed."""
        return held_up_to(path, position)

    def write(self, chunk: Mapping[str, np.ndarray | int | float]) -> None:
        """Append rows, given as one value or one array per column.

        Raises:
            InputError: the columns are not those of the table, or their lengths differ.
            RunDirectoryError: the disk is full; the table ends with the chunk before.
        """
        if set(chunk) != set(self.columns):
            raise InputError(
                "chunk: its columns are not those of the table",
                got=sorted(chunk),
                expected=", ".join(sorted(self.columns)),
            )
        values = [np.atleast_1d(np.asarray(chunk[name])).tolist() for name in self.columns]
        if len({len(column) for column in values}) > 1:
            raise InputError(
                "chunk: its columns differ in length",
                got={name: len(v) for name, v in zip(self.columns, values, strict=True)},
            )
        rows = "".join(",".join(map(repr, row)) + "\n" for row in zip(*values, strict=True))
        self._file.append(rows.encode())

    def flush(self) -> None:
        """Wait until the rows are on the disk."""
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> "EnergyTable":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _check_header(path: Path, header: bytes) -> None:
    """Refuse to continue a table under another header."""
    with path.open("rb") as file:
        before = file.readline()
    if before != header:
        names = [set(one.decode().strip().split(",")) for one in (before, header)]
        raise InputError(
            f"{path.name}: the table cannot be continued with other columns",
            got=f"only one of the two has {', '.join(sorted(names[0] ^ names[1]))}",
            remedy="Use the observers of the run that is continued",
        )


def read_table(path: str | Path) -> dict[str, np.ndarray]:
    """Return the columns of a table by name; `step` as integers, the rest as floats.

    A last line without its line break was being written when the run was killed
    and is left out.

    Raises:
        FileFormatError: the file is missing, has no header, or a row does not fit it.
    """
    path = Path(path)
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise FileFormatError(
            f"{path}: not a readable table", got=error, remedy="Give the energies.csv of a run"
        ) from error
    header, *lines = text.split("\n")[:-1] or [""]
    names = header.split(",")
    if not header:
        raise FileFormatError(
            f"{path}: the table is empty", remedy="Give the energies.csv of a run"
        )
    try:
        rows = [[float(value) for value in line.split(",")] for line in lines]
        data = np.array(rows, dtype=np.float64).reshape(len(rows), len(names))
    except ValueError as error:
        raise FileFormatError(
            f"{path}: a row does not fit the header",
            got=error,
            expected=f"{len(names)} numbers a line",
            remedy="Remove the damaged line",
        ) from error
    columns = dict(zip(names, data.T, strict=True))
    return {
        name: column.astype(np.int64) if name in INTEGER_COLUMNS else column
        for name, column in columns.items()
    }
