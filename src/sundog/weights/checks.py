"""Memory of the checks that kernels have passed on this machine.

A check is identified by a hash of everything that its outcome depends on: parameters and terms of
the force field, the kernels and their build, versions of sundog and JAX, device, and which code of
the kernels a structure runs. Elements count one by one: structures of other elements are checked
again.
"""

import json
import platform
from collections.abc import Iterable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import jax
import numpy as np

import sundog
from sundog.errors import RunDirectoryError
from sundog.files import write_atomically
from sundog.forcefield.base import AbstractForceField
from sundog.kernels.cpu.library import build_identity
from sundog.weights.store import cache_directory


def passed(identity: str, elements: Iterable[int]) -> bool:
    """Return whether a check was passed before with all of these elements.

    Args:
        identity: hash returned by `identity_of`.
        elements: atomic numbers.
    """
    return set(elements) <= _known(_path(identity))


def remember(identity: str, elements: Iterable[int]) -> None:
    """Record in the cache, if it can be written, that a check was passed.

    Args:
        identity: hash returned by `identity_of`.
        elements: atomic numbers of the structure.
    """
    path = _path(identity)
    known = sorted(_known(path) | set(elements))
    with suppress(RunDirectoryError, OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps({"elements": known}) + "\n")


def identity_of(reference: AbstractForceField, kernels: str, path: tuple[object, ...]) -> str:
    """Return a hash of everything but the elements that the outcome of a check depends on.

    Args:
        reference: force field in the reference formulation.
        kernels: name of the kernels, with the instruction set in use.
        path: properties of a structure that decide which code of the kernels runs, such as size
            and periodicity.
    """
    digest = sha256()
    leaves, structure = jax.tree.flatten(reference)
    versions = (sundog.__version__, jax.__version__, platform.machine(), build_identity())
    device = jax.devices()[0].device_kind
    digest.update(repr((structure, kernels, path, versions, device)).encode())
    for leaf in leaves:
        array = np.asarray(leaf)
        digest.update(repr((array.dtype, array.shape)).encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def _path(identity: str) -> Path:
    return cache_directory() / "checks" / f"{identity}.json"


def _known(path: Path) -> set[int]:
    try:
        return set(json.loads(path.read_text())["elements"])
    except (OSError, ValueError, KeyError, TypeError):
        return set()  # nothing, or nothing whole, is remembered
