"""NCIAtlas: non-covalent interactions in a wide chemical space, seven sets of dimers.

Each geometry is a file of its own with everything in its second line:

    charge=1 charge_a=1 charge_b=0 selection_a=1-4 selection_b=5-11 scaling=0.8
    benchmark_Eint=-13.295 benchmark_unit=kcal/mol group=OHk-O
"""

import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import ase.io
import numpy as np
from ase import Atoms
from ase.io.extxyz import key_val_str_to_dict

from sundog.errors import FileFormatError
from sundog.evaluate.benchmarks.card import DIMER_PROTOCOL, Card, PublicFile
from sundog.evaluate.benchmarks.files import no_data
from sundog.evaluate.benchmarks.tasks.dimers import Dimer, DimerTask

SETS = {
    "D442x10": "1fd72a7b50b5afc71d5c7b784f136972e36020746d8635af8e28dd46ea03d544",
    "D1200": "b299c94c1a5d1e16acd5a8657e08df133a1b036d416eb0adfaab59e14dc24d5a",
    "HB375x10": "3ec52600dbf83b48729795858615a0c0e9411a5c21354c3e453c966f35f285af",
    "HB300SPXx10": "cfa420253be63395ef3548de9b389af15bc3a03feb185a8a22e942fef085d120",
    "IHB100x10": "4e15f1456eb9fba28dd7e2cca4cb4cfdd19712863ce9a513fc8b0e92bea93fdd",
    "R739x5": "0f6f122dcebe61e508ee1dccd4890ceb4329449d827fe361196de90eae0e1176",
    "SH250x10": "88fcf5feef0e431f4600ccba27fca7bd3d0e5738d9fe595a68229de8556fe88e",
}
"""Names of the sets, with the SHA-256 of the package of each."""

PACKAGE = "NCIA_{}_github_package.zip"
"""Name of the package of a set."""

FOLDERS = ("geometries/NCIA_{}", "NCIA_{}")
"""Folders in which a set may lie unpacked."""

PACKAGES = (
    "https://raw.githubusercontent.com/Honza-R/NCIAtlas/"
    "9fa8296f2fb04ed0751bf099fa454735f85d025a/packaged_sets/"
)
"""Address of the packages, at one commit of their repository."""

CARD = Card(
    name="ncia",
    title="NCIAtlas: interaction energies of 19,565 dimers in seven sets",
    source="CCSD(T)/CBS: Řezáč, JCTC 2020, doi:10.1021/acs.jctc.9b01265 and "
    "doi:10.1021/acs.jctc.0c00715; Kříž et al., JCTC 2021, doi:10.1021/acs.jctc.0c01341; Řezáč and "
    "Kříž, PCCP 2022, doi:10.1039/D2CP01602H and doi:10.1039/D2CP01600A",
    licence="Not stated where the data are published (Honza-R/NCIAtlas); cite the articles",
    metric="Mean absolute and RMS error of the interaction energies, kcal/mol",
    protocol=DIMER_PROTOCOL + " Dimers with elements that the model does not know are listed as "
    "failed and count for nothing.",
    data="Put the packaged_sets of the repository Honza-R/NCIAtlas, or its folder geometries with "
    "NCIA_D442x10 and the others in it, or some of these, into data_dir",
    downloads=tuple(
        PublicFile(
            PACKAGE.format(name),
            PACKAGES + PACKAGE.format(name),
            sha256,
            unpacked=tuple(one.format(name) for one in FOLDERS),
        )
        for name, sha256 in SETS.items()
    ),
)
"""Card of the benchmark."""

KEYS = (
    "charge_a",
    "charge_b",
    "selection_a",
    "selection_b",
    "scaling",
    "benchmark_Eint",
    "benchmark_unit",
    "group",
)
"""Keys that the second line of every file must have."""


def prepare(data_dir: Path | None) -> DimerTask:
    """Return the dimers of the sets that are there; the others are listed as missing.

    Raises:
        MissingDataError: None of the sets is there.
        FileFormatError: A file is damaged.
    """
    dimers = [
        _dimer(text, place, name)
        for name in SETS
        for place, text in ([] if data_dir is None else _texts(name, data_dir))
    ]
    if not dimers:
        places = " or ".join(f"NCIA_{name}" for name in SETS)
        raise no_data(CARD, data_dir, f"{places}, or packages of these,")
    sets = np.array([dimer.group.partition(" ")[0] for dimer in dimers])
    scalings = np.array([dimer.labels["scaling"] for dimer in dimers])
    selections = {"": np.ones(len(dimers), bool), "at_1.00": scalings == 1.0}
    selections |= {name: sets == name for name in SETS}
    missing = {
        f"mae_{name}": f"neither a folder NCIA_{name} nor its package in data_dir"
        for name in SETS
        if not (sets == name).any()
    }
    return DimerTask(dimers, selections, missing)


def _texts(name: str, data_dir: Path) -> Iterator[tuple[Path, str]]:
    """Yield path and text of the files of a set; nothing where the set is not there."""
    folders = (data_dir / one.format(name) for one in FOLDERS)
    package = data_dir / PACKAGE.format(name)
    place = next((one for one in folders if one.is_dir()), package)
    try:
        if place.is_dir():
            yield from ((path, path.read_text()) for path in sorted(place.glob("*.xyz")))
        elif place.is_file():
            with ZipFile(place) as archive:
                members = sorted(one for one in archive.namelist() if one.endswith(".xyz"))
                yield from ((place / one, archive.read(one).decode()) for one in members)
    except (BadZipFile, zlib.error, EOFError, OSError, UnicodeDecodeError) as error:
        raise _damaged(place, f"{type(error).__name__}: {error}") from error


def _dimer(text: str, path: Path, name: str) -> Dimer:
    try:
        atoms = ase.io.read(io.StringIO(text), format="xyz")
        info = key_val_str_to_dict(text.splitlines()[1])
    except (ValueError, IndexError, OSError, KeyError) as error:
        raise _damaged(path, f"{type(error).__name__}: {error}") from error
    assert isinstance(atoms, Atoms)
    if lacking := [key for key in KEYS if key not in info]:
        raise _damaged(path, f"no {', '.join(lacking)}")
    if info["benchmark_unit"] != "kcal/mol":
        raise _damaged(path, f"energies in {info['benchmark_unit']}")
    a, b = (_selected(str(info[f"selection_{one}"]), path) for one in "ab")
    if sorted(a + b) != list(range(len(atoms))):
        raise _damaged(path, "its selections are not each atom once")
    return Dimer(
        name=f"{name} {path.stem}",
        group=f"{name} {info['group']}",
        atoms=atoms[a + b],
        first=len(a),
        charges=(int(info["charge_a"]), int(info["charge_b"])),
        reference=float(info["benchmark_Eint"]),
        labels={"scaling": float(info["scaling"])},
    )


def _selected(text: str, path: Path) -> list[int]:
    """Return the atoms, from 0, of a selection as `1-4` or `1,3-5`, in which they count from 1."""
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        if not first.isdigit() or (last and not last.isdigit()):
            raise _damaged(path, f"selection {text}")
        found += range(int(first) - 1, int(last or first))
    return found


def _damaged(path: Path, what: str) -> FileFormatError:
    return FileFormatError(f"{path}: cannot be used", got=what, remedy=CARD.data)
