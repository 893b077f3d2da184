"""Warnings about a run before it begins."""

from collections.abc import Iterator
from math import pi

from sundog.constants import COULOMB
from sundog.units import BAR


def describe_net_charge(
    charge: float, volume: float, sigma: float | None, constant_pressure: bool
) -> Iterator[str]:
    """Yield warnings about a periodic cell with a net charge.

    Args:
        charge: total charge of the cell in e.
        volume: volume of the cell in Å³.
        sigma: damping length in Å of the Coulomb interaction with `ewald`, None with a cutoff.
        constant_pressure: whether the cell changes with the pressure.
    """
    if not charge:
        return
    if sigma is None:
        yield (
            f"Warning: the periodic cell has charge {charge:+g}; with a cutoff its energy depends "
            'on the cutoff. Add counter-ions, or use electrostatics="ewald"'
        )
    else:
        pressure = -pi * COULOMB * sigma**2 * charge**2 / (2 * volume**2) / BAR
        yield (
            f"Warning: the periodic cell has charge {charge:+g}; a uniform background neutralises "
            f"it and adds {pressure:+.3g} bar to the pressure. Better add counter-ions"
        )
    if constant_pressure:
        yield (
            "Warning: under constant pressure the density of a charged cell is not that of any "
            "solution: the interaction with images and background depends on the volume"
        )
