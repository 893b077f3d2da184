"""Build two layers of decane between water, as a minimal model of a membrane.

Usage: python scripts/hydrocarbon_layer.py OUT.extxyz [--side 5] [--seed 0]

All-trans molecules stand upright on a square lattice, each rotated about its axis at random, and
water fills a cube between the layers and their images along c. The structure is a starting point,
to be melted as in docs/decisions/0010-dispersion-tail.md.
"""

import argparse
from pathlib import Path

import numpy as np
from ase import Atoms

from sundog.elements import standard_masses
from sundog.io.extxyz import write_extxyz
from sundog.prepare.water import water_box
from sundog.units import GRAM_PER_CM3

CARBONS = 10
"""Number of carbon atoms of a molecule."""

CC, CH = 1.53, 1.09
"""Bond lengths of C–C and C–H in Å, typical of alkanes."""

ANGLE = np.radians(112.7)
HALF_HCH = np.radians(53.5)
"""Angle C–C–C and half of the angle H–C–H in radians, typical of alkanes."""

SPACING = 4.8
"""Distance of molecules in Å: 23 Å² each, which needs about 14 Å of height at liquid density."""

GAP = 2.0
"""Distance in Å between the hydrogens of the layers, and between these and water."""


def decane() -> Atoms:
    """Return an all-trans molecule of decane along z."""
    step = CC * np.array([np.cos(ANGLE / 2), 0.0, np.sin(ANGLE / 2)])
    zigzag = np.arange(-1, CARBONS + 1)
    places = np.column_stack([step[0] * (zigzag % 2), 0.0 * zigzag, step[2] * zigzag])
    carbons, hydrogens = places[1:-1], []
    for before, here, after in zip(places, carbons, places[2:], strict=False):
        out = 2 * here - before - after
        out /= np.linalg.norm(out)
        across = np.sin(HALF_HCH) * np.array([0.0, 1.0, 0.0])
        hydrogens += [here + CH * (np.cos(HALF_HCH) * out + s * across) for s in (1, -1)]
    for end, beyond in ((carbons[0], places[0]), (carbons[-1], places[-1])):
        hydrogens.append(end + CH * (beyond - end) / np.linalg.norm(beyond - end))
    chain = Atoms(f"C{CARBONS}H{2 * CARBONS + 2}", np.vstack([carbons, hydrogens]))
    chain.positions -= 0.5 * (chain.positions.min(axis=0) + chain.positions.max(axis=0))
    return chain


def layers(side: int, seed: int) -> Atoms:
    """Return the layers in their box.

    Args:
        side: number of molecules along a and b in each of the two layers.
        seed: seed of the random orientations.
    """
    random, chain, edge = np.random.default_rng(seed), decane(), SPACING * side
    height = np.ptp(chain.positions[:, 2]) + GAP
    box = Atoms(cell=[edge, edge, 2 * height + edge + GAP], pbc=True)
    for layer in range(2):
        for a, b in np.ndindex(side, side):
            one = chain.copy()
            one.rotate(random.uniform(0, 360), "z")
            one.positions += [(a + 0.5) * SPACING, (b + 0.5) * SPACING, (layer + 0.5) * height]
            box += one
    hydrogen, oxygen = standard_masses()[[1, 8]]
    molecules = int(GRAM_PER_CM3 * edge**3 / (oxygen + 2 * hydrogen))
    water = water_box(molecules, seed=seed)
    water.positions += [0.0, 0.0, 2 * height + 0.5 * GAP]
    box += water
    box.info["charge"] = 0
    return box


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("output", type=Path)
    parser.add_argument("--side", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    told = parser.parse_args()
    box = layers(told.side, told.seed)
    write_extxyz(told.output, box)
    print(f"{told.output}: {len(box)} atoms, {box.cell.lengths().round(2).tolist()} Å")


if __name__ == "__main__":
    main()
