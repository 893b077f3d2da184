"""Valences and formal charges that atoms of each element may have.

A state is a valence (the sum of the orders of an atom's bonds), a formal charge, and what the state
costs. Costs decide only between structures with as few open valences as possible, and only their
order means anything: N⁻ is cheaper than O⁻, so that an amide without its hydrogen is one at the
nitrogen; N⁺ is dearer than O⁻, but a pair of both (with the net charge, `NET_CHARGE`) is cheaper
than two O⁻, as in nitro groups.
"""

from functools import cache
from typing import NamedTuple

OPEN = 100
"""Cost of one open valence: much more than any charge."""

EXCESS = 1000
"""Cost of one bond too many."""

NET_CHARGE = 3
"""Cost of each unit of the net charge of a group of atoms that are solved together."""


class State(NamedTuple):
    """Valence of an atom.

    Attributes:
        valence: Sum of the orders of its bonds.
        charge: Formal charge in e.
        cost: Cost, next to `OPEN`.
        triple: Whether one of the bonds must be a triple bond.
        bonds: Least number of bonds.
    """

    valence: int
    charge: int
    cost: int
    triple: bool = False
    bonds: int = 0


_NITROGEN = (State(3, 0, 0), State(2, -1, 9), State(4, 1, 11))
"""States of nitrogen."""

_CHALCOGEN = (
    State(2, 0, 0),
    State(1, -1, 10),
    State(4, 0, 2),
    State(6, 0, 4),
    State(3, 1, 13),
)
"""States of sulfur, selenium and tellurium."""

_PNICTOGEN = (
    State(3, 0, 0),
    State(5, 0, 2),
    State(4, 1, 11),
    State(6, -1, 12, bonds=6),
    State(2, -1, 14),
)
"""States of phosphorus, arsenic and antimony."""

_HALOGEN = (
    State(1, 0, 0),
    State(0, -1, 8),
    State(3, 0, 2),
    State(5, 0, 4),
    State(7, 0, 6),
    State(2, 1, 30),
)
"""States of chlorine, bromine and iodine."""

_TETREL = (State(4, 0, 0), State(5, -1, 14, bonds=5), State(6, -2, 30, bonds=6))
"""States of silicon and germanium."""


STATES: dict[int, tuple[State, ...]] = {
    1: (State(1, 0, 0),),
    5: (State(3, 0, 0), State(4, -1, 10)),
    # Carbanions are not told from missing hydrogens, but for C⁻ in CN⁻, CO and isocyanides.
    6: (State(4, 0, 0), State(3, -1, 15, triple=True)),
    7: _NITROGEN,
    # O⁺ at the end of a bond is that of CO alone: an acylium ion is stated, not guessed.
    8: (State(2, 0, 0), State(1, -1, 10), State(3, 1, 15)),
    9: (State(1, 0, 0), State(0, -1, 8)),
    14: _TETREL,
    15: _PNICTOGEN,
    16: _CHALCOGEN,
    17: _HALOGEN,
    32: _TETREL,
    33: _PNICTOGEN,
    34: _CHALCOGEN,
    35: _HALOGEN,
    51: _PNICTOGEN,
    52: _CHALCOGEN,
    53: _HALOGEN,
    85: _HALOGEN,
}
"""States of each element that bonds, the usual one first."""

ION_CHARGES = {
    **dict.fromkeys((3, 11, 19, 37, 47, 55, 81, 87), 1),
    **dict.fromkeys((4, 12, 20, 38, 56, 88, 25, 26, 27, 28, 29, 30, 48, 80, 82), 2),
    **dict.fromkeys((13, 21, 31, 39, 49, 57, *range(58, 72)), 3),
}
"""Charges of metals, which are bare ions here, by atomic number; others count as 0."""


@cache
def states_of(number: int) -> tuple[State, ...]:
    """Return the states of an element."""
    return STATES.get(number) or (State(0, ION_CHARGES.get(number, 0), 0),)


@cache
def fitting(number: int, degree: int) -> tuple[State, ...]:
    """Return the states of an atom with so many bonds; the highest valence if it has too many.

    An atom without any bond is an ion only if it is a halogen or a metal: bare oxygen and nitrogen
    have lost their hydrogens.
    """
    every = states_of(number)
    usable = [
        state
        for state in every
        if state.valence >= degree
        and (degree or state.valence == 0 or not state.charge)
        and not (state.triple and degree > 1)
        and degree >= state.bonds
    ]
    if not usable:
        most = max(state.valence for state in every)
        return tuple(state for state in every if state.valence == most)[:1]
    if number == 8 and degree == 1:
        # Only together with C⁻, as in CO, or an open valence would be turned into a charge.
        usable = [s._replace(cost=OPEN + 5) if s.charge > 0 else s for s in usable]
    return tuple(usable)


@cache
def settled(number: int, degree: int) -> tuple[State, int, int]:
    """Return the best state of an atom none of whose bonds is multiple, open valences and excess.

    Only a neutral atom has open valences.
    """

    def merit(state: State) -> int:
        missing = state.valence - degree
        if missing > 0 and (state.charge or state.triple):
            return 10 * EXCESS
        return state.cost + OPEN * max(missing, 0) + EXCESS * max(-missing, 0)

    best = min(fitting(number, degree), key=merit)
    return best, max(best.valence - degree, 0), max(degree - best.valence, 0)
