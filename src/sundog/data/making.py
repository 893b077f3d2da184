"""Stores from labelled sets of any format, and what is left out of them."""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from shutil import rmtree
from typing import Any

import numpy as np
from ase import Atoms
from ase.neighborlist import primitive_neighbor_list
from scipy.spatial.distance import pdist

from sundog.data.choices import Choices
from sundog.data.labels import GrowingLabels
from sundog.data.readers import files_of, stream_dataset
from sundog.data.records import Record, record_of
from sundog.data.writing import StoreWriter
from sundog.errors import InputError, RunDirectoryError, SundogError
from sundog.files import hash_of, write_atomically

Report = Callable[[str], None]

SMALL = 200
"""Number of atoms up to which all distances are computed."""

ASKED = 10_000
"""Number of structures after which a set without labels is refused, long before its end."""

LEFT_OUT = "left-out.csv"
"""File with the structures that are not in a store, and why."""


@dataclass(frozen=True)
class Made:
    """Outcome of the making of a store.

    Attributes:
        structures: number of structures.
        atoms: number of their atoms.
        labels: keys of the labels, in words.
        left_out: number of structures that were left out.
    """

    structures: int
    atoms: int
    labels: str
    left_out: int


def make_store(
    sources: Sequence[Path],
    folder: Path,
    keys: Mapping[str, str | None],
    unit: str,
    choices: Choices,
    report: Report,
) -> Made:
    """Write a store of the structures of files and folders.

    Args:
        sources: labelled sets, as `stream_dataset` reads them.
        folder: folder of the store, which must not exist.
        keys: keys of labels by quantity, where they are not the usual ones.
        unit: unit of energies, one of `UNITS`; forces and stress are in it per Å and per Å³.
        choices: conditions on structures.
        report: called with lines about what was read, chosen and left out.

    Raises:
        InputError: labels cannot be told, or too many structures are left out.
        RunDirectoryError: the folder exists, or cannot be written.
        SundogError: a file cannot be read.
    """
    labels = GrowingLabels(keys, unit)
    files = [file for source in sources for file in files_of(source)]
    before = [_state(file) for file in files]
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise RunDirectoryError(
            f"{folder}: the folder cannot be made", got=error, remedy="Name a new one"
        ) from error
    try:
        writer, left_out = _written(sources, folder, labels, choices, report)
        writer.finish(
            {
                "made": datetime.now(UTC).isoformat(timespec="seconds"),
                "labels": dict(labels.labels.keys),
                "unit": unit,
                "choices": asdict(choices),
                "left_out": left_out,
                "sources": [
                    {**state, "sha256": hash_of(file)}
                    for file, state in zip(files, before, strict=True)
                ],
            }
        )
    except BaseException:
        rmtree(folder)
        raise
    for file, state in zip(files, before, strict=True):
        if _state(file) != state:
            report(f"Warning: {file} has changed while the store was made from it")
    return Made(writer.structures, writer.atoms, labels.labels.describe(), left_out)


def _written(
    sources: Sequence[Path], folder: Path, labels: GrowingLabels, choices: Choices, report: Report
) -> tuple[StoreWriter, int]:
    """Write all structures; return the writer and the number of structures that were left out."""
    left_out: list[tuple[int, str]] = []
    with StoreWriter(folder) as writer:
        for number, atoms in enumerate(_all(sources, report)):
            one, reason = _taken(atoms, number, writer.structures, labels, choices)
            if one is not None:
                writer.add(one)
            else:
                left_out.append((number, reason))
                report(f"Left out: structure {number}: {reason}")
                _limit(left_out, choices.most_bad_frames)
            if number == ASKED:
                labels.check()
    labels.check()
    if writer.structures == 0:
        raise InputError("data: no structure is left", got=f"{len(left_out)} left out")
    _write_left_out(folder, left_out)
    return writer, len(left_out)


def _limit(left_out: Sequence[tuple[int, str]], most: int) -> None:
    if len(left_out) > most:
        raise InputError(
            f"data: more than {most} structures are left out",
            got=left_out[-1][1],
            remedy="Mend the data, or raise most_bad_frames to leave out more",
        )


def changed_sources(header: Mapping[str, Any]) -> list[str]:
    """Return the files that a store was made of and that are other ones now.

    Args:
        header: contents of `store.json`.
    """
    changed = []
    for one in header.get("sources", []):
        file = Path(one["file"])
        # The content is read only where size or time speak of another.
        same = not file.is_file() or _state(file).items() <= one.items()
        if not same and hash_of(file) != one["sha256"]:
            changed.append(one["file"])
    return changed


def _state(file: Path) -> dict[str, Any]:
    found = file.stat()
    return {"file": str(file.absolute()), "bytes": found.st_size, "changed_ns": found.st_mtime_ns}


def _all(sources: Sequence[Path], report: Report) -> Iterator[Atoms]:
    for source in sources:
        yield from stream_dataset(source, report)


def _taken(
    atoms: Atoms, number: int, place: int, labels: GrowingLabels, choices: Choices
) -> tuple[Record | None, str]:
    """Return the record of a structure, or the reason why it is left out."""
    found = labels.of(atoms, f"structure {number}")
    try:
        one = record_of(atoms, found, place, choices.group_key)
    except SundogError as error:
        return None, str(error)
    if choices.group_key is not None and choices.group_key not in atoms.info:
        return None, f"no entry {choices.group_key!r} in info, which names its group"
    reason = unusable(
        one, choices.shortest_distance_angstrom, choices.largest_force_ev_per_angstrom
    )
    return (None, reason) if reason else (one, "")


def unusable(one: Record, shortest: float, largest_force: float) -> str:
    """Return the reason why nothing can be learned from a structure, or an empty text.

    Args:
        one: structure with labels.
        shortest: shortest distance of two atoms in Å.
        largest_force: largest component of a force in eV/Å.
    """
    for quantity, value in one.labels.items():
        if np.isinf(value).any():
            return f"an infinite value in the label of {quantity}"
        if np.isnan(value).any() and not np.isnan(value).all():
            return f"NaN in a part of the label of {quantity}"
    forces = one.labels.get("forces")
    if forces is not None and not np.isnan(forces).all():
        largest = float(np.abs(forces).max())
        if largest > largest_force:
            return f"a force of {largest:.3g} eV/Å"
    closest = _closest(one, shortest)
    return f"two atoms are {closest:.3g} Å apart" if closest < shortest else ""


def _closest(one: Record, reach: float) -> float:
    """Return the shortest distance of two atoms in Å; infinite if none is within reach."""
    if one.pbc.any() or len(one.numbers) > SMALL:
        distances = primitive_neighbor_list("d", one.pbc, one.cell, one.positions, reach)
    else:
        distances = pdist(one.positions)
    return float(np.min(distances, initial=np.inf))


def _write_left_out(folder: Path, rows: Sequence[tuple[int, str]]) -> None:
    text = StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("number", "reason"))
    table.writerows(rows)
    write_atomically(folder / LEFT_OUT, text.getvalue())
