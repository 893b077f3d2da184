"""Options that several verbs share. Precedence: flag, then `--config` file, then default."""

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sundog.cli.environment import OWN_FLAG
from sundog.errors import InputError, RunDirectoryError
from sundog.locks import lock_file


def refuse_existing(output: Path, overwrite: bool) -> None:
    """Raise `RunDirectoryError` when a file to be written exists and is not to be replaced.

    Nor may it have the name of a folder, or of another format than extended XYZ.
    """
    refuse_other_format(output)
    if output.is_dir():
        raise RunDirectoryError(
            f"output: {output} is a folder", expected="the name of a file, as result.extxyz"
        )
    if output.exists() and not overwrite:
        raise RunDirectoryError(
            f"output: {output} exists",
            remedy="Choose another name, or replace it with overwrite=True",
        )


FILES = frozenset(
    [
        ".cif",
        ".csv",
        ".dcd",
        ".ent",
        ".extxyz",
        ".gro",
        ".gz",
        ".h5",
        ".h5md",
        ".hdf5",
        ".json",
        ".log",
        ".mmcif",
        ".mol",
        ".nc",
        ".npz",
        ".pdb",
        ".pkl",
        ".png",
        ".sdf",
        ".traj",
        ".trr",
        ".txt",
        ".xtc",
        ".xyz",
        ".yaml",
        ".yml",
        ".zip",
    ]
)
"""Suffixes of names that are meant for files."""


def refuse_file_name(output: Path, formats: str) -> None:
    """Raise `InputError` when the folder of a run has the name of a file.

    Args:
        output: the folder.
        formats: formats of trajectories, for the message.
    """
    if output.suffix.lower() in FILES and not output.is_dir():
        raise InputError(
            "output: a run writes a folder, and this is the name of a file",
            got=output,
            remedy=f"Name a folder, and choose the format of the frames among {formats}, as "
            'trajectory="h5md"',
        )


def refuse_other_format(output: Path) -> None:
    """Raise `InputError` when a file of extended XYZ has a name of another format."""
    if output.suffix.lower() in FILES - {".extxyz", ".txt", ".xyz"}:
        raise InputError(
            "output: the file will be extended XYZ, and its name says something else",
            got=output.name,
            expected="a name as result.extxyz",
        )


def check_folder(field: str, path: Path | None) -> None:
    """Raise `RunDirectoryError` when the folder of a file to be written is not there."""
    if path is not None and not path.absolute().parent.is_dir():
        raise RunDirectoryError(
            f"{field}: there is no such folder", got=path.parent, remedy="Make it first"
        )


@contextmanager
def locked(*outputs: Path | None) -> Iterator[None]:
    """Keep other processes from writing to outputs of a verb for a while.

    The lock of a folder is beside it, so that the folder itself is made when it is written to.

    Args:
        *outputs: files and folders that are written; those that are None are not.

    Raises:
        RunDirectoryError: one of them is in use, or its lock cannot be made.
    """
    with ExitStack() as held:
        for output in outputs:
            if output is not None:
                output.absolute().parent.mkdir(parents=True, exist_ok=True)
                lock = held.enter_context(lock_file(output))
                if lock.warning:
                    print(lock.warning, file=sys.stderr)
        yield


def set_up_jax() -> None:
    """Configure JAX for this process: float64 is available, compiled programs are kept on disk.

    On GPUs the same program gives the same bits again: libraries keep to one algorithm, and no
    atomics add floats.
    """
    _add_xla_flag(OWN_FLAG)
    from sundog.weights.programs import keep_programs

    keep_programs()
    import jax

    jax.config.update("jax_enable_x64", True)


def _add_xla_flag(flag: str) -> None:
    """Set a flag of XLA, unless the user has said otherwise; before JAX has started."""
    flags = os.environ.get("XLA_FLAGS", "")
    if flag.partition("=")[0] not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} {flag}".strip()
