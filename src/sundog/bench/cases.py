"""Cases of the speed benchmark, by name.

water-ATOMS      cube of water at 1 g/cm³, generated, any multiple of 3
molecules-COUNT  the first COUNT molecules of ASE's G2 set with supported elements, one batch
crambin          protein in water, 2,190 atoms; a file
acala15          folded Ac-Ala₁₅-NMe, 162 atoms, no cell; a file
"""

import re
from pathlib import Path

import ase.io
from ase import Atoms
from ase.build import molecule
from ase.collections import g2

from sundog.elements import SUPPORTED
from sundog.errors import FileFormatError, InputError
from sundog.prepare.water import water_box

FILES = {"crambin": "crambin.extxyz", "acala15": "acala15.extxyz"}
"""Cases that are files, which are looked for in `data_folders`."""

ACCEPTED = "water-ATOMS with a multiple of 3, crambin, acala15 or molecules-COUNT"
"""Names that are accepted, in words."""

SOURCE_TREE = Path(__file__).resolve().parents[4]
"""Root of the source tree that sundog runs from, if it does."""

_NUMBERED = re.compile(r"(water|molecules)-([1-9]\d*)", re.ASCII)
"""Pattern of the names of cases that have a number."""


def build_case(name: str, data_dir: Path | None = None) -> list[Atoms]:
    """Return the structure of a case, or the structures of a batch.

    Args:
        name: Name of the case, as in the module's docstring.
        data_dir: Folder of the cases that are files; by default those of `data_folders`.

    Raises:
        InputError: There is no such case.
        FileFormatError: Its file is missing or cannot be read.
    """
    if name in FILES:
        return [_read(name, data_dir)]
    match = _NUMBERED.fullmatch(name)
    if match is None:
        raise InputError("cases: unknown", got=name, expected=ACCEPTED)
    count = int(match[2])
    if match[1] == "molecules":
        return small_molecules(count)
    if count % 3:
        raise InputError(
            "cases: water has three atoms per molecule", got=name, expected="a multiple of 3"
        )
    return [water_box(count // 3)]


def small_molecules(count: int) -> list[Atoms]:
    """Return molecules and radicals of ASE's G2 set, in its order.

    Raises:
        InputError: The set has fewer molecules of supported elements.
    """
    every = [molecule(name) for name in g2.names]
    known = [atoms for atoms in every if len(atoms) > 1 and set(atoms.numbers) <= set(SUPPORTED)]
    if count > len(known):
        raise InputError(
            "cases: there are not so many small molecules",
            got=f"molecules-{count}",
            expected=f"at most molecules-{len(known)}",
        )
    return [Atoms(atoms.numbers, atoms.positions) for atoms in known[:count]]


def data_folders(data_dir: Path | None) -> list[Path]:
    """Return the folders in which the cases that are files are looked for, in order."""
    if data_dir is not None:
        return [data_dir]
    places = (Path.cwd(), SOURCE_TREE)
    return list(dict.fromkeys(place / "benchmarks" / "data" for place in places))


def _read(name: str, data_dir: Path | None) -> Atoms:
    folders = data_folders(data_dir)
    for folder in folders:
        path = folder / FILES[name]
        if not path.is_file():
            continue
        try:
            atoms = ase.io.read(path)
        except Exception as error:  # the parser raises exceptions of any type
            raise FileFormatError(f"{path}: the file cannot be read", got=error) from error
        assert isinstance(atoms, Atoms)
        return atoms
    raise FileFormatError(
        f"cases: {name} is the file {FILES[name]}, which is not there",
        got="looked in " + " and ".join(map(str, folders)),
        remedy="Give its folder as data_dir: benchmarks/data of the source tree",
    )
