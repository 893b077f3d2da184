"""Folder of a prepared structure: the structure, what was decided, and what it is made of.

    structure.extxyz  structure with names and charges, which `sundog md FOLDER` reads
    structure.cif     the same as mmCIF, for other programs
    residues.csv      residues with their charges and numbers of atoms
    picture.png       picture
    decisions.txt     what was chosen for the user, line by line, and the command that runs it
    prepared.json     version, arguments, hashes of the files read

There are no dates in it: the same command gives the same bytes.
"""

import csv
import hashlib
import io
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from glob import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from sundog import __version__
from sundog.errors import RunDirectoryError
from sundog.files import write_failure
from sundog.io.mmcif import write_mmcif
from sundog.io.prepared import RECORD, STRUCTURE
from sundog.prepare.built import Built, residue_starts

MMCIF, RESIDUES, PICTURE, DECISIONS = (
    "structure.cif",
    "residues.csv",
    "picture.png",
    "decisions.txt",
)
"""Names of the files beside the structure and the record."""

FILES = frozenset((STRUCTURE, MMCIF, RESIDUES, PICTURE, DECISIONS, RECORD))
"""Names of all files that are written."""


def check_folder(path: Path, overwrite: bool) -> None:
    """Refuse a folder that holds something else than an earlier structure that is replaced.

    Raises:
        RunDirectoryError: Saying what is there.
    """
    if path.exists() and not path.is_dir():
        raise RunDirectoryError(
            f"output: {path} is a file", expected="a folder that is new, or empty"
        )
    there = sorted(one.name for one in path.iterdir()) if path.is_dir() else []
    if not there:
        return
    if not overwrite:
        raise RunDirectoryError(
            f"output: {path} is not empty",
            got=", ".join(there[:5]),
            remedy="Choose another folder, or replace what was prepared there with overwrite=True",
        )
    if RECORD not in there or not FILES.issuperset(there):
        raise RunDirectoryError(
            f"output: {path} holds files that were not prepared by sundog",
            got=", ".join(sorted(set(there) - FILES)[:5]) or f"no {RECORD}",
            remedy="Choose another folder",
        )


def write_folder(
    path: Path, built: Built, arguments: Mapping[str, Any], inputs: Sequence[Path], run: str
) -> None:
    """Write a prepared structure; the folder appears once it is whole.

    Args:
        path: Folder, for which `check_folder` has passed.
        built: Structure and decisions.
        arguments: Settings that were given, by name.
        inputs: Files that were read.
        run: Command that runs it.

    Raises:
        RunDirectoryError: It cannot be written.
    """
    # What is refused before needs none of these, and they take their time.
    from sundog.io.extxyz import write_extxyz
    from sundog.prepare.picture import draw_structure

    atoms = built.atoms
    with _replacing_folder(path) as scratch:
        write_extxyz(scratch / STRUCTURE, atoms)
        write_mmcif(scratch / MMCIF, atoms)
        (scratch / RESIDUES).write_text(_residues(built), encoding="utf-8")
        draw_structure(
            atoms, scratch / PICTURE, f"{len(atoms)} atoms, charge {atoms.info['charge']:+d} e"
        )
        lines = [*built.decisions, "", f"To run it: {run}", ""]
        (scratch / DECISIONS).write_text("\n".join(lines), encoding="utf-8")
        record = {
            "sundog": __version__,
            "arguments": dict(arguments),
            "sha256": {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in inputs},
            "atoms": len(atoms),
            "charge": int(atoms.info["charge"]),
            "formula": atoms.get_chemical_formula(),
        }
        (scratch / RECORD).write_text(
            json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
        )


@contextmanager
def _replacing_folder(path: Path) -> Iterator[Path]:
    """Yield an empty folder whose files take the place of those of `path` if nothing is raised."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(path)
        with TemporaryDirectory(dir=path.parent, prefix=f"{_scratch(path)}.") as scratch:
            yield Path(scratch)
            path.mkdir(exist_ok=True)
            # The record makes the folder one that may be replaced: it comes first, and stays.
            for name in sorted(FILES - {RECORD}):
                (path / name).unlink(missing_ok=True)
            for file in sorted(Path(scratch).iterdir(), key=lambda file: file.name != RECORD):
                file.replace(path / file.name)
    except OSError as error:
        raise write_failure(path, error, "Nothing whole was written") from error


def _scratch(path: Path) -> str:
    return f".{path.name}.prepared"


def _remove_leftovers(path: Path) -> None:
    """Remove what processes that were killed have left beside the folder, whose lock is held."""
    for left in path.parent.glob(f"{escape(_scratch(path))}.{'[a-z0-9_]' * 8}"):
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left, ignore_errors=True)


def _residues(built: Built) -> str:
    """Return the table of residues as CSV."""
    arrays = built.atoms.arrays
    codes = arrays.get("insertioncodes", np.full(len(built.atoms), "."))
    labels = [arrays["chainids"], arrays["residuenumbers"], codes, arrays["residuenames"]]
    starts = residue_starts(*labels)
    charges = np.add.reduceat(arrays["formal_charges"], starts)
    sizes = np.diff(np.append(starts, len(built.atoms)))
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["chain", "number", "insertion", "residue", "atoms", "charge_e"])
    for start, size, charge in zip(starts.tolist(), sizes.tolist(), charges.tolist(), strict=True):
        chain, number, code, name = (one[start] for one in labels)
        table.writerow([chain, number, "" if code == "." else code, name, size, charge])
    return text.getvalue()
