"""What a system is compared with: the environments of a set, in memory or in a file.

The file is JSON, compressed with gzip, and keeps fingerprints, names and counts; no structures.
"""

import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int, UInt

from sundog import __version__
from sundog.coverage.census import Census
from sundog.coverage.neighborhoods import Radius
from sundog.errors import FileFormatError, InputError
from sundog.files import write_atomically
from sundog.topology.bonds import BOND_STRETCH

SCHEMA = "sundog.environments/1"
"""Of the file; the number changes when fingerprints or keys change their meaning."""
SUFFIXES = (".json.gz", ".json")


@dataclass(frozen=True)
class Reference:
    """Environments to compare with.

    Attributes:
        radius: of the neighbourhoods.
        fingerprints: ascending.
        atoms: how many have each.
        source: where they come from, in words.
        structures: how many they are from.
    """

    radius: Radius
    fingerprints: UInt[np.ndarray, " environments"]
    atoms: Int[np.ndarray, " environments"]
    source: str
    structures: int


@dataclass(frozen=True)
class Missing:
    """An environment that the reference lacks.

    Attributes:
        name: in words.
        fingerprint: of the neighbourhood.
        atoms: structure and atom of all that have it, counted from 0.
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
        InputError: the radii differ.
    """
    if census.radius != reference.radius:
        raise InputError(
            "--reference: its environments are of another radius",
            got=str(reference.radius),
            expected=str(census.radius),
            remedy="Leave out the radius, or make the reference anew",
        )
    new = np.flatnonzero(~np.isin(census.fingerprints, reference.fingerprints)).tolist()
    found = [
        Missing(census.names[n], int(census.fingerprints[n]), census.atoms_with(n)) for n in new
    ]
    return sorted(found, key=lambda one: (-len(one.atoms), one.fingerprint))


def is_saved(path: Path) -> bool:
    """Return whether a path is named as the file of a reference."""
    return path.name.endswith(SUFFIXES)


def check_name(path: Path) -> None:
    """Raise `InputError` when a file of environments is named otherwise than such files are."""
    if not is_saved(path):
        raise InputError(
            "--save: unknown kind of file", got=path.name, expected=" or ".join(SUFFIXES)
        )


def save_reference(census: Census, path: Path, source: str) -> None:
    """Write the environments of a set.

    Raises:
        InputError: the name ends otherwise than such files do.
        RunDirectoryError: the file cannot be written.
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
    text = json.dumps(content, ensure_ascii=False, indent=0).encode()
    # Without the time of day equal sets give equal files.
    write_atomically(path, gzip.compress(text, mtime=0) if path.suffix == ".gz" else text)


def load_reference(path: Path) -> Reference:
    """Return a reference that was saved.

    Raises:
        FileFormatError: the file is missing, damaged, or of another kind or version.
    """
    try:
        data = path.read_bytes()
        content = json.loads(gzip.decompress(data) if path.suffix == ".gz" else data)
        schema = content["schema"]
        if schema != SCHEMA or content["bond_stretch"] != BOND_STRETCH:
            raise FileFormatError(
                f"{path}: environments of another kind",
                got=f"{schema}, bonds up to {content.get('bond_stretch')} of the radii",
                expected=f"{SCHEMA}, {BOND_STRETCH}",
                remedy="Make it anew from its structures with --save",
            )
        return _parsed(content)
    except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise FileFormatError(
            f"{path}: no reference of environments",
            got=f"{type(error).__name__}: {error}",
            expected="a file that `sundog coverage --save` wrote",
        ) from error


def _parsed(content: dict[str, Any]) -> Reference:
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
