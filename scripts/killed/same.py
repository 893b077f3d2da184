"""Comparison of what two runs have left, bit for bit."""

import re
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from sundog.runs.checkpoint_files import list_checkpoints, read_checkpoint

LEFTOVER = re.compile(r"\.[0-9a-f]{32}\..+|\.lock|.+\.partial(\.json)?")
"""Names of files that a run in progress has, and a finished one has not."""

BY_BYTES = ("energies.csv", "trajectory.xtc", "trajectory.dcd", "trajectory.extxyz")
"""Files of a replica that are compared byte by byte; h5md is compared by its content."""


def difference(one: Path, other: Path) -> str | None:
    """Return in words how what a run has left differs from what it should; None if it does not.

    Args:
        one: folder of the run, or of a protocol.
        other: folder of the run that was left in peace.
    """
    runs = sorted(path.parent.relative_to(other) for path in other.rglob("provenance.json"))
    if not runs:
        return f"{other.name}: there is no run"
    left = [path for path in one.rglob("*") if LEFTOVER.fullmatch(path.name)]
    if left:
        return f"{left[0].relative_to(one)} is left"
    for run in runs:
        found = _difference_of_runs(one / run, other / run)
        if found:
            return f"{run}: {found}"
    return None


def _difference_of_runs(one: Path, other: Path) -> str | None:
    if (one / "final.extxyz").read_bytes() != (other / "final.extxyz").read_bytes():
        return "final.extxyz differs"
    for folder in [other, *sorted(other.glob("replica-*"))]:
        mine = one / folder.relative_to(other)
        for name in BY_BYTES:
            if (mine / name).exists() != (folder / name).exists():
                return f"{name} is missing, or is there and should not"
            if (folder / name).exists() and _bytes(mine / name) != _bytes(folder / name):
                return f"{name} differs"
        name = "trajectory.h5md"
        if (folder / name).exists() and (found := _of_hdf5(mine / name, folder / name)):
            return f"{name}: {found}"
    mine, whole = (read_checkpoint(list_checkpoints(f / "checkpoints")[0]) for f in (one, other))
    if mine.record != whole.record or mine.arrays.keys() != whole.arrays.keys():
        return "the last checkpoint has another record, or other arrays"
    differing = [
        name for name, array in whole.arrays.items() if _raw(array) != _raw(mine.arrays[name])
    ]
    return f"{differing[0]} of the last checkpoint differs" if differing else None


def _bytes(path: Path) -> bytes:
    return path.read_bytes()


def _raw(array: np.ndarray) -> tuple[Any, ...]:
    return array.dtype, array.shape, array.tobytes()


def _of_hdf5(one: Path, other: Path) -> str | None:
    def content(path: Path) -> dict[str, tuple[Any, ...]]:
        found: dict[str, tuple[Any, ...]] = {}

        def visit(name: str, item: Any) -> None:
            if isinstance(item, h5py.Dataset):
                found[name] = _raw(np.asarray(item[()]))

        with h5py.File(path) as file:
            file.visititems(visit)
        return found

    mine, whole = content(one), content(other)
    if mine.keys() != whole.keys():
        return f"{sorted(mine.keys() ^ whole.keys())[0]} is in one of them"
    differing = [name for name in whole if mine[name] != whole[name]]
    return f"{differing[0]} differs" if differing else None
