"""`TrainingFolder`: the folder of a training run and its files; no run overwrites another unasked.

training.json       provenance: data with their hashes, versions, command line, start
config.yaml         settings, those given and the defaults of the others
training.log        every line of messages with its time
losses.csv          loss, its terms, norm of the gradient and learning rate over the steps
validation.csv      loss and errors of each validation
errors.json         errors of the last validation and of the best one, by element and group
losses.png          loss curves
best.safetensors    weights of the best validation, with their card; last.safetensors the last
state/              the whole state of the run, the last two
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from sundog.errors import FileFormatError, RunDirectoryError
from sundog.files import leftovers, write_atomically, write_failure
from sundog.locks import NAME as LOCK
from sundog.locks import Lock, lock_folder

MARKER = "training.json"
"""Name of the file that makes a folder a training run; it is the first one written."""

OWN_FILES = (
    "config.yaml",
    "training.log",
    "losses.csv",
    "validation.csv",
    "errors.json",
    "losses.png",
    "best.safetensors",
    "best.json",
    "last.safetensors",
    "last.json",
    "state/checkpoint-*.safetensors",
)
"""Patterns of the files that a training run writes; `overwrite` removes these, then the marker."""


@dataclass(frozen=True)
class TrainingFolder:
    """The files of one training run.

    Attributes:
        path: the folder.
        lock: lock that keeps other processes from writing there; None for reading.
    """

    path: Path
    lock: Lock | None = field(default=None, compare=False, repr=False)

    @classmethod
    def check_new(cls, path: Path, overwrite: bool, inputs: Sequence[Path]) -> None:
        """Refuse a folder that cannot be that of a new run; nothing is made.

        Args:
            path: the folder.
            overwrite: whether an earlier training run there is to be replaced.
            inputs: files that the run reads.

        Raises:
            RunDirectoryError: it holds something else, or an input among the files to be removed.
        """
        if path.exists() and not path.is_dir():
            raise RunDirectoryError(f"output: {path} is a file", expected="the name of a folder")
        held = sorted(p.name for p in path.iterdir()) if path.is_dir() else []
        held = [name for name in held if name != LOCK]
        if not held:
            return
        if not (path / MARKER).is_file() or not overwrite:
            run = (path / MARKER).is_file()
            raise RunDirectoryError(
                f"output: {path} holds {'a training run' if run else 'other files'}",
                got=", ".join(held[:4]),
                expected="a new or empty folder",
                remedy="Choose another folder"
                + (", continue it with --resume, or replace it with overwrite=True" if run else ""),
            )
        own = {file.resolve() for file in cls(path).own_files()}
        for one in inputs:
            if Path(one).resolve() in own:
                raise RunDirectoryError(
                    f"output: overwriting {path} would remove an input of the new run",
                    got=one,
                    remedy="Choose another folder",
                )

    @classmethod
    def create(cls, path: Path, overwrite: bool, inputs: Sequence[Path]) -> "TrainingFolder":
        """Make the folder of a new run, and lock it; errors are those of `check_new`.

        Args:
            path: the folder.
            overwrite: whether an earlier training run there is replaced.
            inputs: files that the run reads.
        """
        cls.check_new(path, overwrite, inputs)
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise write_failure(path, error, "Nothing was written") from error
        folder = cls(path, lock_folder(path))
        try:
            cls.check_new(path, overwrite, inputs)
            for file in [*folder.own_files(), *leftovers(path, ["*"])]:
                file.unlink()
        except BaseException:
            folder.release()
            raise
        return folder

    @classmethod
    def claim(cls, path: Path) -> "TrainingFolder":
        """Return the folder of an existing run, locked, to continue it.

        Raises:
            RunDirectoryError: there is no training run, or it is in use.
        """
        if not (path / MARKER).is_file():
            raise RunDirectoryError(
                f"resume: there is no training run in {path}",
                expected=f"a folder with {MARKER}",
                remedy="Check the path",
            )
        folder = cls(path, lock_folder(path))
        for file in leftovers(path, ["*"]):
            file.unlink()
        return folder

    def __enter__(self) -> "TrainingFolder":
        return self

    def __exit__(self, *raised: object) -> None:
        self.release()

    def release(self) -> None:
        """Let other processes write to the folder."""
        if self.lock is not None:
            self.lock.release()

    def own_files(self) -> list[Path]:
        """Return the files of an earlier run, the marker last."""
        found = [file for pattern in OWN_FILES for file in sorted(self.path.glob(pattern))]
        marker = self.path / MARKER
        return [*found, marker] if marker.is_file() else found

    @property
    def log(self) -> Path:
        """Path of the log."""
        return self.path / "training.log"

    @property
    def states(self) -> Path:
        """Path of the folder of states."""
        return self.path / "state"

    @property
    def curves(self) -> Path:
        """Path of the picture of the loss curves."""
        return self.path / "losses.png"

    @property
    def errors(self) -> Path:
        """Path of the errors by label, element and group."""
        return self.path / "errors.json"

    def write_marker(self, provenance: Mapping[str, Any]) -> None:
        """Write the provenance."""
        text = json.dumps(dict(provenance), indent=2, ensure_ascii=False)
        write_atomically(self.path / MARKER, text + "\n")

    def provenance(self) -> dict[str, Any]:
        """Return the provenance.

        Raises:
            FileFormatError: the file is damaged.
        """
        try:
            return json.loads((self.path / MARKER).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise FileFormatError(f"{self.path / MARKER}: cannot be read", got=error) from error

    def write_config(self, settings: Mapping[str, Any]) -> None:
        """Write the settings as YAML."""
        text = yaml.safe_dump(dict(settings), sort_keys=False, allow_unicode=True)
        write_atomically(self.path / "config.yaml", text)

    def table(self, name: str) -> "Table":
        """Return the table `losses` or `validation`."""
        return Table(self.path / f"{name}.csv")


class Table:
    """CSV file that grows by rows, whose first column is the step."""

    def __init__(self, path: Path):
        """Name the file; it is made with the first row."""
        self._path = path

    def add(self, row: Mapping[str, float]) -> None:
        """Add a row; the first one gives the columns.

        Raises:
            RunDirectoryError: the disk is full; rows before are whole.
        """
        new = not self._path.is_file()
        text = io.StringIO()
        writer = csv.DictWriter(text, list(row), lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow({name: _told(value) for name, value in row.items()})
        try:
            with self._path.open("ab") as file:
                file.write(text.getvalue().encode())
        except OSError as error:
            raise write_failure(self._path, error, "Rows before this one are there") from error

    def rows(self) -> list[dict[str, float]]:
        """Return the whole rows of the file; a last one that was cut short is left out."""
        if not self._path.is_file():
            return []
        lines = self._path.read_text(encoding="utf-8").split("\n")[:-1]
        if not lines:
            return []
        names = lines[0].split(",")
        cut = (line.split(",") for line in lines[1:])
        return [
            dict(zip(names, map(float, cells), strict=True))
            for cells in cut
            if len(cells) == len(names) and all(cells)
        ]

    def cut(self, step: int) -> None:
        """Remove the rows after a step, from which the run goes on.

        Raises:
            RunDirectoryError: the file cannot be written; it is as it was.
        """
        if not self._path.is_file():
            return
        lines = self._path.read_text(encoding="utf-8").split("\n")
        kept = [line for line in lines[1:-1] if int(line.split(",")[0] or step + 1) <= step]
        write_atomically(self._path, "\n".join([lines[0], *kept, ""]))


def _told(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.9g}"
