"""`Run`: results of a run, read from its folder as arrays and structures."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any
from weakref import finalize

import numpy as np
from ase import Atoms

from sundog.errors import InputError
from sundog.io.reading import read_one, read_structures
from sundog.io.table import read_table
from sundog.io.trajectories import WRITERS
from sundog.io.trajectories.chunks import read_chunks
from sundog.io.trajectories.frames import read_frames
from sundog.runs.directory import RunDirectory
from sundog.topology.cell import standard_orientation

if TYPE_CHECKING:
    import mdtraj


class Scratch:
    """Temporary folder that is removed when nothing refers to this object any more."""

    def __init__(self):
        """Make the folder."""
        self.path = Path(mkdtemp(prefix="sundog-"))
        finalize(self, rmtree, self.path, ignore_errors=True)


@dataclass(frozen=True, eq=False)
class Run:
    """Results of a run in a folder; what has been read is cached.

    Attributes:
        folder: folder of the run.
        number: number of the replica to which `energies`, `frames` and `final` belong.
        scratch: temporary folder of a run that was given none, removed with this object.
    """

    folder: Path
    number: int = 0
    scratch: Scratch | None = None

    @cached_property
    def settings(self) -> Mapping[str, Any]:
        """Settings of the run by name, from `config.yaml`."""
        return RunDirectory.open(self.folder).read_config()

    @property
    def number_of_replicas(self) -> int:
        """Number of replicas of the run."""
        return int(self.settings["replicas"])

    def replica(self, number: int) -> "Run":
        """Return the results of one replica of the run.

        Raises:
            InputError: there is no replica of this number.
        """
        if not 0 <= number < self.number_of_replicas:
            raise InputError(
                "replica: there is none of this number",
                got=number,
                expected=f"0 to {self.number_of_replicas - 1}",
            )
        return Run(self.folder, number, self.scratch)

    @cached_property
    def energies(self) -> dict[str, np.ndarray]:
        """Columns of the energies table by name, with their units in the names."""
        return read_table(self._directory.energies)

    @cached_property
    def frames(self) -> list[Atoms]:
        """Frames of the trajectory as ASE atoms, with all other data that the format carries."""
        return list(self.iterate())

    def iterate(self) -> Iterator[Atoms]:
        """Yield the frames of the trajectory one by one, if they are too many for the memory."""
        yield from read_frames(self.trajectory, self.initial)

    @property
    def trajectory(self) -> Path:
        """Path of the trajectory."""
        found = [self._directory.trajectory(suffix) for suffix in WRITERS]
        return next((path for path in found if path.exists()), found[0])

    @cached_property
    def initial(self) -> Atoms:
        """Structure that the run was given."""
        directory = RunDirectory.open(self.folder)
        frame = directory.read_config().get("frame")
        return read_one(directory.input, frame, lambda line: None)

    @cached_property
    def final(self) -> Atoms:
        """Last structure, with momenta, charge and multiplicity."""
        return read_structures(RunDirectory.open(self.folder).final)[self.number]

    def to_pandas(self) -> Any:
        """Return the energies table as a data frame of pandas.

        Raises:
            InputError: pandas is not installed.
        """
        try:
            import pandas  # pyright: ignore[reportMissingImports], an extra
        except ImportError as error:
            raise InputError(
                "to_pandas: pandas is not installed", remedy="Install it with pip install pandas"
            ) from error
        return pandas.DataFrame(self.energies)

    def to_mdtraj(self) -> "mdtraj.Trajectory":
        """Return the trajectory for mdtraj, in nm and ps, with names and bonds of `topology.pdb`.

        Formats that mdtraj has no reader for are handed over as well. A structure whose cell is not
        along x is turned with it, as mdtraj keeps lengths and angles.

        Raises:
            InputError: there are no frames.
        """
        import mdtraj

        times, places, cells = [], [], []
        for chunk in read_chunks(self.trajectory, self.initial):
            lattices = np.zeros((len(chunk), 3, 3)) if chunk.cells is None else chunk.cells
            for positions, lattice in zip(chunk.positions, lattices, strict=True):
                turned, cell = standard_orientation(positions, lattice)
                places.append(turned.astype(np.float32) / 10)
                cells.append(cell)
            times.append(chunk.times)
        if not times:
            raise InputError("to_mdtraj: the trajectory has no frames", got=self.trajectory.name)
        named = mdtraj.load_topology(self._directory.topology)
        made = mdtraj.Trajectory(np.array(places), named, np.concatenate(times))
        if all(one is not None for one in cells):
            made.unitcell_vectors = np.array(cells) / 10
        return made

    @property
    def _directory(self) -> RunDirectory:
        return RunDirectory.open(self.folder).replica(self.number, self.number_of_replicas)
