"""SAPT10k: interaction energies of 9,948 dimers, a tenth of them with ions."""

import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import ase.io
import numpy as np
from ase import Atoms

from sundog.errors import FileFormatError
from sundog.evaluate.benchmarks.card import DIMER_PROTOCOL, Card, PublicFile
from sundog.evaluate.benchmarks.files import find
from sundog.evaluate.benchmarks.tasks.dimers import Dimer, DimerTask
from sundog.hamiltonian import Hamiltonian

CARD = Card(
    name="sapt10k",
    title="SAPT10k: interaction energies of 9,948 dimers",
    source="SAPT2+(3)(CCD)/aug-cc-pVTZ, doi:10.1063/5.0204064; as in the examples of the SO3LR "
    "repository (general-molecular-simulations/so3lr)",
    licence="MIT (SO3LR repository)",
    metric="Mean absolute error of the interaction energies, kcal/mol",
    protocol=DIMER_PROTOCOL,
    headline="mae_all",
    data="Put sapt10k.zip (or the sapt10k.xyz in it) of the SO3LR repository's examples into "
    "data_dir",
    published={"mae_all": 0.90, "mae_neutral": 0.82, "mae_charged": 1.46},
    published_by="SO3LR, Kabylda et al., JACS 2025, doi:10.1021/jacs.5c09558",
    # The cutoff is larger than every dimer, but the shift of `truncated` still adds 0.003 kcal/mol
    # on average (docs/evaluate.md).
    hamiltonian=Hamiltonian(electrostatics="truncated", cutoff_angstrom=1000.0),
    downloads=(
        PublicFile(
            "sapt10k.zip",
            "https://raw.githubusercontent.com/general-molecular-simulations/so3lr/"
            "5ec39b9d8d83872107cd3f1bc5904387eb9ff4c8/examples/data/sapt10k.zip",
            "ef654d4685712f774b6be93eb9f8863eb0fe2b5585a67a1602f81231b740ad66",
            unpacked=("sapt10k.xyz", "sapt10k.extxyz"),
        ),
    ),
)
"""Card of the benchmark."""

FILES = ("sapt10k.zip", "sapt10k.xyz", "sapt10k.extxyz")
"""Names that the file may have."""

KEYS = ("num_a", "num_b", "charge_a", "charge_b", "benchmark_Eint", "folder_name", "file_name")
"""Keys that the frame of every dimer must have."""


def prepare(data_dir: Path | None) -> DimerTask:
    """Return the dimers.

    Raises:
        FileFormatError: The file is missing or damaged.
    """
    path = find(CARD, data_dir, FILES)
    frames = list(_frames(path))
    dimers = []
    for number, (atoms, apart) in enumerate(zip(frames[::2], frames[1::2], strict=False)):
        if missing := [key for key in KEYS if key not in atoms.info]:
            raise _damaged(path, 2 * number, f"no {', '.join(missing)}")
        info = atoms.info
        if info["file_name"] != apart.info.get("file_name") or len(atoms) != len(apart):
            raise _damaged(path, 2 * number + 1, "not the dimer before it, with monomers apart")
        dimers.append(
            Dimer(
                name=str(info["file_name"]).removesuffix(".xyz").removesuffix("-dimer"),
                group=str(info["folder_name"]),
                atoms=atoms,
                first=int(info["num_a"]),
                charges=(int(info["charge_a"]), int(info["charge_b"])),
                reference=float(info["benchmark_Eint"]),
                apart=apart,
            )
        )
    if len(frames) % 2:
        raise _damaged(path, len(frames) - 1, "its last dimer has no frame with monomers apart")
    return DimerTask(dimers, selections(dimers))


def selections(dimers: list[Dimer]) -> Mapping[str, np.ndarray]:
    """Return the masks of the dimers that each set of metrics is made of."""
    charges = np.array([dimer.charges for dimer in dimers])
    charged = (charges != 0).any(axis=1)
    return {
        "all": np.ones(len(dimers), bool),
        "neutral": ~charged,
        "charged": charged,
        "salt_bridges": charges.prod(axis=1) < 0,
        "s66x8": np.array([dimer.group == "S66x8" for dimer in dimers]),
    }


def _frames(path: Path) -> Iterator[Atoms]:
    try:
        if path.suffix == ".zip":
            with ZipFile(path) as archive:
                names = [n for n in archive.namelist() if Path(n).name in FILES]
                text = archive.read(names[0]).decode()
        else:
            text = path.read_text()
        yield from ase.io.iread(io.StringIO(text), ":", format="extxyz")
    except (BadZipFile, IndexError, KeyError, ValueError, OSError, ase.io.ParseError) as error:
        raise FileFormatError(
            f"{path}: cannot be read", got=f"{type(error).__name__}: {error}", remedy=CARD.data
        ) from error


def _damaged(path: Path, frame: int, what: str) -> FileFormatError:
    return FileFormatError(f"{path}: frame {frame}: {what}", remedy=CARD.data)
