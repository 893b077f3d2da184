"""Whether a structure is a homogeneous liquid, as mean-field corrections presuppose.

It is when it is periodic along all directions, made of many small molecules, and neither holes
nor layers are found in it:

    holes    boxes of at least `BOX` Å on each side that fill the cell all hold atoms, and so they
             do when moved by half a box
    layers   the density of each element, smoothed by a Gaussian of `SMOOTHING` Å, is everywhere
             along each lattice vector within `TOLERANCE` + `NOISE`/√n of its mean, n being the
             molecules in the width of the Gaussian that have the element

An even crystal of small molecules passes, as it should: its far pairs are as evenly spread, and
boxes of `prepare.water` begin as one. Solutes of few copies pass as long as they are small.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from sundog.elements import symbol

FEWEST_MOLECULES = 32
"""Number of molecules below which fluctuations hide holes and layers."""

LARGEST_MOLECULE = 60
"""Number of atoms that the largest molecule may have; a lipid has more than a hundred."""

LARGEST_SHARE = 0.05
"""Share of the atoms that may belong to one molecule."""

BOX = 8.0
"""Least edge of the boxes that must not be empty, Å; about three layers of water."""

SMOOTHING = 2.0
"""Standard deviation of the Gaussian, Å: planes of a lattice vanish, a vacuum of 6 Å does not."""

STRIPE = 0.5
"""Largest width of the bins of the histograms that are smoothed, Å."""

TOLERANCE, NOISE = 0.2, 3.0
"""Deviations from the mean density that are allowed: one of the structure, and one of chance in
standard deviations of the number of molecules."""


class Homogeneity(NamedTuple):
    """Verdict on a structure.

    Attributes:
        homogeneous: Whether the structure is a homogeneous liquid.
        reason: Reason for the verdict, in words.
    """

    homogeneous: bool
    reason: str


def homogeneity(
    numbers: Int[np.ndarray, " atoms"],
    positions: Float[np.ndarray, "atoms 3"],
    cell: Float[np.ndarray, "3 3"],
    pbc: Bool[np.ndarray, " 3"],
    molecule: Int[np.ndarray, " atoms"],
) -> Homogeneity:
    """Return whether a structure is a homogeneous liquid, and why.

    Args:
        numbers: Atomic numbers.
        positions: Positions, Å.
        cell: Lattice vectors as rows, Å.
        pbc: Periodicity along each lattice vector.
        molecule: Number of each atom's molecule; an endless network is one.
    """
    if not (pbc.all() and cell.any(axis=1).all()):
        return Homogeneity(False, "not periodic along all three directions")
    sizes = np.bincount(molecule)
    if len(sizes) < FEWEST_MOLECULES:
        return Homogeneity(False, f"only {len(sizes)} molecule(s)")
    if sizes.max() > min(LARGEST_MOLECULE, LARGEST_SHARE * len(numbers)):
        return Homogeneity(False, f"a molecule of {sizes.max()} of the {len(numbers)} atoms")
    places = np.linalg.solve(cell.T, positions.T).T % 1.0 % 1.0
    faces = np.cross(cell[[1, 2, 0]], cell[[2, 0, 1]])
    heights = abs(np.linalg.det(cell)) / np.linalg.norm(faces, axis=1)
    if empty := _empty_boxes(places, heights):
        return Homogeneity(False, f"holes: {empty} empty boxes of {BOX:g} Å or more")
    for axis, height in enumerate(heights):
        if uneven := _layer(numbers, molecule, places[:, axis], float(height)):
            return Homogeneity(False, f"layers along {'abc'[axis]}: {uneven}")
    return Homogeneity(True, f"a homogeneous liquid of {len(sizes)} molecules")


def _empty_boxes(places: Float[np.ndarray, "atoms 3"], heights: Float[np.ndarray, " 3"]) -> int:
    """Return how many of the boxes that fill the cell hold no atom."""
    counts = np.maximum(heights // BOX, 1).astype(int)
    empty = 0
    for offset in (0.0, 0.5):
        box = np.floor(places * counts + offset).astype(int) % counts
        empty += int(counts.prod()) - len(np.unique(box, axis=0))
    return empty


def _layer(
    numbers: Int[np.ndarray, " atoms"],
    molecule: Int[np.ndarray, " atoms"],
    place: Float[np.ndarray, " atoms"],
    height: float,
) -> str | None:
    """Return in words where along a lattice vector an element is uneven, or None."""
    stripes = int(np.ceil(height / STRIPE))
    stripe = (place * stripes).astype(int)
    smoothing = np.exp(-2 * (np.pi * SMOOTHING / height * np.arange(stripes // 2 + 1)) ** 2)
    wide = min(2 * np.sqrt(np.pi) * SMOOTHING / height, 1.0)
    for number in np.unique(numbers):
        of_element = numbers == number
        profile = np.bincount(stripe[of_element], minlength=stripes).astype(float)
        smooth = np.fft.irfft(np.fft.rfft(profile) * smoothing, stripes)
        relative = smooth / smooth.mean()
        expected = len(np.unique(molecule[of_element])) * wide
        allowed = TOLERANCE + NOISE / np.sqrt(expected)
        worst = relative[np.argmax(np.abs(relative - 1))]
        if abs(worst - 1) > allowed:
            return (
                f"{worst:.2f} times the mean density of {symbol(int(number))}, "
                f"1 ± {allowed:.2f} allowed"
            )
    return None
