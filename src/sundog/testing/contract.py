"""The error that a broken contract raises, and the comparisons that raise it."""

from typing import Any

import jax
import numpy as np
from jaxtyping import PyTree


class ContractError(AssertionError):
    """A part of a simulation does not keep its contract.

    Attributes:
        what: promise that was broken.
        found: size of the deviation, or None where there is none to measure.
        allowed: largest deviation that would have been accepted, or None.
    """

    def __init__(self, what: str, *, found: float | None = None, allowed: float | None = None):
        """Compose the message of its parts."""
        deviation = "" if found is None else f": off by {found:.3g}, allowed {allowed:.3g}"
        super().__init__(what + deviation)
        self.what, self.found, self.allowed = what, found, allowed


def require(condition: bool, what: str) -> None:
    """Refuse what is not as promised.

    Raises:
        ContractError: the condition does not hold.
    """
    if not condition:
        raise ContractError(what)


def require_close(found: PyTree[Any], expected: PyTree[Any], *, allowed: float, what: str) -> None:
    """Refuse arrays that deviate from what is expected, or are not finite.

    Args:
        found: arrays, one or a tree of them.
        expected: tree of arrays that broadcast to those.
        allowed: largest absolute deviation to be accepted.
        what: promise that is checked, for the message.

    Raises:
        ContractError: a deviation is larger, or not a number.
    """
    pairs = zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True)
    deviations = [np.abs(np.asarray(a, float) - np.asarray(b, float)) for a, b in pairs]
    worst = max((float(np.max(one)) for one in deviations if one.size), default=0.0)
    # The comparison is false for what is not a number.
    if not worst <= allowed:
        raise ContractError(what, found=worst, allowed=allowed)
