"""References to compare a system with: the environments of a set, in memory or in a file.

The file is JSON, compressed with gzip. It holds fingerprints, names and counts, but no structures.
"""

import gzip
import json
import zlib
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int, UInt

from sundog import __version__
from sundog.coverage.census import Census
from sundog.coverage.neighborhoods import Radius
from sundog.errors import FileFormatError, InputError
from sundog.files import write_atomically
from sundog.io.expansion import decompressed
from sundog.topology.bonds import BOND_STRETCH

SCHEMA = "sundog.environments/2"
"""Schema of the file; its number changes when fingerprints or keys change their meaning."""

DAMAGES = (
    OSError,
    EOFError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    OverflowError,
    RecursionError,
    zlib.error,
)
"""Exceptions with which a damaged file answers, depending on where."""

SUFFIXES = (".json.gz", ".json")
"""Endings of the names of such files."""


@dataclass(frozen=True)
class Reference:
    """Environments to compare with.

    Attributes:
        radius: Radius of the environments.
        fingerprints: Fingerprints of the environments, ascending.
        atoms: Number of atoms that have each environment.
        source: Origin of the environments, in words.
        structures: Number of structures that they were found in.
    """

    radius: Radius
    fingerprints: UInt[np.ndarray, " environments"]
    atoms: Int[np.ndarray, " environments"]
    source: str
    structures: int


@dataclass(frozen=True)
class Missing:
    """Environment that the reference lacks.

    Attributes:
        name: Name in words.
        fingerprint: Fingerprint of the neighbourhood.
        atoms: Structure and atom, both from 0, of all atoms that have it.
    """

    name: str
    fingerprint: int
    atoms: list[tuple[int, int]]


def reference_of(census: Census, source: str) -> Reference:
    """Return the environments of a set as a reference."""
    return Reference(census.radius, census.fingerprints, census.atoms, source, census.structures)


def missing(census: Census, reference: Reference) -> list[Missing]:
    """Return the environments that a reference lacks, the most frequent first.

    Raises:
        InputError: The radii differ.
    """
    if census.radius != reference.radius:
        raise InputError(
            "reference: its environments are of another radius",
            got=str(reference.radius),
            expected=str(census.radius),
            remedy="Leave out the radius, or make the reference again",
        )
    new = np.flatnonzero(~np.isin(census.fingerprints, reference.fingerprints)).tolist()
    found = [
        Missing(census.names[n], int(census.fingerprints[n]), census.atoms_with(n)) for n in new
    ]
    return sorted(found, key=lambda one: (-len(one.atoms), one.fingerprint))


def is_saved(path: Path) -> bool:
    """Return whether a path has the name of a file of environments."""
    return path.name.endswith(SUFFIXES)


def check_name(path: Path) -> None:
    """Refuse a name that a file of environments cannot have.

    Raises:
        InputError: The name has another ending.
    """
    if not is_saved(path):
        raise InputError(
            "save: unknown kind of file", got=path.name, expected=" or ".join(SUFFIXES)
        )


def save_reference(census: Census, path: Path, source: str) -> None:
    """Write the environments of a set to a file.

    Args:
        census: Census of the set.
        path: File to write.
        source: Origin of the environments, in words.

    Raises:
        InputError: The name has another ending than such files have.
        RunDirectoryError: The file cannot be written.
    """
    check_name(path)
    rows = zip(
        census.fingerprints.tolist(),
        census.names,
        census.atoms.tolist(),
        census.holders().tolist(),
        strict=True,
    )
    content = {
        "schema": SCHEMA,
        "sundog": __version__,
        "source": source,
        "radius": census.radius.value,
        "radius_unit": census.radius.unit,
        "bond_stretch": BOND_STRETCH,
        "structures": census.structures,
        "environments": [
            {"fingerprint": f"{hash_:016x}", "name": name, "atoms": atoms, "structures": holders}
            for hash_, name, atoms, holders in rows
        ],
    }
    content["sha256"] = _digest(content)
    text = json.dumps(content, ensure_ascii=False, indent=0).encode()
    # Without the time of writing, equal sets give equal files.
    write_atomically(path, gzip.compress(text, mtime=0) if path.suffix == ".gz" else text)


def load_reference(path: Path) -> Reference:
    """Return a reference from a file that `save_reference` wrote.

    Raises:
        FileFormatError: The file is missing, damaged, or of another kind or version.
    """
    try:
        content = json.loads(decompressed(path))
        schema = content["schema"]
        if schema != SCHEMA or content["bond_stretch"] != BOND_STRETCH:
            raise FileFormatError(
                f"{path}: environments of another kind",
                got=f"{schema}, bonds up to {content.get('bond_stretch')} of the radii",
                expected=f"{SCHEMA}, {BOND_STRETCH}",
                remedy="Make it again from its structures with `sundog coverage --save`",
            )
        return _parsed(content)
    except DAMAGES as error:
        raise FileFormatError(
            f"{path}: no reference of environments",
            got=f"{type(error).__name__}: {error}",
            expected="a file that `sundog coverage --save` wrote",
        ) from error


def _digest(content: dict[str, Any]) -> str:
    """Return a hash of all that a file says beside it."""
    said = {key: value for key, value in content.items() if key != "sha256"}
    return sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _parsed(content: dict[str, Any]) -> Reference:
    # Files of earlier versions have no hash.
    if content.get("sha256") not in (None, _digest(content)):
        raise ValueError("it was changed after it was written")
    rows = content["environments"]
    hashes = np.array([int(row["fingerprint"], 16) for row in rows], np.uint64)
    order = np.argsort(hashes)
    return Reference(
        radius=Radius(float(content["radius"]), content["radius_unit"]),
        fingerprints=hashes[order],
        atoms=np.array([row["atoms"] for row in rows], np.int64)[order],
        source=str(content["source"]),
        structures=int(content["structures"]),
    )
