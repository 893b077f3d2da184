"""Masses other than the standard ones: for longer timesteps, and for isotopes.

    m_H ← m,  m_X ← m_X − Σ_H (m − m_H)          hydrogen mass repartitioning
    m_H ← 2.014 amu                              deuteration

Repartitioning leaves the mass of every molecule and all averages over positions as they
are, and slows the fastest vibrations; rates of motion change. Source: Hopkins, Le Grand,
Walker, Roitberg, J. Chem. Theory Comput. 11, 1864 (2015), doi:10.1021/ct5010406, who use
3.024 amu. `sundog.engine.state.atomic_masses` gives the standard masses.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool

from sundog.elements import ISOTOPES, symbol
from sundog.errors import InputError, StructureError
from sundog.system import System
from sundog.topology.hydrogens import BondedHydrogens
from sundog.typing import PerAtom

DEUTERIUM = ISOTOPES[1, 2]
"""Mass of deuterium in amu (Wang et al., Chin. Phys. C 45, 030003 (2021))."""

HEAVIEST_HYDROGEN = 4.0
"""Mass in amu beyond which not the vibrations of methyl groups are slowed, but their turning."""


def repartitioned(
    masses: PerAtom,
    system: System,
    hydrogens: BondedHydrogens,
    hydrogen_mass: float = 3.0,
    which: Bool[np.ndarray, " atoms"] | None = None,
) -> PerAtom:
    """Return masses with every hydrogen at `hydrogen_mass`, taken from its heavy atom (host only).

    Args:
        masses: masses before in amu.
        system: one or many structures.
        hydrogens: their hydrogens and the atoms these are bonded to.
        hydrogen_mass: mass of each hydrogen afterwards in amu.
        which: atoms whose hydrogens change, by default all.

    Raises:
        InputError: `hydrogen_mass` is out of range, or less than a hydrogen has.
        StructureError: a hydrogen without a heavy atom, or one that would become lighter
            than its hydrogens.
    """
    bonds = hydrogens.of_selection(system, which)
    before = np.asarray(masses, dtype=np.float64)
    present = before[bonds.hydrogens]
    least = float(present.max(initial=0.0))
    if not least <= hydrogen_mass <= HEAVIEST_HYDROGEN:
        raise InputError(
            "hydrogen_mass: out of range",
            got=f"{hydrogen_mass} amu",
            expected=f"between the mass of a hydrogen, here {least:.3f}, and {HEAVIEST_HYDROGEN}",
            remedy="Use 3.0",
        )
    after = before.copy()
    after[bonds.hydrogens] = hydrogen_mass
    np.subtract.at(after, bonds.heavy, hydrogen_mass - present)
    short = bonds.heavy[after[bonds.heavy] < hydrogen_mass]
    if len(short):
        atom = int(short[0])
        own = present[bonds.heavy == atom]
        count, even = len(own), (before[atom] + own.sum()) / (len(own) + 1)
        raise StructureError(
            "hydrogen_mass: a heavy atom would become lighter than its hydrogens",
            got=f"{hydrogen_mass} amu: {symbol(int(system.numbers[atom]))} {atom} (counted from 0) "
            f"with {count} hydrogens would keep {after[atom]:.2f} amu",
            expected=f"at most {even:.2f} amu for this atom",
            remedy="Use a smaller hydrogen mass",
        )
    return jnp.asarray(after)


def deuterated(
    masses: PerAtom, system: System, which: Bool[np.ndarray, " atoms"] | None = None
) -> PerAtom:
    """Return masses with the hydrogens as deuterium (host only).

    Args:
        masses: masses before in amu.
        system: one or many structures.
        which: atoms whose hydrogens change, by default all.

    Raises:
        StructureError: there is no hydrogen to change.
    """
    hydrogen = np.asarray(system.numbers) == 1
    if which is not None:
        hydrogen = hydrogen & which
    if not hydrogen.any():
        raise StructureError(
            "deuterate: there is no hydrogen in the selection",
            got=f"{int(np.asarray(system.is_atom).sum())} atoms",
            remedy="Check the selection, or leave the option out",
        )
    return jnp.where(jnp.asarray(hydrogen), DEUTERIUM, masses)
