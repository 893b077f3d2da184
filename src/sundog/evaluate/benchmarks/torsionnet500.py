"""TorsionNet500: torsion profiles of 500 fragments of drug-like molecules, or scans of your own.

The file is one of

    TorsionNet500.json      as MLIPAudit distributes it: by fragment, atom_symbols,
                            conformer_coordinates (Å) and dft_energy_profile, pairs of angle (°) and
                            energy (kcal/mol)
    torsionnet500.extxyz    conformers with profile=NAME, angle=DEGREES and REF_energy (eV)
"""

import json
from pathlib import Path

import numpy as np
from ase import Atoms

from sundog.errors import FileFormatError
from sundog.evaluate.benchmarks.card import Card
from sundog.evaluate.benchmarks.files import find
from sundog.evaluate.benchmarks.tasks.profiles import Profile, ProfileTask
from sundog.io.reading import read_structures
from sundog.units import KCAL_PER_MOL

CARD = Card(
    name="torsionnet500",
    title="TorsionNet500: torsion profiles of 500 fragments",
    source="DFT: Rai et al., J. Chem. Inf. Model. 2022, doi:10.1021/acs.jcim.1c01346",
    licence="MIT (pfizer-opensource/TorsionNet)",
    metric="Mean over profiles of the mean absolute error, kcal/mol; error of the barriers",
    protocol="Single points of the conformers in the set, relative to the conformer that the "
    "reference has lowest.",
    data="Put TorsionNet500.json of the data of MLIPAudit into data_dir, or torsionnet500.extxyz "
    "with profile=NAME, angle=DEGREES and REF_energy (eV) in every frame",
    published={"mae": 1.03},
    published_by="SO3LR, Kabylda et al., JACS 2025, doi:10.1021/jacs.5c09558; whether that is the "
    "mean over profiles or over conformers, and which reference, was not checked",
)
"""Card of the benchmark."""

FILES = ("TorsionNet500.json", "torsionnet500.extxyz")
"""Names that the file may have."""

KEYS = ("atom_symbols", "conformer_coordinates", "dft_energy_profile")
"""Keys that every fragment of the JSON file must have."""

INFO = ("profile", "angle", "REF_energy")
"""Keys that every frame of the extxyz file must have."""


def prepare(data_dir: Path | None) -> ProfileTask:
    """Return the profiles.

    Raises:
        MissingDataError: The file is not there.
        FileFormatError: The file is damaged.
    """
    path = find(CARD, data_dir, FILES)
    return ProfileTask(_from_json(path) if path.suffix == ".json" else _from_frames(path))


def _from_json(path: Path) -> list[Profile]:
    try:
        content = json.loads(path.read_text())
        found = []
        for name, fragment in content.items():
            symbols, places, energies = (fragment[key] for key in KEYS)
            conformers = [Atoms(symbols, one) for one in places]
            angles, reference = np.array(energies, float).T
            found.append(Profile(name, conformers, angles, reference))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(path, f"{type(error).__name__}: {error}") from error
    return _checked(path, found)


def _from_frames(path: Path) -> list[Profile]:
    profiles: dict[str, list[Atoms]] = {}
    for number, atoms in enumerate(read_structures(path)):
        if lacking := [key for key in INFO if key not in atoms.info]:
            raise _damaged(path, f"frame {number} has no {', '.join(lacking)}")
        profiles.setdefault(str(atoms.info["profile"]), []).append(atoms)
    found = [
        Profile(
            name,
            members,
            np.array([atoms.info["angle"] for atoms in members], float),
            np.array([atoms.info["REF_energy"] for atoms in members], float) / KCAL_PER_MOL,
        )
        for name, members in profiles.items()
    ]
    return _checked(path, found)


def _checked(path: Path, profiles: list[Profile]) -> list[Profile]:
    for one in profiles:
        same = len({str(atoms.symbols) for atoms in one.conformers}) == 1
        if len(one.conformers) < 2 or len(one.conformers) != len(one.angles) or not same:
            raise _damaged(path, f"{one.name} is no profile of one molecule")
    if not profiles:
        raise _damaged(path, "no profiles")
    return profiles


def _damaged(path: Path, what: str) -> FileFormatError:
    return FileFormatError(f"{path}: cannot be used", got=what, remedy=CARD.data)
