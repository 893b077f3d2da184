"""The equilibrated bilayer of POPC in water that comes with OpenMM.

128 lipids of 1-palmitoyl-2-oleoyl-sn-glycero-3-phosphocholine and 5,120 water molecules, 32,512
atoms in 63.70 × 66.87 × 73.14 Å. Each lipid is a zwitterion: N⁺ in choline, O⁻ in phosphate.
"""

from pathlib import Path

import numpy as np

from sundog.errors import FileFormatError
from sundog.io.reading import read_one
from sundog.prepare.built import Built, labelled
from sundog.prepare.contacts import closest_between
from sundog.prepare.extras import require
from sundog.units import GRAM_PER_CM3

FILE = "app/data/POPC.pdb"
"""Place of the file in the package openmm."""

LIPID, WATER = "POP", "HOH"
"""Names of the residues in the file."""

CHARGES = {"N": 1, "O14": -1}
"""Formal charges in e of the atoms of a lipid, by name; O14 is one of the two free oxygens of
phosphate."""

LIPIDS, WATERS = 128, 5120
"""Numbers of lipids and of water molecules."""

ATOMS = {LIPID: 134, WATER: 3}
"""Numbers of atoms of the residues."""


def popc_bilayer() -> Built:
    """Return the bilayer, every lipid and water molecule a residue of its own.

    Raises:
        UnavailableError: OpenMM is not installed.
        FileFormatError: Its file holds something else.
    """
    package = require("openmm", "the POPC bilayer")
    path = Path(str(package.__file__)).parent / FILE
    atoms = read_one(path, report=lambda line: None)
    names = atoms.arrays["atomtypes"].tolist()
    residues = atoms.arrays["residuenames"]
    counts = {name: int((residues == name).sum()) // size for name, size in ATOMS.items()}
    if counts != {LIPID: LIPIDS, WATER: WATERS} or len(atoms) != sum(
        counts[name] * size for name, size in ATOMS.items()
    ):
        raise FileFormatError(
            f"{path}: another bilayer than expected",
            got=f"{len(atoms)} atoms, {counts}",
            expected=f"{LIPIDS} lipids and {WATERS} water molecules",
            remedy="Install openmm 8.2 or newer",
        )
    order = np.argsort(residues != LIPID, kind="stable")
    if not np.array_equal(order, np.arange(len(atoms))):
        raise FileFormatError(f"{path}: its lipids are not in front of the water")
    lipid = residues == LIPID
    numbers = np.concatenate(
        [
            1 + np.arange(lipid.sum()) // ATOMS[LIPID],
            1 + LIPIDS + np.arange((~lipid).sum()) // ATOMS[WATER],
        ]
    )
    plain = atoms.copy()
    plain.arrays = {"numbers": atoms.numbers, "positions": atoms.positions}
    plain.info = {}
    labelled(
        plain,
        names=names,
        residue_names=residues.tolist(),
        residue_numbers=numbers.tolist(),
        formal_charges=[
            CHARGES.get(name, 0) if of_lipid else 0
            for name, of_lipid in zip(names, lipid.tolist(), strict=True)
        ],
    )
    lengths = plain.cell.lengths()
    contact = closest_between(plain.positions, numbers, lengths, within=3.0)
    density = plain.get_masses().sum() / plain.cell.volume / GRAM_PER_CM3
    assert contact is not None
    return Built(
        plain,
        (
            f"The bilayer is that of OpenMM, equilibrated: {LIPIDS} POPC and {WATERS} water "
            f"molecules, {len(plain)} atoms, {lengths[0]:.2f} x {lengths[1]:.2f} x "
            f"{lengths[2]:.2f} Å",
            "Each lipid is a zwitterion, N+ in choline and O- in phosphate; the total charge is 0",
            f"The closest contact of two molecules is {contact.describe(plain)}",
            f"The density is {density:.3f} g/cm³",
        ),
    )
