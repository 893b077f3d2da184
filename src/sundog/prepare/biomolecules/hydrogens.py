"""Hydrogens of a structure of heavy atoms with bonds and formal charges, by hydride.

hydride places hydrogens by fragments of the component dictionary, and turns those that can turn
until their electrostatic and steric energy is lowest (Kunzmann, Anter, Hamacher, Algorithms Mol.
Biol. 17, 7 (2022), doi:10.1186/s13015-022-00215-x).
"""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from sundog.errors import StructureError
from sundog.prepare.biomolecules.arrays import PURPOSE, label_of, listed
from sundog.prepare.extras import require

Report = Callable[[str], None]


def with_hydrogens(array: Any, report: Report) -> Any:
    """Return a structure with all its hydrogens.

    Args:
        array: Heavy atoms with bonds and charges, a biotite `AtomArray`.
        report: Called with the number of hydrogens.

    Raises:
        StructureError: There are atoms whose hydrogens are not known.
    """
    hydride = require("hydride", PURPOSE)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        whole, _ = hydride.add_hydrogen(array)
    unknown = sorted({str(one.message) for one in said if "fragment" in str(one.message).lower()})
    if unknown:
        raise StructureError("hydrogens: some cannot be placed", got=listed(unknown, 4))
    whole.coord = hydride.relax_hydrogen(whole)
    bare = [k for k in range(len(whole)) if not np.isfinite(whole.coord[k]).all()]
    if bare:
        raise StructureError(
            "hydrogens: some have no place", got=listed([label_of(whole, k) for k in bare])
        )
    count = int(np.count_nonzero(whole.element == "H"))
    report(f"Hydrogens: {count} added and turned to their lowest energy")
    return whole
