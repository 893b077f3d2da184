"""Hydrogens of a structure of heavy atoms with bonds and formal charges, by hydride.

hydride places hydrogens by fragments of the component dictionary, and turns those that can turn
until their electrostatic and steric energy is lowest (Kunzmann, Anter, Hamacher, Algorithms Mol.
Biol. 17, 7 (2022), doi:10.1186/s13015-022-00215-x).
"""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float

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
    whole.coord = hydride.relax_hydrogen(whole, partial_charges=_partial_charges(whole))
    bare = [k for k in range(len(whole)) if not np.isfinite(whole.coord[k]).all()]
    if bare:
        raise StructureError(
            "hydrogens: some have no place", got=listed([label_of(whole, k) for k in bare])
        )
    count = int(np.count_nonzero(whole.element == "H"))
    report(f"Hydrogens: {count} added and turned to their lowest energy")
    return whole


def _partial_charges(array: Any) -> Float[np.ndarray, " atoms"]:
    """Return partial charges in e for hydrogen bonds, by iterated electronegativities.

    The method has no parameters for phosphorus and sulfur of sulfates: these atoms carry what the
    total charge leaves them.
    """
    structure = require("biotite.structure", PURPOSE)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Parameters ")
        charges = structure.partial_charges(array)
    unknown = np.isnan(charges)
    if unknown.any():
        charges[unknown] = (array.charge.sum() - charges[~unknown].sum()) / unknown.sum()
    return charges
