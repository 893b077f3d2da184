"""S22: interaction energies of 22 dimers; structures and values come with ASE."""

from pathlib import Path

from ase.data import s22

from sundog.evaluate.benchmarks.card import DIMER_PROTOCOL, Card
from sundog.evaluate.benchmarks.tasks.dimers import Dimer, DimerTask
from sundog.units import KCAL_PER_MOL

CARD = Card(
    name="s22",
    title="S22: interaction energies of 22 dimers",
    source="Structures: Jurečka et al., PCCP 2006, doi:10.1039/b600027d; CCSD(T)/CBS values: "
    "Takatani et al., J. Chem. Phys. 2010, doi:10.1063/1.3378024; as in ase.data.s22",
    licence="LGPL-2.1-or-later (ASE); cite the articles",
    metric="Mean absolute and RMS error of the interaction energies, kcal/mol",
    protocol=DIMER_PROTOCOL,
    data="Comes with ASE",
)
"""Card of the benchmark."""


def prepare(data_dir: Path | None) -> DimerTask:
    """Return the dimers; no folder is needed."""
    dimers = [
        Dimer(
            name=name,
            group="S22",
            atoms=s22.create_s22_system(name),
            first=int(s22.get_number_of_dimer_atoms(name)[0]),
            charges=(0, 0),
            reference=s22.get_interaction_energy_cc(name) / KCAL_PER_MOL,
        )
        for name in s22.s22
    ]
    return DimerTask(dimers)
