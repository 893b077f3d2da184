"""Ring of proline within a peptide, at φ = −65 degrees, puckered Cγ-endo.

The dictionary of chemical components has the free amino acid, whose ring is twisted at an amine.
Bond lengths and angles are those of Engh, Huber, Acta Cryst. A 47, 392 (1991),
doi:10.1107/S0108767391001071; the pucker follows from closing the ring.
"""

import numpy as np
from scipy.optimize import root_scalar

from sundog.prepare.peptides.placement import Place, place
from sundog.prepare.peptides.polyalanine import C_H, CA_C, N_CA, N_CA_C

PHI = -65.0
"""Angle φ in degrees for which C of the residue before, N, CA and CD lie in a plane."""

N_CD, CA_CB, CB_CG, CG_CD = 1.473, 1.530, 1.492, 1.503
"""Bond lengths in Å."""

CA_N_CD, N_CA_CB, CA_CB_CG = 112.0, 103.0, 104.5
"""Bond angles in degrees."""

BETA = -117.9
"""Angle in degrees by which CB is turned from C about CA–N, for C–CA–CB of 110.1 degrees."""

PUCKER = (5.0, 55.0)
"""Range in degrees of the dihedral N–CA–CB–CG of an endo pucker."""

H_C_H = 109.0
"""Angle in degrees between the hydrogens of a methylene group."""


def proline_ring() -> dict[str, Place]:
    """Return the places in Å of a proline's atoms but those of the peptide bonds, by name."""
    bend = np.radians(N_CA_C)
    n, ca = np.zeros(3), np.array([N_CA, 0.0, 0.0])
    c = np.array([N_CA - CA_C * np.cos(bend), CA_C * np.sin(bend), 0.0])
    cd = place(n, ca, c, N_CD, CA_N_CD, PHI + 180.0)
    cb = place(ca, n, c, CA_CB, N_CA_CB, BETA)

    def gap(pucker: float) -> float:
        cg = place(cb, ca, n, CB_CG, CA_CB_CG, pucker)
        return float(np.linalg.norm(cg - cd)) - CG_CD

    cg = place(cb, ca, n, CB_CG, CA_CB_CG, root_scalar(gap, bracket=PUCKER).root)
    alpha = 3 * ca - n - c - cb
    places = {"N": n, "CA": ca, "C": c, "CB": cb, "CG": cg, "CD": cd}
    places["HA"] = ca + C_H * alpha / np.linalg.norm(alpha)
    for name, here, first, second in (("B", cb, ca, cg), ("G", cg, cb, cd), ("D", cd, cg, n)):
        places[f"H{name}2"], places[f"H{name}3"] = _methylene(here, first, second)
    return places


def _methylene(here: Place, first: Place, second: Place) -> tuple[Place, Place]:
    """Return the places of the hydrogens of a CH₂ between two atoms."""
    out = (here - first) / np.linalg.norm(here - first)
    out += (here - second) / np.linalg.norm(here - second)
    out /= np.linalg.norm(out)
    across = np.cross(first - here, second - here)
    across /= np.linalg.norm(across)
    half = np.radians(H_C_H) / 2
    return (
        here + C_H * (np.cos(half) * out + np.sin(half) * across),
        here + C_H * (np.cos(half) * out - np.sin(half) * across),
    )
