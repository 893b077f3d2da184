"""NCIAtlas: non-covalent interactions in a wide chemical space, seven sets of dimers.

Each geometry is a file of its own with everything in its second line:

    charge=1 charge_a=1 charge_b=0 selection_a=1-4 selection_b=5-11 scaling=0.8
    benchmark_Eint=-13.295 benchmark_unit=kcal/mol group=OHk-O
"""

from pathlib import Path

import ase.io
import numpy as np
from ase import Atoms
from ase.io.extxyz import key_val_str_to_dict

from sundog.errors import FileFormatError, MissingDataError
from sundog.evaluate.benchmarks.card import DIMER_PROTOCOL, Card
from sundog.evaluate.benchmarks.tasks.dimers import Dimer, DimerTask

SETS = ("D442x10", "D1200", "HB375x10", "HB300SPXx10", "IHB100x10", "R739x5", "SH250x10")

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
    data="Put the folder geometries of the repository Honza-R/NCIAtlas, with NCIA_D442x10 and the "
    "others in it, or some of these, into --data-dir",
)
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


def prepare(data_dir: Path | None) -> DimerTask:
    """Return the dimers of the sets that are there; the others are listed as missing.

    Raises:
        MissingDataError: none of the sets is there.
        FileFormatError: a file is damaged.
    """
    folders = {name: _folder(name, data_dir) for name in SETS}
    dimers = [
        _dimer(path, name)
        for name, folder in folders.items()
        for path in (() if folder is None else sorted(folder.glob("*.xyz")))
    ]
    if not dimers:
        raise MissingDataError(
            f"{CARD.name}: the data are missing",
            got="no --data-dir" if data_dir is None else f"--data-dir {data_dir}",
            expected=f"{' or '.join(f'NCIA_{name}' for name in SETS)} there, or in its geometries",
            remedy=CARD.data,
        )
    sets = np.array([dimer.group.partition(" ")[0] for dimer in dimers])
    scalings = np.array([dimer.labels["scaling"] for dimer in dimers])
    selections = {"": np.ones(len(dimers), bool), "at_1.00": scalings == 1.0}
    selections |= {name: sets == name for name in SETS}
    missing = {
        f"mae_{name}": f"no folder NCIA_{name} with geometries in --data-dir"
        for name in SETS
        if not (sets == name).any()
    }
    return DimerTask(dimers, selections, missing)


def _folder(name: str, data_dir: Path | None) -> Path | None:
    if data_dir is None:
        return None
    places = (data_dir / "geometries" / f"NCIA_{name}", data_dir / f"NCIA_{name}")
    return next((place for place in places if place.is_dir()), None)


def _dimer(path: Path, name: str) -> Dimer:
    try:
        atoms = ase.io.read(path, format="xyz")
        info = key_val_str_to_dict(path.read_text().splitlines()[1])
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
    """Return the atoms of `1-4` or `1,3-5`, which are counted from one there."""
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        if not first.isdigit() or (last and not last.isdigit()):
            raise _damaged(path, f"selection {text}")
        found += range(int(first) - 1, int(last or first))
    return found


def _damaged(path: Path, what: str) -> FileFormatError:
    return FileFormatError(f"{path}: cannot be used", got=what, remedy=CARD.data)
