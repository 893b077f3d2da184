"""Small molecules and ions for checks that need no reference values."""

import numpy as np
from ase import Atoms
from ase.build import molecule

NEUTRAL = ("H2O", "CH3CONH2", "C6H6", "CH3SH", "CH3Cl", "PH3", "CF4", "HCOOH")
"""Names in ase.build.molecule; together they have every element that SO3LR was trained on."""


def molecules() -> list[Atoms]:
    """Return eight molecules and two ions, displaced so that no forces vanish."""
    found = [molecule(name) for name in NEUTRAL]
    found += [acetate(), methylammonium()]
    for seed, atoms in enumerate(found):
        atoms.rattle(0.03, seed=seed)
    return found


def acetate() -> Atoms:
    """Return CH3COO⁻: acetic acid without its proton, the other atoms unmoved."""
    acid = molecule("CH3COOH")
    distances = acid.get_all_distances()
    oxygens = np.flatnonzero(acid.numbers == 8)
    proton = next(h for h in np.flatnonzero(acid.numbers == 1) if distances[h, oxygens].min() < 1.2)
    del acid[proton]
    acid.info["charge"] = -1
    return acid


def methylammonium() -> Atoms:
    """Return CH3NH3⁺: methylamine with a proton at the lone pair of nitrogen, 1.03 Å from it."""
    amine = molecule("H3CNH2")
    nitrogen = int(np.flatnonzero(amine.numbers == 7)[0])
    bonded = np.flatnonzero(amine.get_distances(nitrogen, range(len(amine))) < 1.7)
    bonds = amine.positions[bonded[bonded != nitrogen]] - amine.positions[nitrogen]
    lone = -(bonds / np.linalg.norm(bonds, axis=1)[:, None]).sum(axis=0)
    place = amine.positions[nitrogen] + 1.03 * lone / np.linalg.norm(lone)
    amine += Atoms("H", [place])
    amine.info["charge"] = 1
    return amine
