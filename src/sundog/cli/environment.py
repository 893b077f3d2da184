"""Variables of the environment that JAX and matplotlib read, checked before they do.

An unknown flag in `XLA_FLAGS` ends the process where it stands; of the other variables a wrong
value is an exception in the middle of an import.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from sundog.errors import InputError

TRIAL = "import jax; jax.devices()"
"""Program that ends well if JAX can start with the variables that there are."""

OWN_FLAG = "--xla_gpu_deterministic_ops=true"
"""Flag of XLA that sundog sets itself."""


def choose_picture_backend() -> None:
    """Have matplotlib draw into files, whatever the environment asks for: no window is opened."""
    os.environ["MPLBACKEND"] = "agg"


def check_jax_variables(environment: Mapping[str, str] = os.environ) -> None:
    """Refuse variables of the environment with which JAX cannot start.

    Raises:
        InputError: naming the variable and its value.
    """
    flags = environment.get("XLA_FLAGS", "").replace(OWN_FLAG, "").strip()
    if flags and "jax" not in sys.modules:
        _try_flags(flags, environment)


def _try_flags(flags: str, environment: Mapping[str, str]) -> None:
    """Start JAX in another process, because a wrong flag would end this one."""
    import subprocess

    done = subprocess.run(
        [sys.executable, "-P", "-c", TRIAL],
        env={**environment, "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if "XLA_FLAGS" in line or "flag" in line]
        raise InputError(
            "XLA_FLAGS: JAX cannot start with these flags (environment)",
            got=repr(flags),
            expected="flags that this version of XLA knows",
            remedy=f"Unset it. XLA says: {' '.join(lines[0].split())}" if lines else "Unset it",
        )


def refused_by_jax(error: BaseException) -> InputError | None:
    """Return what to say of an exception with which JAX refuses a variable of the environment."""
    said, asked = " ".join(str(error).split()), os.environ.get("JAX_PLATFORMS", "")
    starting = "Unable to initialize backend" in said or (
        isinstance(error, RuntimeError | AssertionError)
        and _stands_in(error, "xla_bridge.py", "dispatch.py")
    )
    if asked and starting:
        return InputError(
            "JAX_PLATFORMS: JAX finds no such device (environment)",
            got=repr(asked),
            expected="as cpu or cuda",
            remedy="Unset it, or install what it needs" + (f". JAX says: {said}" if said else ""),
        )
    if isinstance(error, ValueError) and _stands_in(error, "config.py"):
        names = [
            name
            for name in sorted(os.environ)
            if name.startswith("JAX_") and name.lower() in said.lower()
        ]
        return InputError(
            f"{', '.join(names) or 'JAX'}: JAX does not accept a value (environment)",
            got=said,
            remedy="Unset it",
        )
    return None


def _stands_in(error: BaseException, *files: str) -> bool:
    """Return whether an exception was raised in one of some files of JAX."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    raised = Path(place.tb_frame.f_code.co_filename) if place is not None else Path()
    return raised.name in files and "jax" in raised.parts
