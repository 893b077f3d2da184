"""QM7b: dipoles of 7,211 small molecules."""

from pathlib import Path

from sundog.evaluate.benchmarks.card import DIPOLE_DATA, DIPOLE_PROTOCOL, Card
from sundog.evaluate.benchmarks.tasks.labelled import LabelledTask, labelled_file

CARD = Card(
    name="qm7b",
    title="QM7b: dipoles of 7,211 molecules",
    source="LR-CCSD/d-aug-cc-pVDZ: Yang et al., Sci. Data 2019, doi:10.1038/s41597-019-0157-8",
    licence="CC BY 4.0 (the article); see the archive for the data",
    metric="Mean absolute error of the magnitude (D) and mean angle (°)",
    protocol=DIPOLE_PROTOCOL,
    data=DIPOLE_DATA.format(file="qm7b.extxyz"),
    headline="mae_dipole_magnitude",
    published={"mae_dipole_magnitude": 0.13, "mean_angle_degrees_dipole": 5.1},
    published_by="SO3LR, Kabylda et al., JACS 2025, doi:10.1021/jacs.5c09558; taken here for the "
    "error of the magnitude",
)
"""Card of the benchmark."""


def prepare(data_dir: Path | None) -> LabelledTask:
    """Return the molecules.

    Raises:
        MissingDataError: The file is not there.
        FileFormatError: The file is damaged, or a molecule has no dipole.
    """
    return labelled_file(CARD, data_dir, ("qm7b.extxyz", "qm7b.xyz"), ("dipole",))
