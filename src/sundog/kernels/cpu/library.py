"""Shared library of the compiled kernels: finds it, loads it, and registers its handlers with XLA.

The library is built with the package when there is a C++ compiler. Where it is missing or does not
load, `why_unavailable` says why, and sundog uses other kernels.
"""

import ctypes
import os
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import jax
import numpy as np

from sundog.errors import UnavailableError

HANDLERS = (
    "sundog_build",
    "sundog_forward",
    "sundog_backward",
    "sundog_long_range",
    "sundog_spread",
    "sundog_gather",
)
"""Names of the library's functions that XLA calls."""

VARIABLE = "SUNDOG_NATIVE_LIBRARY"
"""Environment variable with the path of another build of the library, for developers."""

INSTRUCTION_SETS = ("generic", "avx2", "avx512")
"""Instruction sets for which the library has code, in ascending order."""


@cache
def load() -> ctypes.CDLL:
    """Return the library, its handlers registered.

    Raises:
        UnavailableError: there is none, or it does not load.
    """
    path = _find()
    if path is None:
        raise UnavailableError(
            "the compiled kernels are not installed; install a C++ compiler (g++ or clang++) and "
            "reinstall sundog"
        )
    # JAX is started first: before that it only notes handlers, and one that it refuses later would
    # keep it from ever starting.
    jax.devices()
    try:
        library = ctypes.CDLL(str(path))
        for name in HANDLERS:
            jax.ffi.register_ffi_target(
                name, jax.ffi.pycapsule(getattr(library, name)), platform="cpu"
            )
    except (OSError, AttributeError, RuntimeError) as error:
        raise UnavailableError(
            f"the compiled kernels do not load ({error}); reinstall sundog, and where jax is older "
            "than what it was built with, with pip's --no-build-isolation"
        ) from error
    for name in ("lists", "parameters", "workspace", "long_scratch", "mesh_scratch"):
        getattr(library, f"sundog_{name}_size").restype = ctypes.c_int64
    library.sundog_instruction_set.restype = ctypes.c_char_p
    return library


def why_unavailable() -> str | None:
    """Return why the kernels cannot be used, or None when they can."""
    try:
        load()
    except UnavailableError as error:
        return error.reason
    if jax.default_backend() != "cpu":
        return f"the compiled kernels are for CPUs and JAX runs on {jax.default_backend()}"
    return None


def threads() -> int:
    """Return the number of cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def instruction_set() -> str:
    """Return the name of the instruction set in use."""
    return load().sundog_instruction_set().decode()


@cache
def build_identity() -> str:
    """Return a hash of the library's file; empty where there is none."""
    path = _find()
    return "" if path is None else sha256(path.read_bytes()).hexdigest()


def limit_instruction_set(name: str) -> None:
    """Use no instruction set beyond this one of `INSTRUCTION_SETS`, for tests and comparisons."""
    load().sundog_limit_instruction_set(ctypes.c_int64(INSTRUCTION_SETS.index(name)))


def lists_size(extent: Sequence[int]) -> int:
    """Return the length of the array of lists with this `CpuLists.extent`."""
    return load().sundog_lists_size(_integers(extent))


def parameters_size(shape: Sequence[int]) -> int:
    """Return the length of the packed parameters of a model, −1 when its shape is too large."""
    return load().sundog_parameters_size(_integers(shape), ctypes.c_int64(len(shape)))


def workspace_size(shape: Sequence[int], extent: Sequence[int], dtype: np.dtype) -> int:
    """Return the length of the network's workspace, in numbers of `dtype`.

    Args:
        shape: integers that fix the shape of the network.
        extent: extent of the lists, from `CpuLists.extent`.
        dtype: precision of the arithmetic.
    """
    return load().sundog_workspace_size(
        _integers(shape), ctypes.c_int64(len(shape)), _integers(extent), _is_double(dtype)
    )


def long_scratch_size(extent: Sequence[int], dtype: np.dtype) -> int:
    """Return the length of the scratch memory of the long-range pass, in float64 numbers."""
    return load().sundog_long_scratch_size(_integers(extent), _is_double(dtype))


def mesh_scratch_size(extent: Sequence[int]) -> int:
    """Return the length of the scratch mesh of one part of the work, with its margin."""
    return load().sundog_mesh_scratch_size(_integers(extent))


def _integers(values: Sequence[int]) -> ctypes.Array:
    return (ctypes.c_int64 * len(values))(*values)


def _is_double(dtype: np.dtype) -> ctypes.c_int64:
    return ctypes.c_int64(np.dtype(dtype) == np.float64)


def _find() -> Path | None:
    if path := os.environ.get(VARIABLE):
        return Path(path)
    packaged = Path(__file__).with_name("native.so")
    if packaged.exists():
        return packaged
    # An editable installation keeps the built library apart from the sources.
    with suppress(PackageNotFoundError):
        for file in files("sundog") or []:
            if file.name == packaged.name and (path := Path(str(file.locate()))).exists():
                return path
    return None
