"""MD22: forces along molecular dynamics of seven large molecules.

The archives are those of sGDML, one npz per molecule: R [frames, atoms, 3] in Å, z [atoms],
E [frames, 1] or [frames] in kcal/mol, F [frames, atoms, 3] in kcal/mol/Å.
"""

from pathlib import Path

import numpy as np
from ase import Atoms

from sundog.errors import FileFormatError
from sundog.evaluate.benchmarks.card import Card
from sundog.evaluate.benchmarks.files import no_data
from sundog.evaluate.benchmarks.tasks.labelled import LabelledTask
from sundog.io.expansion import check_npz

CARD = Card(
    name="md22",
    title="MD22: forces of large molecules in motion",
    source="PBE+MBD: Chmiela et al., Sci. Adv. 2023, doi:10.1126/sciadv.adf0873",
    licence="As on the site of sGDML, where the data are; cite the article",
    metric="Mean absolute error of the force components (eV/Å) and of relative energies (eV)",
    protocol="200 frames of each molecule, evenly spaced. The reference is PBE+MBD, while SO3LR "
    "was trained with PBE0+MBD: the error is not the model's alone.",
    data="Put the files md22_….npz of the sGDML site (R, z, E, F) into data_dir",
    headline="mae_forces",
)
"""Card of the benchmark."""

FRAMES = 200
"""Number of frames of each molecule that are computed."""

KEYS = ("R", "z", "E", "F")
"""Arrays that every file must have."""


def prepare(data_dir: Path | None) -> LabelledTask:
    """Return frames of all molecules whose files are there.

    Raises:
        MissingDataError: There is no file.
        FileFormatError: A file is damaged.
    """
    paths = [] if data_dir is None else sorted(data_dir.glob("md22_*.npz"))
    if not paths:
        raise no_data(CARD, data_dir, "md22_*.npz")
    frames = [atoms for path in paths for atoms in _frames(path)]
    return LabelledTask(frames, {"energy": "E", "forces": "F"}, "kcal/mol")


def _frames(path: Path) -> list[Atoms]:
    try:
        check_npz(path)
        with np.load(path, allow_pickle=False) as file:
            if lacking := [key for key in KEYS if key not in file.files]:
                raise _damaged(path, f"no {', '.join(lacking)}")
            places, numbers, energies, forces = (file[key] for key in KEYS)
    except (ValueError, OSError) as error:
        raise _damaged(path, f"{type(error).__name__}: {error}") from error
    count = len(places)
    if places.shape != (count, len(numbers), 3) or forces.shape != places.shape:
        raise _damaged(path, f"R {places.shape}, F {forces.shape}, z {numbers.shape}")
    name = path.stem.removeprefix("md22_")
    found = []
    for k in np.unique(np.linspace(0, count - 1, FRAMES).round().astype(int)):
        info = {"charge": 0, "group": name, "name": f"{name} {k}", "E": energies[k].item()}
        atoms = Atoms(numbers, places[k], info=info)
        atoms.set_array("F", np.asarray(forces[k], np.float64))
        found.append(atoms)
    return found


def _damaged(path: Path, what: str) -> FileFormatError:
    return FileFormatError(f"{path}: cannot be used", got=what, remedy=CARD.data)
