"""H5MD 1.1 trajectories: HDF5 with every result that a frame may carry, and its unit.

    particles/atoms/   species, mass, position, box; velocity, momentum, force, charge, …
    observables/       potential_energy, energy_<term>, dipole, stress
    parameters/        charge and multiplicity of the structure

Each result is a group of `value`, `step` and `time` (ps), the latter two shared by
all. Data of atoms are in float32, all others in float64. Units are in the
attribute `unit` of a dataset; forces are in kJ/mol/Å and velocities in Å/fs, as readers
expect, energies in eV.

The file is a `JournaledFile`: HDF5 opens it only while a frame is written, and any
crash leaves whole frames. `position` is the number of frames.

Reference: P. de Buyl, P. H. Colberg, F. Höfling, Comput. Phys. Commun. 185, 1546
(2014), doi:10.1016/j.cpc.2014.01.018; version 1.1 and the module `units` 1.0 of the
specification.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import h5py
import numpy as np

from sundog.errors import InputError, RunDirectoryError
from sundog.files import write_failure
from sundog.io.journaled import JournaledFile
from sundog.io.trajectories.extras import EXTRAS
from sundog.io.trajectories.writer import Frame, TrajectoryWriter
from sundog.units import CALORIE_JOULE, FEMTOSECOND, KCAL_PER_MOL

KJ_PER_MOL = KCAL_PER_MOL / CALORIE_JOULE
"""Value of 1 kJ/mol in eV."""

LIBRARY = ("v108", "v108")
"""Version of the HDF5 file format: with checksums, readable by all readers, and without the
mark of an open file that a killed run would leave."""

CHUNK_BYTES = 16_384
"""Approximate size in bytes of the blocks of frames, which are rewritten with each frame."""

ATOMS = "particles/atoms"
POSITION = f"{ATOMS}/position"
STEP = f"{POSITION}/step"
TIME = f"{POSITION}/time"
EDGES = f"{ATOMS}/box/edges"
"""Paths in the file of the group of atoms, of positions with their steps and times, of the cell."""


class Element(NamedTuple):
    """Element of the file that holds a result.

    Attributes:
        path: Path of its group.
        unit: Unit, as the file states it.
        scale: Factor that converts the result to this unit.
    """

    path: str
    unit: str | None = None
    scale: float = 1.0


ELEMENTS = {
    "velocities": Element(f"{ATOMS}/velocity", "Angstrom fs-1"),
    "momenta": Element(f"{ATOMS}/momentum", "u Angstrom fs-1", FEMTOSECOND),
    "forces": Element(f"{ATOMS}/force", "kJ mol-1 Angstrom-1", 1 / KJ_PER_MOL),
    "charges": Element(f"{ATOMS}/charge", "e"),
    "hirshfeld_ratios": Element(f"{ATOMS}/hirshfeld_ratio"),
    "energy": Element("observables/potential_energy", "eV"),
    "dipole": Element("observables/dipole", "e Angstrom"),
    "stress": Element("observables/stress", "eV Angstrom-3"),
}
"""Elements by the names of `EXTRAS`; energies of terms are in `observables/energy_<term>`."""


class H5MDWriter(TrajectoryWriter):
    """Writer of H5MD frames; all frames of a file carry the same results."""

    suffix: ClassVar[str] = ".h5md"
    carries: ClassVar[frozenset[str]] = frozenset(EXTRAS)

    @property
    def position(self) -> int:
        """Number of frames."""
        return self._frames

    @classmethod
    def held_up_to(cls, path: Path, position: int) -> bool:
        """Return whether the file has so many frames; see `TrajectoryWriter.held_up_to`."""
        try:
            file = JournaledFile(path, "r")
        except OSError:
            return False
        try:
            return position == 0 or _held_frames(file, position) >= position
        finally:
            file.close()

    def _open(self, resume_at: int | None) -> None:
        self._frames = resume_at or 0
        self._paths: set[str] = set()
        """Paths of the elements in the file."""
        try:
            # A file without frames is empty: its elements are known with the first frame.
            if resume_at == 0:
                JournaledFile(self._path, "r+").close()
            self._file = JournaledFile(self._path, "r+" if resume_at else "w")
        except OSError as error:
            raise write_failure(self._path, error, "Nothing was written to it") from error
        if resume_at:
            self._cut()

    def _cut(self) -> None:
        held = _held_frames(self._file, self._frames)
        if held < self._frames:
            self._file.close()
            raise RunDirectoryError(
                f"{self._path}: shorter than it was at the checkpoint, it cannot be continued",
                got=f"{held} frames",
                expected=f"at least {self._frames}",
                remedy="Restore the file, or start a new run from the checkpoint's structure",
            )
        with _transaction(self._file, "r+") as root:
            series = _series(root)
            for dataset in series.values() if held > self._frames else ():
                dataset.resize(self._frames, axis=0)
        self._paths = {name.removesuffix("/value") for name in series if name.endswith("/value")}

    def _append(self, frame: Frame) -> None:
        values = dict(_values(frame))
        if self._frames and values.keys() != self._paths:
            raise InputError(
                "extras: all frames of an H5MD file carry the same",
                got=", ".join(frame.extras) or "none",
                expected=", ".join(sorted(self._paths)),
                remedy="Continue with the extras of the frames before, or in a new file",
            )
        with _transaction(self._file, "r+" if self._frames else "w") as root:
            if not self._frames:
                self._lay_out(root, values)
            data = {f"{path}/value": value for path, (value, _) in values.items()}
            data |= {STEP: np.int64(frame.step), TIME: np.float64(frame.time_ps)}
            for path, value in data.items():
                dataset = root[path]
                dataset.resize(self._frames + 1, axis=0)
                dataset[self._frames] = value
        self._frames += 1
        self._paths = set(values)

    def _lay_out(self, root: Any, values: "Values") -> None:
        """Create the groups, and the datasets without frames."""
        numbers, info = self._atoms.numbers, self._atoms.info
        header = root.create_group("h5md")
        header.attrs["version"] = np.array([1, 1], dtype=np.int32)
        header.create_group("author").attrs["name"] = "unknown"
        creator = header.create_group("creator")
        creator.attrs["name"], creator.attrs["version"] = "sundog", version("sundog")
        units = header.create_group("modules/units")
        units.attrs["version"] = np.array([1, 0], dtype=np.int32)
        units.attrs["system"] = "SI"
        box = root.create_group(f"{ATOMS}/box")
        box.attrs["dimension"] = np.int32(3)
        boundary = ["periodic" if periodic else "none" for periodic in self._atoms.pbc]
        box.attrs["boundary"] = np.array(boundary, dtype="S8")
        root[f"{ATOMS}/species"] = numbers.astype(np.int32)
        root[f"{ATOMS}/mass"] = self._atoms.get_masses()
        root[f"{ATOMS}/mass"].attrs["unit"] = "u"
        for name, keys in ELECTRONIC_STATE.items():
            for key in keys:
                if key in info and f"parameters/{name}" not in root:
                    root[f"parameters/{name}"] = int(info[key])
        _create(root, STEP, np.int64(0), None)
        _create(root, TIME, np.float64(0), "ps")
        for path, (value, unit) in values.items():
            _create(root, f"{path}/value", value, unit)
            if path != POSITION:
                root[f"{path}/step"], root[f"{path}/time"] = root[STEP], root[TIME]

    def flush(self) -> None:
        """Do nothing: each frame was on the disk when `write` returned."""

    def close(self) -> None:
        """Close the file."""
        self._file.close()


ELECTRONIC_STATE = {"charge": ("charge", "total_charge"), "multiplicity": ("multiplicity", "spin")}
"""Keys of `atoms.info`, by the names in the file."""

Values = Mapping[str, tuple[np.ndarray, str | None]]
"""Values that a frame adds to the file and their units, by the path of the group."""


def _values(frame: Frame) -> Iterator[tuple[str, tuple[np.ndarray, str | None]]]:
    yield POSITION, (np.asarray(frame.positions, dtype=np.float32), "Angstrom")
    if np.any(frame.cell):
        yield EDGES, (np.asarray(frame.cell, dtype=np.float64), "Angstrom")
    for name, value in frame.extras.items():
        if isinstance(value, Mapping):
            for term, energy in value.items():
                yield f"observables/energy_{term}", (np.asarray(energy, dtype=np.float64), "eV")
        else:
            path, unit, scale = ELEMENTS[name]
            precision = np.float32 if path.startswith(ATOMS) else np.float64
            yield path, (np.asarray(np.multiply(value, scale), dtype=precision), unit)


def _create(root: h5py.File, path: str, value: np.ndarray | np.generic, unit: str | None) -> None:
    dataset = root.create_dataset(
        path,
        shape=(0, *value.shape),
        maxshape=(None, *value.shape),
        chunks=(max(1, min(256, CHUNK_BYTES // value.nbytes)), *value.shape),
        dtype=value.dtype,
    )
    if unit is not None:
        dataset.attrs["unit"] = unit


@contextmanager
def _transaction(file: JournaledFile, mode: str) -> Iterator[Any]:
    """Open the file in HDF5; the changes of the block reach the disk if it raises no error."""
    try:
        with h5py.File(file, mode, libver=LIBRARY) as root:
            yield root
        file.commit()
    finally:
        file.discard()


def _series(root: h5py.File) -> dict[str, h5py.Dataset]:
    """Return all datasets that grow, by path; those with several paths once."""
    found: dict[str, h5py.Dataset] = {}

    def visit(name: str, item: h5py.Group | h5py.Dataset) -> None:
        if isinstance(item, h5py.Dataset) and None in (item.maxshape or ()):
            found[name] = item

    root.visititems(visit)
    return found


def _held_frames(file: JournaledFile, position: int) -> int:
    """Return the number of frames in the file, 0 if the frame before `position` is damaged."""
    with suppress(OSError, RuntimeError, KeyError), h5py.File(file, "r") as root:
        series = _series(root).values()
        frames = min((len(dataset) for dataset in series), default=0)
        for dataset in series if frames >= position else ():
            dataset[position - 1]
        return frames if POSITION in root else 0
    return 0
