"""Samples: what observers measure along a trajectory, on the device, while it runs."""

from collections import Counter
from collections.abc import Sequence
from itertools import chain

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from sundog.engine.ensembles import Ensemble
from sundog.engine.observers.base import AbstractObserver, Mean, Need, Reading
from sundog.engine.observers.cell import Cell
from sundog.engine.observers.dipole import Dipole
from sundog.engine.observers.energies import Energies
from sundog.engine.observers.pressure import Pressure
from sundog.engine.observers.terms import TermEnergies
from sundog.engine.state import MDState
from sundog.errors import InputError

Samples = dict[str, Float[Array, "samples systems"] | Int[Array, "samples *systems"]]

STANDARD: tuple[type[AbstractObserver], ...] = (Energies, TermEnergies, Dipole, Pressure, Cell)
"""Observers of every run whose structure has what they need."""

STEP = "step"
"""Column that every table has beside those of the observers."""


def observers_of(
    state: MDState, ensemble: Ensemble, more: Sequence[AbstractObserver] = ()
) -> tuple[AbstractObserver, ...]:
    """Return what observes a run: the standard observers and then `more` (host only).

    Args:
        state: that the run begins with; its forces are up to date.
        ensemble: the recipe.
        more: observers of the user.

    Raises:
        InputError: one of `more` needs what the state does not have, gives something else than
            its columns, or has a column of another.
    """
    standard = [kind.of(state, ensemble) for kind in STANDARD if not _lacks(kind, state)]
    for one in more:
        _check(one, state)
    observers = (*standard, *more)
    counts = Counter(chain([STEP, "time_ps"], *(one.names for one in observers)))
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        raise InputError(
            "observers: names of columns must be different",
            got=f"{twice[0]} more than once",
            remedy="Give the column of the observer another name",
        )
    return observers


def measure(state: MDState, observers: Sequence[AbstractObserver]) -> dict[str, Array]:
    """Return the observables of one state by name."""
    values: dict[str, Array] = {STEP: state.step}
    for one in observers:
        values |= one(state)
    return values


def means(more: Sequence[AbstractObserver] = ()) -> tuple[Mean, ...]:
    """Return the lines of the summary of a run: of the standard observers, then of `more`."""
    return tuple(chain.from_iterable(one.summary for one in (*STANDARD, *more)))


def readings(more: Sequence[AbstractObserver] = ()) -> tuple[Reading, ...]:
    """Return the parts of the progress line: of the standard observers, then of `more`."""
    return tuple(chain.from_iterable(one.progress for one in (*STANDARD, *more)))


def _lacks(observer: AbstractObserver | type[AbstractObserver], state: MDState) -> list[Need]:
    """Return what an observer needs and a state does not have."""
    has: dict[Need, bool] = {
        "cell": bool(np.any(np.asarray(state.system.volume) > 0)),
        "charges": state.dipole is not None,
    }
    return sorted(need for need in observer.needs if not has[need])


def _check(observer: AbstractObserver, state: MDState) -> None:
    """Refuse an observer that cannot be called with the state or gives no columns of numbers."""
    kind = type(observer).__name__
    lacks = _lacks(observer, state)
    if lacks:
        raise InputError(
            f"observers: {kind} needs what this simulation does not have",
            got=f"no {lacks[0]}",
            remedy="Leave the observer out",
        )
    values = jax.eval_shape(observer, state)
    systems = state.system.number_of_systems
    good = isinstance(values, dict) and set(values) == set(observer.names)
    good = good and all(
        one.shape == (systems,) and jnp.issubdtype(one.dtype, jnp.number) for one in values.values()
    )
    if not good:
        raise InputError(
            f"observers: {kind} must return a real number for each structure by name",
            got=jax.tree.map(lambda one: f"{one.dtype}{list(one.shape)}", values),
            expected=f"{', '.join(observer.names)}, of shape [{systems}]",
        )
