"""Backbone angles of a peptide: what is asked for, and what prolines allow."""

import numpy as np

from sundog.errors import InputError
from sundog.prepare.peptides.proline import PHI
from sundog.prepare.peptides.sequence_grammar import Sequence

HELIX, EXTENDED = (-57.0, -47.0), (180.0, 180.0)
"""Angles φ and ψ in degrees of an α helix and of a stretched chain."""

PROLINE_FREEDOM = 20.0
"""Angle in degrees by which φ of a proline may differ from what its ring holds."""

BEFORE_PROLINE = 150.0
"""Angle ψ in degrees of a residue of a stretched chain before a proline."""

KINK = ((-10.0, 15.0), (-15.0, 28.0), (-2.0, -14.0))
"""Degrees by which φ and ψ of the three residues before a proline differ from a helix, so that
the ring has room beside the oxygen of the fourth residue before; found by least crowding."""


def angles_of(
    phi: float | None, psi: float | None, helix: bool, extended: bool
) -> tuple[tuple[float, float], list[str]]:
    """Return φ and ψ in degrees, and what was chosen.

    Args:
        phi: Dihedral C–N–CA–C in degrees, or None.
        psi: Dihedral N–CA–C–N in degrees, or None.
        helix: Whether an α helix is asked for.
        extended: Whether a stretched chain is asked for.

    Raises:
        InputError: Several of them are given, or not two finite angles.
    """
    given = phi is not None or psi is not None
    if helix + extended + given > 1:
        raise InputError(
            "phi_degrees, psi_degrees, helix, extended: one of them says the backbone",
            remedy="Give two angles, or helix, or extended",
        )
    if given:
        if phi is None or psi is None or not np.isfinite([phi, psi]).all():
            raise InputError(
                "phi_degrees, psi_degrees: two finite angles", got=f"φ {phi}, ψ {psi} degrees"
            )
        return (float(phi), float(psi)), []
    if helix:
        return HELIX, [f"The backbone is an alpha helix, φ {HELIX[0]:g}, ψ {HELIX[1]:g} degrees"]
    how = "" if extended else "; no angles were given"
    return EXTENDED, [f"The backbone is stretched, φ and ψ 180 degrees{how}"]


def around_prolines(
    read: Sequence, angles: tuple[float, float], decisions: list[str]
) -> list[tuple[float, float]]:
    """Return φ and ψ of every residue, as prolines allow.

    Args:
        read: Sequence.
        angles: φ and ψ in degrees that are asked for.
        decisions: Takes a line about every residue whose angles differ.
    """
    each = [angles] * len(read.states)
    first = 1 if read.before is None else 2
    prolines = [k for k, state in enumerate(read.states) if state == "PRO"]
    phi, psi = angles
    # Without a cap the first residue has no φ.
    held = [k for k in prolines if _apart(phi, PHI) > PROLINE_FREEDOM and k + first > 1]
    for k in held:
        each[k] = (PHI, psi)
    if held:
        places = ", ".join(str(k + first) for k in held)
        decisions.append(f"The ring of PRO {places} holds φ at {PHI:g} degrees")
    crowded = [k - 1 for k in prolines if k and _apart(psi, EXTENDED[1]) < PROLINE_FREEDOM]
    for k in crowded:
        each[k] = (each[k][0], BEFORE_PROLINE)
    if crowded:
        decisions.append(
            f"ψ before a proline is {BEFORE_PROLINE:g} degrees, where its ring has room"
        )
    if max(_apart(phi, HELIX[0]), _apart(psi, HELIX[1])) > PROLINE_FREEDOM:
        return each
    kinked = [k for k in prolines if k > len(KINK) - (read.before is not None)]
    for k in kinked:
        for before, (more_phi, more_psi) in zip(range(k - len(KINK), k), KINK, strict=True):
            each[before] = (phi + more_phi, psi + more_psi)
    if kinked:
        places = ", ".join(str(k + first) for k in kinked)
        decisions.append(
            f"PRO {places} kinks the helix: φ and ψ of the three residues before differ by up to "
            f"{np.abs(KINK).max():g} degrees"
        )
    return each


def _apart(angle: float, other: float) -> float:
    return abs((angle - other + 180) % 360 - 180)
