"""Counter-ions in place of water: chloride and ammonium, the ions that the weights know."""

import numpy as np
from ase import Atoms
from jaxtyping import Float

from sundog.errors import InputError
from sundog.prepare.built import labelled
from sundog.prepare.request import CounterIons

MOST_LEFT = 2
"""Net charge in e up to which a solute is left without counter-ions by default."""

NH_BOND = 1.02
"""Bond length of ammonium in Å."""

APART = 8.0
"""Distance in Å that ions keep from one another, where there is room."""


def ions_wanted(charge: int, choice: CounterIons) -> int:
    """Return the number of counter-ions, each of the sign opposite to the charge.

    Args:
        charge: Net charge of the solute in e.
        choice: Treatment of it; `auto` leaves small charges.

    Raises:
        InputError: `auto`, and the charge is large.
    """
    if choice == "neutralize":
        return abs(charge)
    if choice == "auto" and abs(charge) > MOST_LEFT:
        ion = "Cl−" if charge > 0 else "NH4+"
        raise InputError(
            f"counter_ions: the solute has a net charge of {charge:+d}",
            remedy=f'counter_ions="neutralize" puts {abs(charge)} {ion} into the water, '
            'counter_ions="none" leaves the charge to a uniform background; or choose other '
            "protonation states",
        )
    return 0


def chosen_sites(
    oxygens: Float[np.ndarray, "waters 3"],
    away: Float[np.ndarray, " waters"],
    count: int,
    seed: int,
) -> list[int]:
    """Return the water molecules that ions take the place of: away from the solute and each other.

    Args:
        oxygens: Positions of the oxygens, Å.
        away: Distance of each from the solute, Å.
        count: Number of ions.
        seed: Seed of the choice.
    """
    random = np.random.default_rng(seed)
    order = random.permutation(np.flatnonzero(away >= np.quantile(away, 0.5)))
    chosen: list[int] = []
    for apart in (APART, APART / 2, 0.0):
        for one in order.tolist():
            if len(chosen) == count:
                break
            if one not in chosen and all(
                np.linalg.norm(oxygens[one] - oxygens[k]) > apart for k in chosen
            ):
                chosen.append(one)
    if len(chosen) < count:
        raise InputError("counter_ions: there is too little water for them", got=count)
    return sorted(chosen)


def ion_at(place: Float[np.ndarray, "3"], charge: int) -> Atoms:
    """Return an ion: chloride for a charge of −1, ammonium for +1; centred at a place in Å."""
    if charge < 0:
        return labelled(
            Atoms("Cl", [place]),
            names=["CL"],
            residue_names=["CL"],
            residue_numbers=[1],
            formal_charges=[-1],
        )
    corners = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / np.sqrt(3)
    return labelled(
        Atoms("NH4", np.vstack([place, place + NH_BOND * corners])),
        names=["N", "HN1", "HN2", "HN3", "HN4"],
        residue_names=["NH4"] * 5,
        residue_numbers=[1] * 5,
        formal_charges=[1, 0, 0, 0, 0],
    )
