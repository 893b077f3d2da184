"""`RunDirectory`: the folder of one run and its layout; no run overwrites another unasked."""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sundog.errors import RunDirectoryError
from sundog.files import replacing, write_atomically
from sundog.io.trajectories import WRITERS

MARKER = "provenance.json"
"""Name of the file that makes a folder a run; it is the first one written."""

OWN_FILES = (
    "config.yaml",
    MARKER,
    "input.*",
    "run.log",
    "energies.csv",
    *(f"trajectory{suffix}" for suffix in WRITERS),
    "topology.pdb",
    "final.extxyz",
    "report.png",
    "checkpoints/checkpoint*",
    "flight_record.*",
    "replica-*/*",
)
"""Patterns of the files that a run writes; `overwrite` removes these and no others."""

COMPRESSED = (".gz", ".bz2", ".xz")
"""Suffixes of compressed structure files, which the copy keeps after that of the format."""


@dataclass(frozen=True)
class RunDirectory:
    """The files of one run by name.

    Attributes:
        path: the folder.
    """

    path: Path

    @classmethod
    def create(
        cls, path: str | Path, overwrite: bool = False, inputs: Sequence[str | Path] = ()
    ) -> "RunDirectory":
        """Make the folder of a new run.

        Args:
            path: the folder; it may exist if it is empty.
            overwrite: remove the files of an earlier run there. Other files stay.
            inputs: files that the new run reads, and which must not be among those removed.

        Raises:
            RunDirectoryError: the folder holds a run or other files and `overwrite` is not
                set, holds files named as a run's that are none, holds an input, or
                cannot be made. Nothing was touched.
        """
        run = cls(Path(path))
        try:
            held = sorted(run.path.iterdir()) if run.path.exists() else []
            if held and not overwrite:
                raise RunDirectoryError(
                    f"{run.path}: the folder holds {'a run' if run.exists else 'files'} already",
                    got=", ".join(p.name for p in held[:4]) + (", …" if len(held) > 4 else ""),
                    expected="a new or empty folder",
                    remedy="Choose another folder (`output`), or replace it with overwrite=True",
                )
            run._remove_earlier_run(inputs)
            run.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunDirectoryError(
                f"{run.path}: cannot be made the folder of a run",
                got=error.strerror or error,
                remedy="Choose another folder (`output`)",
            ) from error
        return run

    @classmethod
    def open(cls, path: str | Path) -> "RunDirectory":
        """Return the folder of an existing run, to continue or to analyse it.

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
            RunDirectoryError: the copy is missing.
        """
        found = sorted(self.path.glob("input.*"))
        if not found:
            raise RunDirectoryError(
                f"{self.path}: the copy of the structure file is gone",
                expected="a file input.*",
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

    def _remove_earlier_run(self, inputs: Sequence[str | Path]) -> None:
        own = [file for name in OWN_FILES for file in self.path.glob(name) if file.is_file()]
        needed = {Path(file).resolve() for file in inputs}
        endangered = [file.name for file in own if file.resolve() in needed]
        if endangered or (own and not self.exists):
            reason = "an input of the new run" if endangered else "files that no run wrote"
            raise RunDirectoryError(
                f"{self.path}: overwriting would remove {reason}",
                got=", ".join(endangered or [file.name for file in own]),
                remedy="Choose another folder (`output`), or move these files",
            )
        for file in own:
            file.unlink()
