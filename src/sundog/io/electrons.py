"""Charge and multiplicity of structures: what was said, where, and what is used.

    `charge`, `multiplicity`      given by the user: nothing else counts
    info["charge"], info["spin"]  read, as are `total_charge` and `multiplicity`; spin is 2S + 1
    Charge, net_charge, uhf, …    near-misses: refused where they disagree with what would be used
    atomic charges and moments    refused where their sum is another charge or multiplicity
    valences, where asked for     their charge is taken from residues with hydrogens, and has to
                                  agree with what is stated (`charges.py`)
    nothing                       neutral, with the lowest multiplicity; an odd number of electrons
                                  is warned of

This is the one place where it is decided; `ElectronicState` is its record.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from ase import Atoms

from sundog.errors import ChargeError
from sundog.io.charges import Perceived, charge_of, refuse_contradiction, refuse_unstated_ion
from sundog.validity import check_electrons

CHARGE_KEYS = ("charge", "total_charge")
"""Keys of `info` with the total charge."""

MULTIPLICITY_KEYS = ("spin", "multiplicity")
"""Keys of `info` with the multiplicity 2S + 1."""

_OF_WHAT = "(total|tot|net|overall|formal|molecular|molecule|mol|systems?|sys|ionic|ion|cluster)"
"""Words that stand before or after `charge` in names, without `_`, `-` and blanks."""

CHARGE_LIKE = re.compile(f"{_OF_WHAT}*(charge|chrg|chg){_OF_WHAT}*|{_OF_WHAT}?q{_OF_WHAT}?")
"""Names that look like a total charge, in small letters without `_`, `-` and blanks."""

MULTIPLICITY_LIKE = re.compile(f"{_OF_WHAT}?spin|{_OF_WHAT}?(spin)?(multiplicity|multip|mult)")
"""Names that look like a multiplicity."""

UNPAIRED_LIKE = re.compile(
    "uhf|nopen|(n|no|num|number)?(of)?unpaired(electrons?)?|(total|tot|net)(magneticmoment|magmom)"
)
"""Names that look like a number of unpaired electrons."""

SPIN_LIKE = re.compile("(total|tot|net)spin")
"""Names that may be a spin S or a multiplicity."""

LISTED = 6
"""Number of kinds of charge and multiplicity that a line about a set names."""


@dataclass(frozen=True)
class ElectronicState:
    """Charge and multiplicity that a structure is computed with.

    Attributes:
        charge: Total charge in e.
        multiplicity: Multiplicity 2S + 1.
        charge_from: Who said the charge, or None where nobody did.
        multiplicity_from: Who said the multiplicity, or None where nobody did.
        electrons: Number of electrons.
    """

    charge: int
    multiplicity: int
    charge_from: str | None
    multiplicity_from: str | None
    electrons: int

    @property
    def assumed_radical(self) -> bool:
        """Whether a doublet was assumed because the number of electrons is odd."""
        return self.multiplicity_from is None and self.electrons % 2 == 1

    def describe(self) -> str:
        """Return charge and multiplicity in words, with who said them."""
        said = [self.charge_from or "assumed", self.multiplicity_from or "assumed"]
        return f"charge {self.charge:+d} ({said[0]}), multiplicity {self.multiplicity} ({said[1]})"


def state_of(
    atoms: Atoms,
    charge: int | float | None = None,
    multiplicity: int | float | None = None,
    perceived: Perceived | None = None,
) -> ElectronicState:
    """Return the charge and multiplicity of a structure, and who said them.

    Args:
        atoms: Structure.
        charge: Total charge in e, instead of the structure's own.
        multiplicity: Multiplicity 2S + 1, instead of the structure's own.
        perceived: Valences of the structure, where they are looked at.

    Raises:
        ChargeError: A value is not an integer, two entries of `info` disagree, the combination
            is impossible, atomic charges or moments add up to another charge or multiplicity, a
            near-miss among the names of `info` has another value, or the valences make another
            charge.
    """
    total, charge_from = _stated("charge", charge, atoms, CHARGE_KEYS)
    spin, spin_from = _stated("multiplicity", multiplicity, atoms, MULTIPLICITY_KEYS)
    if total is not None:
        if perceived is not None:
            refuse_contradiction(total, spin, perceived)
    elif perceived is not None:
        total, charge_from = charge_of(atoms, perceived.topology, perceived.perception)
    else:
        refuse_unstated_ion(atoms)
        total = 0
    if charge is None:
        _refuse_other_charge(atoms, total)
    found = check_electrons(atoms.numbers, float(total), None if spin is None else float(spin))
    if multiplicity is None:
        _refuse_other_multiplicity(atoms, found)
        _refuse_other_moments(atoms, found, charge_from is not None)
    electrons = int(atoms.numbers.sum()) - total
    return ElectronicState(total, found, charge_from, spin_from, electrons)


def stated(
    atoms: Atoms, charge: int | float | None = None, multiplicity: int | float | None = None
) -> tuple[int | None, int | None]:
    """Return the charge in e and the multiplicity that were said; None what was not.

    Args:
        atoms: Structure.
        charge: Total charge in e, instead of the structure's own.
        multiplicity: Multiplicity 2S + 1, instead of the structure's own.

    Raises:
        ChargeError: A value is not an integer, or two entries of `info` disagree.
    """
    total, _ = _stated("charge", charge, atoms, CHARGE_KEYS)
    return total, _stated("multiplicity", multiplicity, atoms, MULTIPLICITY_KEYS)[0]


def electronic_state(
    atoms: Atoms, charge: int | float | None = None, multiplicity: int | float | None = None
) -> tuple[int, int]:
    """Return the total charge in e and the multiplicity 2S + 1, as `state_of` does.

    Args:
        atoms: Structure.
        charge: Total charge in e, instead of the structure's own.
        multiplicity: Multiplicity 2S + 1, instead of the structure's own.

    Raises:
        ChargeError: As for `state_of`.
    """
    state = state_of(atoms, charge, multiplicity)
    return state.charge, state.multiplicity


def with_electronic_state(atoms: Atoms, charge: int, multiplicity: int) -> Atoms:
    """Return a copy of a structure that states a charge and a multiplicity, and no others.

    Args:
        atoms: Structure.
        charge: Total charge in e.
        multiplicity: Multiplicity 2S + 1.
    """
    atoms = atoms.copy()
    known = (CHARGE_LIKE, MULTIPLICITY_LIKE, UNPAIRED_LIKE, SPIN_LIKE)
    atoms.info = {
        key: value
        for key, value in atoms.info.items()
        if _number(value) is None or not any(one.fullmatch(_bare(key)) for one in known)
    }
    atoms.info |= {CHARGE_KEYS[0]: charge, MULTIPLICITY_KEYS[0]: multiplicity}
    return atoms


def describe_states(states: Sequence[ElectronicState]) -> list[str]:
    """Return lines with the charges and multiplicities of structures, and warnings.

    Args:
        states: States of the structures, in their order.
    """
    if len(states) == 1:
        lines = [f"Electrons: {states[0].describe()}"]
    else:
        kinds = Counter((one.charge, one.multiplicity) for one in states)
        named = [f"{q:+d}/{m} in {count}" for (q, m), count in kinds.most_common(LISTED)]
        more = f" and {len(kinds) - LISTED} more kinds" if len(kinds) > LISTED else ""
        lines = [f"Electrons: charge/multiplicity {', '.join(named)}{more} structures"]
    odd = [number for number, one in enumerate(states) if one.assumed_radical]
    if odd:
        which = f"{len(odd)} of {len(states)} structures, the first number {odd[0]}, have"
        count = f"{states[odd[0]].electrons} electrons, an odd number"
        subject = f"the structure has {count}" if len(states) == 1 else f"{which} an odd number"
        lines.append(
            f"Warning: {subject}{'' if len(states) == 1 else ' of electrons'}, and no multiplicity "
            "is stated: a radical, a doublet, is computed. If it is an ion, give `charge`"
        )
    return lines


def _stated(
    name: str, explicit: int | float | None, atoms: Atoms, keys: Sequence[str]
) -> tuple[int | None, str | None]:
    """Return a value that was said, and by whom."""
    if explicit is not None:
        return _integer(name, explicit), "as asked"
    present = [key for key in keys if key in atoms.info]
    found = {key: _integer(f'atoms.info["{key}"]', atoms.info[key]) for key in present}
    if len(set(found.values())) > 1:
        raise ChargeError(
            f"{name}: two entries of atoms.info disagree",
            got=found,
            remedy=f"Keep one, or give `{name}` explicitly",
        )
    return next(((value, f"from {key}") for key, value in found.items()), (None, None))


def _integer(name: str, value: Any) -> int:
    try:
        number = float(value)
        if isinstance(value, bool | np.bool_) or number != round(number):
            raise ValueError
    except (TypeError, ValueError, OverflowError) as error:
        raise ChargeError(
            f"{name}: must be an integer",
            got=repr(value),
            expected="a total charge such as -1, or a multiplicity 2S + 1 such as 1",
            remedy="Correct the structure file, or give `charge` and `multiplicity`",
        ) from error
    return round(number)


def _bare(key: object) -> str:
    return "".join(c for c in str(key).lower() if c not in "_- ")


def _number(value: Any) -> float | None:
    """Return a value of `info` as one number, or None."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return None if isinstance(value, bool | np.bool_) else number


def _refuse_other_charge(atoms: Atoms, used: int) -> None:
    for key, value in atoms.info.items():
        number = _number(value)
        bare = _bare(key)
        if key in CHARGE_KEYS or number is None or not CHARGE_LIKE.fullmatch(bare):
            continue
        if number != used and (number == round(number) or bare != "q"):
            raise ChargeError(
                f"charge: atoms.info has an entry {key!r}, which is not read as the total charge",
                got=f"{number:g}, where {used:+d} would be used",
                expected=" or ".join(f'atoms.info["{one}"]' for one in CHARGE_KEYS),
                remedy="Rename it, or give `charge` explicitly",
            )


def _refuse_other_multiplicity(atoms: Atoms, used: int) -> None:
    for key, value in atoms.info.items():
        number = _number(value)
        if key in MULTIPLICITY_KEYS or number is None:
            continue
        bare = _bare(key)
        meant: set[float] = set()
        if SPIN_LIKE.fullmatch(bare):
            meant = {one for one in (number, 2 * number + 1) if one >= 1}
        elif MULTIPLICITY_LIKE.fullmatch(bare):
            meant = {number}
        elif UNPAIRED_LIKE.fullmatch(bare):
            meant = {number + 1}
        if meant - {used}:
            raise ChargeError(
                f"multiplicity: atoms.info has an entry {key!r}, which is not read",
                got=f"{number:g}, where multiplicity {used} would be used",
                expected=" or ".join(f'atoms.info["{one}"] = 2S + 1' for one in MULTIPLICITY_KEYS),
                remedy="Rename it, or give `multiplicity` explicitly",
            )


def _refuse_other_moments(atoms: Atoms, used: int, charge_is_stated: bool) -> None:
    """Refuse magnetic moments, initial ones or a result, that make another multiplicity.

    Moments that are impossible with a charge that was stated are those of another charge, as of the
    neutral molecule that was read before it was made an ion, and say nothing.
    """
    computed = atoms.calc.results.get("magmom") if atoms.calc is not None else None
    if atoms.has("initial_magmoms"):
        moments = np.asarray(atoms.get_initial_magnetic_moments(), np.float64)
    elif isinstance(computed, float | int):
        moments = np.array([float(computed)])
    else:
        return
    unpaired = float(np.linalg.norm(moments.sum(axis=0)))
    if charge_is_stated and (round(unpaired) - (used - 1)) % 2:
        return
    if moments.any() and not abs(unpaired - (used - 1)) < 0.5:
        raise ChargeError(
            "multiplicity: the structure carries magnetic moments that make another one, and they "
            "are not used",
            got=f"moments that add up to {unpaired:g}, where multiplicity {used} would be used",
            remedy=f'Give multiplicity={round(unpaired) + 1} or set atoms.info["spin"]; '
            f"{used} if that is meant all the same",
        )
