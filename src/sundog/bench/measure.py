"""Timing in the present process: force calls and whole steps of one case.

    force   energy, forces and virial by one compiled call, pair lists fixed
    step    BAOAB Langevin at 0.5 fs through `engine.run`, pair lists updated

The thermal start of a case is made once, by `thermal_start`, and every row is timed from it: the
lattice of `prepare.water` is relaxed with FIRE and driven to 300 K with a friction of 100/ps. That
is not equilibrium, but hundreds of steps of 0.5 fs are stable from it, and pair lists last as long
as in the liquid. Lists have the skin that `sundog md` gives them.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from ase import Atoms

from sundog.bench.settings import (
    FRICTION_PER_PS,
    SKIN_ANGSTROM,
    TEMPERATURE_KELVIN,
    TIMESTEP_FS,
    BenchSettings,
)
from sundog.engine.ensembles import Ensemble, nve, nvt
from sundog.engine.minimize import minimize
from sundog.engine.propagators.ornstein_uhlenbeck import Langevin
from sundog.engine.run import Chunk, run
from sundog.engine.state import MDState, initial_state, with_thermal_momenta
from sundog.errors import SimulationError
from sundog.forcefield.base import AbstractForceField
from sundog.forcefield.so3lr import ForceField
from sundog.io.structures import system_from_atoms
from sundog.system import System, concatenate
from sundog.weights.load import load

LOOPS = 5
"""Number of timings of a figure per process, where the time limit allows."""

LONGEST_SECONDS = 30.0
"""Longest time in s that a figure may take beyond its least time, to reach the steps asked for."""

DRIFT_STEPS = 400
"""Number of steps over which the energy drift is fitted: 0.2 ps."""

LONGEST_DRIFT_SECONDS = 120.0
"""Longest time in s that the energy drift may take; else it is not measured."""

RELAXING_STEPS = 50
"""Most FIRE steps of a thermal start."""

RELAXED_FORCE = 1.0
"""Largest force in eV/Å at which the relaxation of a thermal start ends."""

STRONG_FRICTION_PER_PS = 100.0
"""Friction in 1/ps that brings a lattice to 300 K within a hundred steps."""

MOST_REPEATED_CHUNKS = 5
"""Most chunks in a row that may enlarge the pair lists and are therefore not timed."""


def load_for(settings: BenchSettings, structures: list[Atoms]) -> ForceField:
    """Return the reference formulation for a case."""
    periodic = any(atoms.pbc.any() for atoms in structures)
    return load(settings.hamiltonian(periodic))


def state_of(atoms: Atoms, force_field: AbstractForceField, replicas: int = 1) -> MDState:
    """Return the initial state of a structure with its momenta.

    Args:
        atoms: Structure.
        force_field: Force field of the run.
        replicas: Number of copies of the structure that make one system.
    """
    system = concatenate([system_from_atoms(atoms)] * replicas)
    state = initial_state(system, force_field, seed=0, skin=SKIN_ANGSTROM)
    return replace(state, momenta=jnp.asarray(np.tile(atoms.get_momenta(), (replicas, 1))))


def batch_of(structures: list[Atoms], force_field: AbstractForceField) -> tuple[System, Any]:
    """Return structures as one system, with its pair lists."""
    system = concatenate([system_from_atoms(atoms) for atoms in structures])
    force_field.check(system)
    return system, force_field.pairs_once(system)


def thermal_start(
    atoms: Atoms, force_field: AbstractForceField, steps: int, deadline: float
) -> tuple[Atoms, int]:
    """Return a structure at 300 K with momenta, and how many steps led there.

    Args:
        atoms: Structure as built.
        force_field: Force field that moves it.
        steps: Number of steps with strong friction, after the relaxation.
        deadline: Time on `time.monotonic`'s clock at which the state reached is taken.
    """
    state = state_of(atoms, force_field)
    for fire in minimize(
        state, force_field, force_threshold=RELAXED_FORCE, steps=RELAXING_STEPS, steps_per_chunk=10
    ):
        state = fire.md
        if time.monotonic() > deadline:
            break
    state = with_thermal_momenta(state, TEMPERATURE_KELVIN)
    strong = nvt(force_field, TIMESTEP_FS, TEMPERATURE_KELVIN, Langevin(STRONG_FRICTION_PER_PS))
    for chunk in run(state, strong, steps=steps, sample_every=5, frame_every=20):
        state = chunk.state
        if time.monotonic() > deadline:
            break
    host = jax.device_get(state)
    thermal = atoms.copy()
    thermal.positions = host.system.positions + host.system.origin[0]
    thermal.set_momenta(host.momenta)
    return thermal, int(host.step)


class Steps:
    """Langevin dynamics that is advanced and timed in chunks."""

    def __init__(self, state: MDState, force_field: AbstractForceField):
        """Start from a state."""
        self.state = state
        thermostat = Langevin(FRICTION_PER_PS)
        self._ensemble = nvt(force_field, TIMESTEP_FS, TEMPERATURE_KELVIN, thermostat)

    def advance(self, steps: int) -> float:
        """Advance by a number of steps and return the seconds per step.

        A chunk in which the pair lists had to be enlarged is done but not timed, and another
        follows.

        Raises:
            SimulationError: The run blew up, or the lists are enlarged again and again.
        """
        for _ in range(MOST_REPEATED_CHUNKS):
            chunk = _chunk(self.state, self._ensemble, steps, sample_every=steps)
            self.state = chunk.state
            if not chunk.repeats:
                return chunk.seconds / steps
        raise SimulationError(
            "bench: the pair lists are enlarged again and again",
            got=f"{MOST_REPEATED_CHUNKS} chunks of {steps} steps",
            remedy="Bring the case closer to equilibrium with more prepare_steps",
        )


def force_call(force_field: AbstractForceField, system: System, pairs: Any) -> Callable[[], Any]:
    """Return a function that computes energy, forces and virial and waits for them.

    Args:
        force_field: Force field.
        system: System to compute.
        pairs: Pair lists of the system for the force field.
    """
    return lambda: jax.block_until_ready(_energy_forces_virial(force_field, system, pairs))


def time_force(call: Callable[[], Any], seconds: float, deadline: float) -> list[float]:
    """Return the seconds per call in each of a few loops.

    Args:
        call: Function to time, compiled already.
        seconds: Least time of all loops in s.
        deadline: Time on `time.monotonic`'s clock after which no loop is begun.
    """
    count = max(1, round(seconds / LOOPS / _seconds(call)))

    def loop() -> float:
        begin = time.perf_counter()
        for _ in range(count):
            call()
        return (time.perf_counter() - begin) / count

    return _loops(loop, deadline)


def time_steps(run_of: Steps, settings: BenchSettings, deadline: float) -> list[float]:
    """Return the seconds per step in each of a few chunks.

    Args:
        run_of: Dynamics to advance, compiled already.
        settings: Settings of the benchmark.
        deadline: Time on `time.monotonic`'s clock after which no chunk is begun.
    """
    estimate = run_of.advance(2)
    least, longest = settings.seconds / estimate, LONGEST_SECONDS / estimate
    steps = max(1, round(max(least, min(settings.steps, longest)) / LOOPS))
    return _loops(lambda: run_of.advance(steps), deadline)


def energy_drift(
    state: MDState, force_field: AbstractForceField, seconds_per_step: float, deadline: float
) -> float | None:
    """Return the drift of the total energy in an NVE run in meV/atom/ps; None if it takes too long.

    The drift is the slope of a straight line through the energies of `DRIFT_STEPS` steps.

    Args:
        state: State to start from.
        force_field: Force field of the run.
        seconds_per_step: Estimated time of a step in s.
        deadline: Time on `time.monotonic`'s clock at which the run must be over.
    """
    time_left = min(LONGEST_DRIFT_SECONDS, deadline - time.monotonic())
    if DRIFT_STEPS * seconds_per_step > time_left:
        return None
    energies = _chunk(state, nve(force_field, TIMESTEP_FS), DRIFT_STEPS, sample_every=2).samples
    picoseconds = TIMESTEP_FS * 1e-3 * (energies["step"] - energies["step"][0])
    slope = np.polyfit(picoseconds, energies["conserved_energy_ev"][:, 0], 1)[0]
    return float(1e3 * slope / state.system.number_of_atoms)


def _chunk(state: MDState, ensemble: Ensemble, steps: int, sample_every: int) -> Chunk:
    """Return a number of steps of a run as one chunk, with all samples joined."""
    state = replace(state, step=jnp.zeros_like(state.step))  # frames are due at multiples
    chunks = list(run(state, ensemble, steps=steps, sample_every=sample_every, frame_every=steps))
    joined = {
        name: np.concatenate([chunk.samples[name] for chunk in chunks])
        for name in chunks[0].samples
    }
    return Chunk(
        chunks[-1].state,
        joined,
        sum(chunk.repeats for chunk in chunks),
        sum(chunk.seconds for chunk in chunks),
    )


@eqx.filter_jit
def _energy_forces_virial(force_field: AbstractForceField, system: System, pairs: Any) -> Any:
    prediction = force_field(system, pairs)
    return prediction.energy, prediction.forces, prediction.virial


def _seconds(call: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def _loops(loop: Callable[[], float], deadline: float) -> list[float]:
    """Return the values of `LOOPS` loops, or of those until the deadline, at least one."""
    values = [loop()]
    while len(values) < LOOPS and time.monotonic() < deadline:
        values.append(loop())
    return values
