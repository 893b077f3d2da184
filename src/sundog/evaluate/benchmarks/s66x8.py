"""S66x8: dissociation curves of 66 dimers at eight separations each.

The same dimers with SAPT energies as their reference are part of SAPT10k (`mae_s66x8` there).
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from sundog.errors import FileFormatError
from sundog.evaluate.benchmarks.card import DIMER_PROTOCOL, Card
from sundog.evaluate.benchmarks.files import find
from sundog.evaluate.benchmarks.tasks.dimers import Dimer, DimerTask
from sundog.io.reading import read_structures

CARD = Card(
    name="s66x8",
    title="S66x8: dissociation curves of 66 dimers",
    source="CCSD(T)/CBS: Řezáč et al., JCTC 2011, doi:10.1021/ct2002946; revised values Brauer "
    "et al., PCCP 2016, doi:10.1039/c6cp00688d",
    licence="As the supporting information of the articles; cite them",
    metric="Mean absolute and RMS error of the interaction energies, kcal/mol",
    protocol=DIMER_PROTOCOL,
    data="Put s66x8.extxyz into data_dir: every frame with name=COMPLEX_SEPARATION, "
    "atoms_in_monomer_a and interaction_energy_kcal_mol; monomer A first",
)
"""Card of the benchmark."""

FILES = ("s66x8.extxyz", "s66x8.xyz")
"""Names that the file may have."""

KEYS = ("name", "atoms_in_monomer_a", "interaction_energy_kcal_mol")
"""Keys that every frame must have."""


def prepare(data_dir: Path | None) -> DimerTask:
    """Return the dimers.

    Raises:
        FileFormatError: The file is missing or damaged.
    """
    path = find(CARD, data_dir, FILES)
    dimers = []
    for number, atoms in enumerate(read_structures(path)):
        if missing := [key for key in KEYS if key not in atoms.info]:
            raise FileFormatError(
                f"{path}: frame {number} has no {', '.join(missing)}", remedy=CARD.data
            )
        complex_, _, separation = str(atoms.info["name"]).rpartition("_")
        dimers.append(
            Dimer(
                name=str(atoms.info["name"]),
                group=complex_,
                atoms=atoms,
                first=int(atoms.info["atoms_in_monomer_a"]),
                charges=(0, 0),
                reference=float(atoms.info["interaction_energy_kcal_mol"]),
                labels={"separation": float(separation)},
            )
        )
    return DimerTask(dimers, selections(dimers))


def selections(dimers: list[Dimer]) -> Mapping[str, np.ndarray]:
    """Return the masks of the dimers of each set of metrics: all, and each separation."""
    separations = np.array([dimer.labels["separation"] for dimer in dimers])
    each = {f"at_{value:.2f}": separations == value for value in np.unique(separations)}
    return {"": np.ones(len(dimers), bool), **each}
