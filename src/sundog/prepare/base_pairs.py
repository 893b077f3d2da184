"""Stacked Watson–Crick pairs of adenine and thymine without sugars.

Each base is fitted onto the standard reference frame of nucleic acid base pairs (Olson et al., J.
Mol. Biol. 313, 229 (2001), doi:10.1006/jmbi.2001.4987, tables 1 and 2), in which both bases of an
ideal pair are given by the coordinates of one and the mirror image of the other about the axis x.
"""

import numpy as np
from ase import Atoms
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from sundog.prepare.built import Built, centred, joined, labelled
from sundog.prepare.contacts import closest_between
from sundog.prepare.molecules import build_smiles

RISE, TWIST = 3.36, 36.0
"""Distance in Å and angle in degrees between neighbouring pairs of B-DNA."""

ADENINE = {
    "N9": (-1.291, 4.498),
    "C8": (0.024, 4.897),
    "N7": (0.877, 3.902),
    "C5": (0.071, 2.771),
    "C6": (0.369, 1.398),
    "N6": (1.611, 0.909),
    "N1": (-0.668, 0.532),
    "C2": (-1.912, 1.023),
    "N3": (-2.320, 2.290),
    "C4": (-1.267, 3.124),
}
"""Coordinates x and y in Å of adenine in the frame of its pair, in the order of its SMILES."""

THYMINE = {
    "N1": (-1.284, 4.500),
    "C2": (-1.462, 3.135),
    "O2": (-2.562, 2.608),
    "N3": (-0.298, 2.407),
    "C4": (0.994, 2.897),
    "O4": (1.944, 2.119),
    "C5": (1.106, 4.338),
    "C7": (2.466, 4.961),
    "C6": (-0.024, 5.057),
}
"""Coordinates x and y in Å of thymine in the frame of its pair, in the order of its SMILES."""

NEAR_PLANE = 0.5
"""Distance in Å from the plane of a base within which hydrogens belong into it; those of methyl
groups that do not are farther away."""

SMILES = {"ADB": "[nH]1cnc2c1ncnc2N", "TDB": "[nH]1c(=O)[nH]c(=O)c(C)c1"}
"""SMILES of the bases, by residue names that no nucleotide has: sugars are not missing here."""

ORDERS = {
    "ADB": ("N9", "C8", "N7", "C5", "C4", "N3", "C2", "N1", "C6", "N6"),
    "TDB": ("N1", "C2", "O2", "N3", "C4", "O4", "C5", "C7", "C6"),
}
"""Names of the heavy atoms in the order of the SMILES."""


def stacked_pairs(pairs: int = 2) -> Built:
    """Return stacked Watson–Crick pairs of adenine and thymine, 30 atoms each.

    Args:
        pairs: Number of pairs.

    Raises:
        UnavailableError: RDKit is not installed.
    """
    adenine, thymine = _base("ADB", ADENINE), _base("TDB", THYMINE)
    # The second strand runs the other way: a half turn about x.
    thymine.positions *= [1.0, -1.0, -1.0]
    bases = []
    for number in range(pairs):
        turn = Rotation.from_euler("z", TWIST * number, degrees=True)
        for base, chain in ((adenine, "A"), (thymine, "B")):
            one = base.copy()
            one.positions = turn.apply(one.positions)
            one.positions[:, 2] += RISE * number
            one.arrays["residuenumbers"][:] = number + 1
            one.arrays["chainids"][:] = chain
            bases.append(one)
    atoms = joined(bases)
    atoms.positions = centred(atoms.positions)
    molecules = np.repeat(np.arange(len(bases)), [len(base) for base in bases])
    contact = closest_between(atoms.positions, molecules)
    assert contact is not None
    return Built(
        atoms,
        (
            f"{pairs} Watson-Crick pairs of adenine and thymine without sugars, stacked as in "
            f"B-DNA: rise {RISE} Å, twist {TWIST:g} degrees",
            f"The closest contact of two bases is {contact.describe(atoms)}",
        ),
    )


def _base(residue: str, plane: dict[str, tuple[float, float]]) -> Atoms:
    """Return a base fitted onto its frame, with the names of its atoms."""
    atoms = build_smiles(SMILES[residue], residue).atoms
    order = ORDERS[residue]
    frame = np.array([(*plane[name], 0.0) for name in order])
    heavy = atoms.positions[: len(order)]
    turn = Rotation.align_vectors(centred(frame), centred(heavy))[0]
    atoms.positions = turn.apply(atoms.positions - heavy.mean(axis=0)) + frame.mean(axis=0)
    _flatten_amine(atoms, len(order))
    names = [*order, *_hydrogen_names(atoms.positions, order)]
    return labelled(
        atoms,
        names=names,
        residue_names=[residue] * len(atoms),
        residue_numbers=[1] * len(atoms),
        formal_charges=[0] * len(atoms),
    )


def _flatten_amine(atoms: Atoms, heavy: int) -> None:
    """Put hydrogens near the plane of the base into it, at the same distance from their host.

    MMFF94 makes a pyramid of an amino group, which is flat in a pair.
    """
    for k in range(heavy, len(atoms)):
        place = atoms.positions[k]
        host = min(atoms.positions[:heavy], key=lambda one: float(np.linalg.norm(one - place)))
        if abs(place[2]) < NEAR_PLANE:
            bond = (place - host) * [1.0, 1.0, 0.0]
            length = np.linalg.norm(place - host)
            atoms.positions[k] = host + length * bond / np.linalg.norm(bond)


def _hydrogen_names(positions: Float[np.ndarray, "atoms 3"], order: tuple[str, ...]) -> list[str]:
    """Return names of hydrogens, that of the heavy atom they are bonded to and a count."""
    heavy = positions[: len(order)]
    hosts = [
        order[int(np.linalg.norm(heavy - place, axis=1).argmin())]
        for place in positions[len(order) :]
    ]
    return [
        f"H{host[1:]}{hosts[:k].count(host) + 1 if hosts.count(host) > 1 else ''}"
        for k, host in enumerate(hosts)
    ]
