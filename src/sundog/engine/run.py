"""The loop: chunks of steps on the device, bookkeeping between them on the host.

A chunk ends early when a pair list overflows. It is then void as a whole: the host
goes back to the state before it, enlarges the lists and repeats the chunk. The key of
the random numbers is part of the state, so no step is lost and none is computed with
missing pairs.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool

from sundog.engine.ensembles import Ensemble
from sundog.engine.observers.base import AbstractObserver
from sundog.engine.observers.energies import Thermometer
from sundog.engine.reservoirs.impulses import weight_of
from sundog.engine.samples import Samples, measure, observers_of
from sundog.engine.state import MDState
from sundog.errors import InputError, SimulationError

LARGEST_NUMBER_OF_REPEATS = 12
"""Enlargements of the lists for one chunk before something must be wrong."""


HOTTEST, HOTTEST_OF_BATH = 5000.0, 10.0
"""Temperature in K beyond which a run has blown up, and its multiple of the bath's."""

STRONGEST_FORCE = 1e3
"""Force in eV/Å beyond which a run has blown up; atoms on top of one another feel as much."""

SECONDS_PER_CHUNK = 2.0
"""Time between returns to the host in s, for progress and for signals."""


class BlowUpError(SimulationError):
    """Energies that are no numbers any more, or a temperature or forces beyond all reason.

    Attributes:
        before: the last good state, from which the failure can be repeated.
        after: the state at the failure.
        ensemble: the recipe.
        observers: observers that `advance` was compiled with, so that repeating compiles nothing.
        capacity: capacity that `advance` was compiled with.
    """

    def __init__(
        self,
        before: MDState,
        after: MDState,
        ensemble: Ensemble,
        observers: tuple[AbstractObserver, ...],
        capacity: int,
    ):
        """Compose the message."""
        temperature = float(jnp.max(Thermometer(ensemble.conserved_momenta)(after)))
        super().__init__(
            "simulation: it blew up; energy, temperature or forces are beyond all reason",
            got=f"{temperature:.3g} K and {float(after.largest_force):.3g} eV/Å "
            f"in step {int(after.step)}{_counted(after)}",
            remedy="Minimise the structure first (minimize=True), use a smaller timestep, and "
            "check the structure for overlapping atoms and the charge",
        )
        self.before, self.after, self.ensemble = before, after, ensemble
        self.observers, self.capacity = observers, capacity


def _counted(state: MDState) -> str:
    """Return in words how often the forces count the long range, unless that is once."""
    weight = weight_of(state)
    return "" if weight == 1 else f", where the long range counts {weight} times"


class Chunk(NamedTuple):
    """Result of a chunk, as the host sees it.

    Attributes:
        state: after the chunk.
        samples: observables by the names of their columns, one row per sample.
        repeats: number of times that the chunk was repeated with larger lists.
        seconds: wall time of the chunk, with compilation in the first.
    """

    state: MDState
    samples: dict[str, np.ndarray]
    repeats: int
    seconds: float


def run(
    state: MDState,
    ensemble: Ensemble,
    *,
    steps: int,
    sample_every: int,
    frame_every: int,
    observers: Sequence[AbstractObserver] = (),
) -> Iterator[Chunk]:
    """Propagate `state` and yield after every chunk.

    Chunks end where a frame is due, and otherwise after about `SECONDS_PER_CHUNK`; where
    they end changes no number.

    Args:
        state: where to start; its forces are up to date.
        ensemble: the recipe.
        steps: number of steps; the last sample comes early when it is not a multiple of
            `sample_every`.
        sample_every: steps between samples.
        frame_every: steps between frames, a multiple of `sample_every`.
        observers: observers beside the standard ones.

    Raises:
        BlowUpError: the last state yielded is the last good one.
        InputError: steps that are not whole cycles of multiple time steps, or observers that
            cannot observe this.
        SimulationError: the lists overflow again and again.
    """
    for name, count in (("steps", steps), ("sample_every", sample_every)):
        if count % ensemble.cycle:
            raise InputError(
                f"{name}: energies are up to date at the end of a cycle of steps only",
                got=count,
                expected=f"a multiple of long_range_every={ensemble.cycle}",
            )
    state = ensemble.entered(state)
    watching = observers_of(state, ensemble, observers)
    last = int(state.step) + steps
    pace = 0.0  # samples per second
    while (step := int(state.step)) < last:
        # A run that was extended may begin between two samples.
        off = step % sample_every
        until_frame = frame_every - step % frame_every
        whole = 0 if off else min(until_frame, last - step) // sample_every
        stride = sample_every if whole else min(sample_every - off, last - step)
        count = max(1, min(whole, int(pace * SECONDS_PER_CHUNK)))
        chunk = _chunk(state, ensemble, watching, stride, count, frame_every // sample_every)
        state = chunk.state
        pace = count / chunk.seconds
        yield chunk


def _chunk(
    state: MDState,
    ensemble: Ensemble,
    observers: tuple[AbstractObserver, ...],
    stride: int,
    count: int,
    capacity: int,
) -> Chunk:
    """Return one chunk, repeated until no list overflows."""
    begin = time.perf_counter()
    start = state
    for repeats in range(LARGEST_NUMBER_OF_REPEATS):
        end, samples = advance(
            start, ensemble, observers, jnp.int32(count), jnp.int32(stride), capacity
        )
        if not end.neighbors.overflow:
            if not is_sound(end, ensemble):
                raise BlowUpError(start, end, ensemble, observers, capacity)
            rows = {name: np.asarray(values)[:count] for name, values in samples.items()}
            return Chunk(end, rows, repeats, time.perf_counter() - begin)
        larger = start.neighbors.enlarged(state.system, end.neighbors)
        start = replace(state, neighbors=larger)
    raise SimulationError(
        f"neighbours: lists still overflow after {LARGEST_NUMBER_OF_REPEATS} enlargements",
        got=f"step {int(state.step)}",
        remedy="The structure is probably collapsing: minimise it first, or use a smaller timestep",
    )


@eqx.filter_jit
def advance(
    state: MDState,
    ensemble: Ensemble,
    observers: tuple[AbstractObserver, ...],
    count: Array,
    stride: Array,
    capacity: int,
) -> tuple[MDState, Samples]:
    """Return the state after `count`·`stride` steps and a sample after every `stride`.

    Stops early when a list has overflowed or the run has blown up.

    Args:
        state: where to start.
        ensemble: the recipe.
        observers: observers that make the samples.
        count: number of samples, at most `capacity`.
        stride: steps between samples.
        capacity: rows of the returned samples; the rows from `count` on are zero.
    """

    def goes_on(state: MDState) -> Bool[Array, ""]:
        return ~state.neighbors.overflow & is_sound(state, ensemble)

    def step(carry: tuple[Array, MDState]) -> tuple[Array, MDState]:
        done, state = carry
        for propagator in ensemble.propagators:
            state = propagator(state)
        return done + 1, replace(state, step=state.step + 1)

    def sample(carry: tuple[Array, MDState, Samples]) -> tuple[Array, MDState, Samples]:
        row, state, samples = carry
        _, state = jax.lax.while_loop(
            lambda inner: (inner[0] < stride) & goes_on(inner[1]),
            step,
            (jnp.int32(0), state),
        )
        values = measure(state, observers)
        samples = {name: samples[name].at[row].set(values[name]) for name in samples}
        return row + 1, state, samples

    shapes = jax.eval_shape(lambda s: measure(s, observers), state)
    empty = {name: jnp.zeros((capacity, *s.shape), s.dtype) for name, s in shapes.items()}
    _, state, samples = jax.lax.while_loop(
        lambda carry: (carry[0] < count) & goes_on(carry[1]),
        sample,
        (jnp.int32(0), state, empty),
    )
    return state, samples


def is_sound(state: MDState, ensemble: Ensemble) -> Bool[Array, ""]:
    """Return whether the numbers of a state still mean anything."""
    temperature = Thermometer(ensemble.conserved_momenta)(state)
    hottest = jnp.maximum(HOTTEST, HOTTEST_OF_BATH * state.temperature)
    finite = jnp.isfinite(state.potential_energy) & (temperature < hottest)
    return jnp.all(finite) & (state.largest_force < STRONGEST_FORCE)
