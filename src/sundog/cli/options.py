"""Options that several verbs share. Precedence: flag, then `--config` file, then default."""

import os
from pathlib import Path

from sundog.errors import RunDirectoryError


def refuse_existing(output: Path, overwrite: bool) -> None:
    """Raise `RunDirectoryError` when a file to be written exists and is not to be replaced."""
    if output.exists() and not overwrite:
        raise RunDirectoryError(
            f"output: {output} exists",
            remedy="Choose another name, or replace it with overwrite=True",
        )


def check_folder(field: str, path: Path | None) -> None:
    """Raise `RunDirectoryError` when the folder of a file to be written is not there."""
    if path is not None and not path.absolute().parent.is_dir():
        raise RunDirectoryError(
            f"{field}: there is no such folder", got=path.parent, remedy="Make it first"
        )


def set_up_jax() -> None:
    """Configure JAX for this process: float64 is available, compiled programs are kept on disk.

    On GPUs the same program gives the same bits again: libraries keep to one algorithm, and no
    atomics add floats.
    """
    _add_xla_flag("--xla_gpu_deterministic_ops=true")
    from sundog.weights.programs import keep_programs

    keep_programs()
    import jax

    jax.config.update("jax_enable_x64", True)


def _add_xla_flag(flag: str) -> None:
    """Set a flag of XLA, unless the user has said otherwise; before JAX has started."""
    flags = os.environ.get("XLA_FLAGS", "")
    if flag.partition("=")[0] not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} {flag}".strip()
