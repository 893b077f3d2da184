"""Division of the energy terms: those the compiled kernels sum, and those summed beside them."""

from math import isfinite
from typing import NamedTuple, TypeGuard

from sundog.errors import UnavailableError
from sundog.forcefield.so3lr import ForceField
from sundog.terms.base import AbstractPairTerm
from sundog.terms.dispersion import Dispersion
from sundog.terms.electrostatics import ExactCoulomb, TruncatedCoulomb, WolfCoulomb
from sundog.terms.zbl import ZBL

Coulomb = ExactCoulomb | TruncatedCoulomb | WolfCoulomb


class Shares(NamedTuple):
    """Who sums which term.

    Attributes:
        zbl: summed by the kernels.
        coulomb: summed by the kernels, unless charges do not interact by pairs.
        dispersion: summed by the kernels.
        short: other terms over the short range.
        long: other terms over the long range.
    """

    zbl: ZBL
    coulomb: Coulomb | None
    dispersion: Dispersion
    short: tuple[AbstractPairTerm, ...]
    long: tuple[AbstractPairTerm, ...]


def shared_out(force_field: ForceField) -> Shares:
    """Return who sums which term of a force field.

    A term is the kernels' when it is of the very class that they were written for, and ends where
    their lists do.

    Raises:
        UnavailableError: a term is not there that the kernels cannot leave out.
    """
    short, long = list(force_field.short_terms), list(force_field.long_terms)
    zbl = next((one for one in short if type(one) is ZBL), None)
    coulomb = next((one for one in long if _is_coulomb(one, force_field.cutoff)), None)
    dispersion = next((one for one in long if type(one) is Dispersion), None)
    if zbl is None or dispersion is None or dispersion.cutoff != force_field.cutoff:
        raise UnavailableError(
            "the compiled kernels always sum the repulsion, and over the whole long range the "
            "dispersion of SO3LR, which this force field does not have"
        )
    return Shares(
        zbl,
        coulomb,
        dispersion,
        short=tuple(one for one in short if one is not zbl),
        long=tuple(one for one in long if one is not coulomb and one is not dispersion),
    )


def _is_coulomb(term: AbstractPairTerm, cutoff: float) -> TypeGuard[Coulomb]:
    if type(term) is ExactCoulomb:
        return not isfinite(cutoff)
    inner = term.truncated if type(term) is WolfCoulomb else term
    return type(inner) is TruncatedCoulomb and inner.cutoff == cutoff
