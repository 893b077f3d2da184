"""Structures from files of any format, without anything heavy being imported.

A format that ASE reads well needs no line here, any other has a file of its own and a row in
`_READERS`. What a reader uses, carries, says and refuses stands in its header; of formats that ASE
reads

    used      positions, elements, cell, periodicity, and what ASE makes of the rest: momenta,
              masses, charges, moments, constraints
    refused   crystals with partly occupied sites
"""

import difflib
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

from ase import Atoms

from sundog.errors import (
    FileFormatError,
    InputError,
    StructureError,
    StructureWarning,
    SundogError,
)
from sundog.io.biomolecules import structures_of
from sundog.io.contents import Contents
from sundog.io.expansion import check_expansion
from sundog.io.gro import read_gro
from sundog.io.mmcif_contents import mmcif_contents
from sundog.io.pdb_contents import pdb_contents
from sundog.io.prepared import structure_file
from sundog.io.sdf import read_sdf
from sundog.io.text import read_text
from sundog.io.xyz import read_xyz
from sundog.text import printable

Report = Callable[[str], None]

ACCEPTED = "xyz, extxyz, PDB, mmCIF, gro, POSCAR, CIF, SDF or another format that ASE reads"
"""Formats that are read, in words."""

CRYSTAL_KEYS = ("spacegroup", "unit_cell", "occupancy")
"""Keys of `info` that ASE sets for a CIF; they no longer hold once atoms move."""

_READERS: dict[str, Callable[[Path, Report], list[Atoms]]] = {
    ".gro": read_gro,
    ".sdf": read_sdf,
    ".mol": read_sdf,
}
"""Readers of the formats that ASE does not read well, by suffix."""

_BIOMOLECULES: dict[str, Callable[[Path], Contents]] = {
    ".pdb": pdb_contents,
    ".ent": pdb_contents,
    ".mmcif": mmcif_contents,
    ".pdbx": mmcif_contents,
}
"""Readers of files of biomolecules, by suffix."""


def read_structures(
    path: str | Path, index: str | int = ":", report: Report | None = None
) -> list[Atoms]:
    """Return the structures of a file, each with its cell, `info` and `arrays`.

    Names of atoms and residues, where the file has them, are in the arrays
    `atomtypes`, `residuenames`, `residuenumbers` and `chainids`.

    Args:
        path: Structure file, or a folder of `sundog prepare`; the format follows from the suffix,
            or from the content.
        index: Frames to return, as a number or a slice in ASE's notation, `-1` or `::10`.
        report: Called with a line about whatever of the file is not used or was chosen among
            several; by default these are warnings of the kind `StructureWarning`.

    Raises:
        FileFormatError: The file is missing, empty, truncated, of an unknown format, or
            holds no such frame.
        StructureError: An element cannot be told, or atoms are virtual or partly occupied sites.
        InputError: The index is neither a number nor a slice.
    """
    path = structure_file(Path(path))
    wanted = _as_slice(index)
    said: list[str] = []
    with _guarded(path):
        frames = _read(path, wanted, said.append)
    if not frames or not all(len(frame) for frame in frames):
        raise FileFormatError(
            f"{path}: no structure there" if not frames else f"{path}: a frame has no atoms",
            got=f"index {index!r}",
            remedy="Check the index and that the file is whole",
        )
    for line in map(printable, said):
        if report is None:
            warnings.warn(f"{path.name}: {line}", StructureWarning, stacklevel=2)
        else:
            report(line)
    return frames


def read_one(path: str | Path, frame: int | None = None, report: Report | None = None) -> Atoms:
    """Return one structure of a file; which of how many is reported.

    Args:
        path: Structure file.
        frame: Number of the structure, from 0, or from −1 backwards. By default the first model of
            PDB and mmCIF files, and the last structure of others, as of trajectories.
        report: Called with a line as by `read_structures`.

    Raises:
        FileFormatError: The file cannot be read; see `read_structures`.
        InputError: The file holds fewer structures.
        StructureError: The file names no elements for its atoms; see `read_structures`.
    """
    frames = read_structures(path, report=report)
    number = chosen_frame(len(frames), frame, _biomolecule_reader(Path(path)) is not None)
    if len(frames) > 1:
        line = f"{Path(path).name}: {describe_choice(number, len(frames), frame)}"
        if report is None:
            warnings.warn(line, StructureWarning, stacklevel=2)
        else:
            report(line)
    return frames[number]


def chosen_frame(count: int, frame: int | None, is_first: bool) -> int:
    """Return the number of the structure that is taken of several, from 0.

    Args:
        count: Number of structures.
        frame: Number that was asked for, from 0, or from −1 backwards; None for none.
        is_first: Whether the first is taken where none was asked for, else the last.

    Raises:
        InputError: There are fewer structures.
    """
    if frame is None:
        return 0 if is_first else count - 1
    if not -count <= frame < count:
        raise InputError(
            "frame: the file has no structure of this number",
            got=frame,
            expected=f"0 to {count - 1}, or -1 to -{count} from the end",
        )
    return frame % count


def describe_choice(number: int, count: int, frame: int | None) -> str:
    """Return in words which structure of several is taken.

    Args:
        number: Number of the structure, from 0.
        count: Number of structures.
        frame: Number that was asked for; None for none.
    """
    name = {0: "the first", count - 1: "the last"}.get(number, f"number {number}, from 0,")
    told = "as asked" if frame is not None else f"frame=0 to frame={count - 1} take another"
    return f"{name} of {count} structures is taken, {told}"


def biomolecule_contents(path: Path) -> Contents | None:
    """Return what a PDB or mmCIF file holds; None for files of other formats.

    Args:
        path: File.

    Raises:
        FileFormatError: The file is missing, empty, truncated or cannot be read.
    """
    with _guarded(path):
        reader = _biomolecule_reader(path)
        return None if reader is None else reader(path)


@contextmanager
def _guarded(path: Path) -> Iterator[None]:
    """Check that a file is there and sound; make refusals of the exceptions of parsers."""
    _check_exists(path)
    check_expansion(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except SundogError:
        raise
    except Exception as error:  # the parsers raise exceptions of any type
        raise FileFormatError(
            f"{path}: the file cannot be read",
            got=f"{type(error).__name__}: {error}".rstrip(": "),
            expected=ACCEPTED,
            remedy="Check that the file is whole and that its suffix names its format",
        ) from error


def _suffix(path: Path) -> str:
    """Return the suffix that names the format, without that of a compression."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    return next((s for s in reversed(suffixes) if s not in (".gz", ".bz2", ".xz")), "")


def _biomolecule_reader(path: Path) -> Callable[[Path], Contents] | None:
    suffix = _suffix(path)
    if suffix == ".cif" and "_atom_site." in read_text(path):
        return mmcif_contents  # the dialect of crystals has _atom_site_ instead
    return _BIOMOLECULES.get(suffix)


def _read(path: Path, wanted: slice, report: Report) -> list[Atoms]:
    contents_of = _biomolecule_reader(path)
    if contents_of is not None:
        return structures_of(contents_of(path), path, report)[wanted]
    reader = _READERS.get(_suffix(path))
    if reader is not None:
        return reader(path, report)[wanted]
    if _suffix(path) in (".xyz", ".extxyz") and _begins_with_a_number(path):
        return read_xyz(path, wanted, report)
    if _suffix(path) == ".mol2":
        raise FileFormatError(
            f"{path}: mol2 files hold no formal charges",
            remedy="Make them of its types by `sundog prepare`, or convert it to SDF, as with "
            "obabel FILE.mol2 -O FILE.sdf",
        )
    # ASE's readers import a second of other things.
    import ase.io
    from ase.io.formats import filetype, ioformats

    name = filetype(str(path))
    if name == "extxyz":
        return read_xyz(path, wanted, report)
    known = ioformats[name]
    if known.acceptsfd and not known.isbinary:
        frames = ase.io.read(StringIO(read_text(path)), index=wanted, format=name)
    else:
        frames = ase.io.read(str(path), index=wanted, do_not_split_by_at_sign=True)
    assert isinstance(frames, list)
    for frame in frames:
        _refuse_partly_occupied(path, frame)
        frame.info = {k: v for k, v in frame.info.items() if k not in CRYSTAL_KEYS}
    return frames


def _begins_with_a_number(path: Path) -> bool:
    return read_text(path).split("\n", 1)[0].strip().isdecimal()


def _refuse_partly_occupied(path: Path, frame: Atoms) -> None:
    """Refuse a crystal in which a site is occupied in part, or by several elements."""
    sites: dict[str, dict[str, float]] = frame.info.get("occupancy") or {}
    partial = [
        f"{element} {share:g}"
        for site in sites.values()
        for element, share in site.items()
        if share < 1
    ]
    if partial:
        raise StructureError(
            f"{path}: sites with occupancies below 1 are no atoms",
            got=", ".join(partial),
            remedy="Choose which sites are occupied, and write an ordered structure",
        )


def _check_exists(path: Path) -> None:
    if path.is_file():
        if path.stat().st_size == 0:
            raise FileFormatError(f"{path}: the file is empty", expected=ACCEPTED)
        return
    if path.is_dir():
        what, remedy = "is a folder, not a structure file", "Name a file in it"
    else:
        what = "there is no such file"
        siblings = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        close = difflib.get_close_matches(path.name, siblings)
        remedy = f"Perhaps {' or '.join(close)} is meant" if close else "Check the path"
    raise FileFormatError(f"{path}: {what}", remedy=remedy)


def _as_slice(index: str | int) -> slice:
    text = str(index)
    parts = [None if part == "" else part for part in text.split(":")]
    if len(parts) > 3 or any(part and not re.fullmatch(r"[+-]?\d+", part) for part in parts):
        raise InputError(
            "index: neither a frame number nor a slice", got=index, expected="-1, 0, : or 10:20:2"
        )
    numbers = [None if part is None else int(part) for part in parts]
    if len(numbers) > 1:
        return slice(*numbers)
    (number,) = numbers
    if number is None:
        raise InputError("index: it is empty", expected="-1, 0, : or 10:20:2")
    return slice(number, number + 1 or None)
