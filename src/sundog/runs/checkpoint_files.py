"""Checkpoints: one file each, complete or absent, of which the last few are kept.

A file is a safetensors file of named arrays. Its metadata hold a record (JSON) and the hash of
arrays and record, so that a damaged file is noticed and the one before it is taken.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from sundog.errors import FileFormatError, RunDirectoryError
from sundog.files import write_atomically

FORMAT = 2
"""Version of the layout of the files; files of a later version are refused. In version 1 the hash
was that of the arrays alone."""

NAME = re.compile(r"checkpoint-(\d+)\.safetensors")
"""Name of a checkpoint file; the number is its step."""


@dataclass(frozen=True)
class Checkpoint:
    """Content of a checkpoint file.

    Attributes:
        arrays: arrays by name.
        record: everything else, in types that JSON can hold.
        path: path of the file.
    """

    arrays: dict[str, np.ndarray]
    record: dict[str, Any]
    path: Path


def save_checkpoint(
    folder: Path, step: int, arrays: Mapping[str, np.ndarray], record: Mapping[str, Any], keep: int
) -> Path:
    """Write the checkpoint of a step, completely or not at all, and remove all but the last few.

    Checkpoints of later steps are removed as well: they belong to a continuation that was given up
    when the run went on from an earlier one, and the files that they name have changed since.

    Args:
        folder: folder of the checkpoints; made when missing.
        step: number of steps that were made before the checkpoint.
        arrays: arrays by name.
        record: everything else, in types that JSON can hold.
        keep: number of checkpoints that stay, this one included.

    Raises:
        RunDirectoryError: the disk is full; earlier checkpoints are left unchanged.
    """
    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    # ascontiguousarray makes vectors of scalars.
    whole = {name: array.reshape(np.shape(arrays[name])) for name, array in contiguous.items()}
    # What is hashed is what will be read.
    held = json.loads(json.dumps(dict(record)))
    header = {"format": FORMAT, "sha256": _digest(whole, held), **held}
    path = folder / f"checkpoint-{step:012d}.safetensors"
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise RunDirectoryError(
            f"{folder}: cannot be made", got=error.strerror, remedy="Check the permissions"
        ) from error
    write_atomically(path, save(whole, {"sundog": json.dumps(header)}))
    others = list_checkpoints(folder)
    number = others.index(path)
    for stale in others[:number] + others[number + keep :]:
        stale.unlink(missing_ok=True)
    return path


def list_checkpoints(folder: Path) -> list[Path]:
    """Return the checkpoint files of a folder, the newest first."""
    if not folder.is_dir():
        return []
    found = [path for path in folder.iterdir() if NAME.fullmatch(path.name)]
    return sorted(found, reverse=True)


def read_checkpoint(path: Path) -> Checkpoint:
    """Return a checkpoint.

    Raises:
        FileFormatError: the file is damaged, or of a later version of sundog.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            header = json.loads(file.metadata()["sundog"])
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise FileFormatError(f"{path}: not a whole checkpoint", got=error) from error
    if not isinstance(header, dict) or not isinstance(header.get("files", {}), dict):
        raise FileFormatError(f"{path}: not a whole checkpoint", got="a damaged record")
    version = header.pop("format", None)
    if version not in (1, FORMAT):
        raise FileFormatError(
            f"{path}: a checkpoint of another version of sundog",
            got=f"format {version}",
            expected=f"format {FORMAT} or older",
        )
    if header.pop("sha256", None) != _digest(arrays, None if version == 1 else header):
        raise FileFormatError(f"{path}: the checkpoint is damaged, its hash is not that saved")
    return Checkpoint(arrays, header, path)


def newest_checkpoint(
    folder: Path, refuses: Callable[[Checkpoint], str | None], report: Callable[[str], None]
) -> Checkpoint | None:
    """Return the newest complete checkpoint that fits, or None if none was written.

    Args:
        folder: folder of the checkpoints.
        refuses: function that returns the reason why a checkpoint does not fit, or None if it fits.
        report: called with a line for every checkpoint that is passed over.

    Raises:
        RunDirectoryError: there are checkpoints, but all are damaged or refused.
    """
    paths = list_checkpoints(folder)
    for path in paths:
        try:
            checkpoint = read_checkpoint(path)
        except FileFormatError as error:
            report(f"Passed over: {error}")
            continue
        reason = refuses(checkpoint)
        if reason is None:
            return checkpoint
        report(f"Passed over: {path.name}, {reason}")
    if not paths:
        return None
    raise RunDirectoryError(
        f"{folder}: none of the checkpoints can be continued from",
        remedy="Start the run again, in another folder or with overwrite=True; if it had got "
        "anywhere, final.extxyz or the trajectory have structures",
    )


def _digest(arrays: Mapping[str, np.ndarray], record: Mapping[str, Any] | None) -> str:
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    if record is not None:
        digest.update(json.dumps(record, sort_keys=True).encode())
    return digest.hexdigest()
