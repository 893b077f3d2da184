"""What `sundog coverage` says of a set, ready for JSON."""

from typing import Any

import numpy as np

from sundog.coverage.census import Census
from sundog.coverage.reference import Missing, Reference
from sundog.coverage.saturation import Saturation
from sundog.elements import symbol

SCHEMA = "sundog.coverage/1"
"""Of the JSON; the number changes when a key changes its meaning or goes."""


def as_json(
    census: Census, found: Saturation | None, reference: Reference | None, lacking: list[Missing]
) -> dict[str, Any]:
    """Return the outcome.

    Args:
        census: of the set.
        found: how it saturates; None of a single structure.
        reference: what it was compared with, if anything.
        lacking: environments that the reference lacks.
    """
    return {
        "schema": SCHEMA,
        "radius": census.radius.value,
        "radius_unit": census.radius.unit,
        "structures": census.structures,
        "atoms": len(census.environment),
        "environments": len(census.fingerprints),
        "elements": by_element(census),
        "saturation": None
        if found is None
        else {
            name: value.tolist() if isinstance(value, np.ndarray) else value
            for name, value in vars(found).items()
        },
        "reference": None if reference is None else compared(census, reference, lacking),
    }


def compared(census: Census, reference: Reference, lacking: list[Missing]) -> dict[str, Any]:
    """Return a comparison with a reference."""
    atoms = sum(len(one.atoms) for one in lacking)
    return {
        "source": reference.source,
        "radius": reference.radius.value,
        "radius_unit": reference.radius.unit,
        "structures": reference.structures,
        "environments": len(reference.fingerprints),
        "missing_environments": len(lacking),
        "missing_atoms": atoms,
        "covered_atoms_share": 1 - atoms / len(census.environment),
        "missing": [
            {
                "environment": one.name,
                "fingerprint": f"{one.fingerprint:016x}",
                "count": len(one.atoms),
                "atoms": [{"structure": s, "atom": a} for s, a in one.atoms],
            }
            for one in lacking
        ],
    }


def by_element(census: Census) -> dict[str, dict[str, int]]:
    """Return atoms, environments, and environments of a single atom, by element."""
    atoms = census.atoms
    found = {}
    for number in np.unique(census.numbers).tolist():
        mine = census.numbers == number
        found[symbol(number)] = {
            "atoms": int(atoms[mine].sum()),
            "environments": int(mine.sum()),
            "singletons": int((atoms[mine] == 1).sum()),
        }
    return found
