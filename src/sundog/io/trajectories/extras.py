"""Results that a frame may carry beside positions, cell, time and step: names, shapes, units."""

from collections.abc import Collection, Mapping

import numpy as np

from sundog.errors import InputError

Extra = np.ndarray | float | Mapping[str, float]
"""Result of a frame; a mapping holds numbers by the names of terms."""

Extras = Mapping[str, Extra]
"""Results of a frame by name."""

EXTRAS: dict[str, tuple[str | int, ...] | None] = {
    "velocities": ("atoms", 3),
    "momenta": ("atoms", 3),
    "forces": ("atoms", 3),
    "charges": ("atoms",),
    "hirshfeld_ratios": ("atoms",),
    "energy": (),
    "term_energies": None,
    "dipole": (3,),
    "stress": (3, 3),
}
"""Shapes by name; `term_energies` maps names of terms to numbers.

`write` takes velocities in Å/fs, momenta in ASE's unit amu·Å/(Å·√(amu/eV)), forces in
eV/Å, charges in e, energies in eV, dipole in e·Å and stress in eV/Å³.
"""


def check_names(names: Collection[str]) -> None:
    """Refuse names of results that no trajectory carries.

    Raises:
        InputError: A name is unknown.
    """
    unknown = sorted(set(names) - EXTRAS.keys())
    if unknown:
        raise InputError(
            "extras: no trajectory carries this",
            got=", ".join(unknown),
            expected="some of " + ", ".join(EXTRAS),
        )


def select(given: Extras, names: Collection[str], atoms: int) -> dict[str, Extra]:
    """Return the results that a frame carries, in the order of `EXTRAS`, with their shapes checked.

    Args:
        given: Results of the frame.
        names: Names of the results to carry.
        atoms: Number of atoms.

    Raises:
        InputError: One of `names` is not given, or has another shape.
    """
    missing = [name for name in names if name not in given]
    if missing:
        raise InputError(
            "extras: the frame lacks what this trajectory carries",
            got=", ".join(given) or "none",
            expected=", ".join(sorted(names)),
        )
    chosen = {name: given[name] for name in EXTRAS if name in names}
    for name, value in chosen.items():
        axes = EXTRAS[name]
        shape = None if axes is None else tuple(atoms if a == "atoms" else a for a in axes)
        if shape != (None if isinstance(value, Mapping) else np.shape(value)):
            raise InputError(
                f"extras[{name!r}]: the frame is not of this trajectory",
                got="a mapping" if isinstance(value, Mapping) else f"shape {np.shape(value)}",
                expected="a mapping of names to numbers" if shape is None else f"shape {shape}",
            )
    return chosen
