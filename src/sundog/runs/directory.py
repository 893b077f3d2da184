"""`RunDirectory`: the folder of one run and its layout; no run overwrites another unasked."""

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from glob import escape
from pathlib import Path
from typing import Any, get_args

import yaml

from sundog.errors import FileFormatError, RunDirectoryError
from sundog.files import leftovers, replacing, write_atomically
from sundog.locks import NAME as LOCK
from sundog.locks import Lock, lock_folder
from sundog.names import TrajectoryFormat
from sundog.runs.yaml_files import read_mapping

MARKER = "provenance.json"
"""Name of the file that makes a folder a run; it is the first one written."""

REPLICA_FILES = (
    "energies.csv",
    *(f"trajectory.{name}" for name in get_args(TrajectoryFormat)),
    "topology.pdb",
    "final.pdb",
    "final.cif",
    "report.png",
    *(f"observed/{f}" for f in ("analysis.json", "summary.csv", "*/*.csv", "*/*.p*", "*/*.svg")),
)
"""Names of the files of one replica."""

OWN_FILES = (
    "config.yaml",
    "run.log",
    "final.extxyz",
    "checkpoints/checkpoint-*.safetensors",
    "flight_record.txt",
    "flight_record.extxyz",
    *REPLICA_FILES,
    *(f"replica-[0-9][0-9]*/{name}" for name in REPLICA_FILES),
)
"""Patterns of the files that a run writes; `overwrite` removes these, the copy of the structure
file that the provenance names and last the provenance, and no others."""

COMPRESSED = (".gz", ".bz2", ".xz")
"""Suffixes of compressed structure files, which the copy keeps after that of the format."""


@dataclass(frozen=True)
class RunDirectory:
    """The files of one run by name.

    Attributes:
        path: the folder.
        lock: lock that keeps other processes from writing there; None for reading.
    """

    path: Path
    lock: Lock | None = field(default=None, compare=False, repr=False)

    @classmethod
    def create(
        cls, path: str | Path, overwrite: bool = False, inputs: Sequence[str | Path] = ()
    ) -> "RunDirectory":
        """Make the folder of a new run, and lock it.

        Args:
            path: the folder; it may exist if it is empty.
            overwrite: remove the files of an earlier run there. Other files stay.
            inputs: files that the new run reads, and which must not be among those removed.

        Raises:
            RunDirectoryError: the folder holds a run or other files and `overwrite` is not
                set, holds files named as a run's that are none, holds an input, is in use, or
                cannot be made. Nothing was touched.
        """
        run = cls(Path(path))
        with run._as_refusals():
            run._refuse_what_is_there(overwrite, inputs)
            run.path.mkdir(parents=True, exist_ok=True)
            run = cls(run.path, lock_folder(run.path))
            with run._unlocked_by_errors():
                run._refuse_what_is_there(overwrite, inputs)
                for file in [*run._leftovers(), *run._files_of_earlier_run()]:
                    file.unlink()
        return run

    @classmethod
    def check_new(
        cls, path: str | Path, overwrite: bool = False, inputs: Sequence[str | Path] = ()
    ) -> None:
        """Refuse the folder of a new run where `create` would; nothing is made or locked.

        Args:
            path: the folder.
            overwrite: whether the files of an earlier run there are to be removed.
            inputs: files that the new run reads.

        Raises:
            RunDirectoryError: the folder holds what `create` refuses, or cannot be one.
        """
        run = cls(Path(path))
        with run._as_refusals():
            run._refuse_what_is_there(overwrite, inputs)

    @classmethod
    def open(cls, path: str | Path) -> "RunDirectory":
        """Return the folder of an existing run, to read it.

        Raises:
            RunDirectoryError: there is no run.
        """
        run = cls(Path(path))
        if not run.exists:
            raise RunDirectoryError(
                f"{run.path}: there is no run here",
                expected=f"a folder with {MARKER}",
                remedy="Check the path",
            )
        return run

    @classmethod
    def claim(cls, path: str | Path) -> "RunDirectory":
        """Return the folder of an existing run, locked, to continue it.

        Raises:
            RunDirectoryError: there is no run, or it is in use.
        """
        run = cls.open(path)
        return cls(run.path, lock_folder(run.path))

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentence on what is not guarded where the file system has no locks; else nothing."""
        return (self.lock.warning,) if self.lock is not None and self.lock.warning else ()

    def __enter__(self) -> "RunDirectory":
        return self

    def __exit__(self, *raised: object) -> None:
        self.release()

    def release(self) -> None:
        """Let other processes write to the folder."""
        if self.lock is not None:
            self.lock.release()

    def remove_leftovers(self) -> None:
        """Remove what a killed process left of the files that it was writing; under the lock.

        Raises:
            RunDirectoryError: they cannot be removed.
        """
        with self._as_refusals():
            for file in self._leftovers():
                file.unlink()

    def check_permissions(self) -> None:
        """Refuse a run whose files cannot be written, before any of them is.

        Raises:
            RunDirectoryError: naming the first of them.
        """
        files = self._files_of_earlier_run()
        for path in (*sorted({file.parent for file in files}), *files):
            if not os.access(path, os.W_OK):
                raise RunDirectoryError(
                    f"{path}: may not be written",
                    remedy="Check the permissions; nothing was changed",
                )

    @property
    def exists(self) -> bool:
        """Whether a run was started here."""
        return self.provenance.is_file()

    @property
    def config(self) -> Path:
        """Path of the resolved settings: those given and the defaults of the others."""
        return self.path / "config.yaml"

    @property
    def provenance(self) -> Path:
        """Path of the record of versions, platform, device, weights, command line and start."""
        return self.path / MARKER

    @property
    def log(self) -> Path:
        """Path of the log: every line of messages with its time."""
        return self.path / "run.log"

    @property
    def energies(self) -> Path:
        """Path of the table of energies, temperature and pressure."""
        return self.path / "energies.csv"

    @property
    def topology(self) -> Path:
        """Path of the names of atoms and residues that belong to the trajectory."""
        return self.path / "topology.pdb"

    @property
    def final(self) -> Path:
        """Path of the last structure."""
        return self.path / "final.extxyz"

    @property
    def report(self) -> Path:
        """Path of the plot of the energies."""
        return self.path / "report.png"

    @property
    def checkpoints(self) -> Path:
        """Path of the folder of checkpoints, made with the first of them."""
        return self.path / "checkpoints"

    def replica(self, number: int, replicas: int) -> "RunDirectory":
        """Return the directory of a replica's files: this one, or a folder each for several."""
        if replicas == 1:
            return self
        return RunDirectory(self.path / f"replica-{number:02d}")

    @property
    def input(self) -> Path:
        """Path of the copy of the structure file.

        Raises:
            RunDirectoryError: the copy is missing, or it is not recorded which of several it is.
        """
        recorded = self._recorded_input()
        found = self._copies_of_input()
        if not found:
            raise RunDirectoryError(
                f"{self.path}: the copy of the structure file is gone",
                expected=f"a file {recorded or 'input.*'}",
                remedy="Put back the structure file of the run under this name",
            )
        return found[0]

    def trajectory(self, suffix: str) -> Path:
        """Return the trajectory's path in the format of a suffix such as `.xtc`."""
        return self.path / f"trajectory{suffix}"

    def write_config(self, settings: Mapping[str, Any]) -> None:
        """Write the resolved settings as YAML; keys keep their order.

        Raises:
            RunDirectoryError: the file cannot be written.
        """
        text = yaml.safe_dump(dict(settings), sort_keys=False, allow_unicode=True)
        write_atomically(self.config, text)

    def write_provenance(self, provenance: Mapping[str, Any]) -> None:
        """Write the provenance as JSON; from now on the folder holds a run.

        Raises:
            RunDirectoryError: the file cannot be written.
        """
        write_atomically(self.provenance, json.dumps(dict(provenance), indent=2) + "\n")

    def read_config(self) -> dict[str, Any]:
        """Return the settings of the run by name.

        Raises:
            RunDirectoryError: the file is missing or damaged.
        """
        if not self.config.is_file():
            raise RunDirectoryError(
                f"{self.path}: the settings of the run are missing",
                expected=f"a file {self.config.name}",
                remedy="It may have been stopped before it began: start it again with "
                "overwrite=True",
            )
        try:
            settings = read_mapping(self.config)
            if not settings:
                raise FileFormatError(f"{self.config}: the file is empty")
        except FileFormatError as error:
            raise RunDirectoryError(
                f"{self.config}: damaged, it does not hold the settings of a run",
                got=error,
                remedy="Restore it, or begin again from final.extxyz in another folder",
            ) from error
        return settings

    def read_provenance(self) -> dict[str, Any]:
        """Return the provenance.

        Raises:
            RunDirectoryError: the file cannot be read, or holds something else.
        """
        try:
            record = json.loads(self.provenance.read_text(encoding="utf-8"))
            if not isinstance(record["weights"]["sha256"], str):
                raise TypeError("no hash of the weights")
        except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
            raise RunDirectoryError(
                f"{self.provenance}: damaged, it is not the provenance of a run",
                got=f"{type(error).__name__}: {error}",
                remedy="Restore it, or begin again from final.extxyz in another folder",
            ) from error
        return record

    def copy_input(self, source: str | Path) -> Path:
        """Copy the input file as `input` with its own suffix; return the copy.

        Raises:
            RunDirectoryError: the copy cannot be written.
        """
        source = Path(source)
        compression = source.suffix if source.suffix in COMPRESSED else ""
        name = source.name.removesuffix(compression)
        # POSCAR has no suffix; its name tells the format.
        suffix = Path(name).suffix or f".{name}"
        copy = self.path / f"input{suffix}{compression}"
        with replacing(copy) as scratch:
            shutil.copyfile(source, scratch)
        return copy

    def _recorded_input(self) -> str | None:
        """Return the name of the structure file; None in runs of earlier versions."""
        try:
            name = json.loads(self.provenance.read_text(encoding="utf-8"))["input"]["file"]
        except (OSError, ValueError, LookupError, TypeError, RecursionError):
            return None
        return name if isinstance(name, str) and name == Path(name).name else None

    def _copies_of_input(self) -> list[Path]:
        """Return the copy of the structure file; nothing if it is gone."""
        recorded = self._recorded_input()
        found = sorted(self.path.glob("input.*" if recorded is None else escape(recorded)))
        if len(found) > 1:
            raise RunDirectoryError(
                f"{self.path}: it is not recorded which file is the structure of the run",
                got=", ".join(file.name for file in found),
                remedy="Move the others elsewhere",
            )
        return found

    def _files_of_earlier_run(self) -> list[Path]:
        """Return the files that a run has written here, in the order in which they are removed."""
        names = list(OWN_FILES)
        if self.exists:
            names += [escape(file.name) for file in self._copies_of_input()] + [MARKER]
        return [file for name in names for file in self.path.glob(name) if file.is_file()]

    def _leftovers(self) -> list[Path]:
        patterns = [*OWN_FILES, "input.*", MARKER]
        return [
            file
            for folder, _, name in (pattern.rpartition("/") for pattern in patterns)
            for place in (self.path.glob(folder) if folder else [self.path])
            for file in leftovers(place, [name])
        ]

    def _refuse_what_is_there(self, overwrite: bool, inputs: Sequence[str | Path]) -> None:
        held = sorted(self.path.iterdir()) if self.path.exists() else []
        passing = {self.path / LOCK, *self._leftovers()}
        held = [file for file in held if file not in passing]
        if held and not overwrite:
            raise RunDirectoryError(
                f"{self.path}: the folder holds {'a run' if self.exists else 'files'} already",
                got=", ".join(p.name for p in held[:4]) + (", …" if len(held) > 4 else ""),
                expected="a new or empty folder",
                remedy="Choose another folder (`output`), or replace it with overwrite=True",
            )
        own = self._files_of_earlier_run()
        needed = {Path(file).resolve() for file in inputs}
        endangered = [file.name for file in own if file.resolve() in needed]
        if endangered or (own and not self.exists):
            reason = "an input of the new run" if endangered else "files that no run wrote"
            raise RunDirectoryError(
                f"{self.path}: overwriting would remove {reason}",
                got=", ".join(endangered or [file.name for file in own]),
                remedy="Choose another folder (`output`), or move these files",
            )

    @contextmanager
    def _as_refusals(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise RunDirectoryError(
                f"{self.path}: cannot be the folder of a run",
                got=error.strerror or error,
                remedy="Choose another folder (`output`)",
            ) from error

    @contextmanager
    def _unlocked_by_errors(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.release()
            raise
