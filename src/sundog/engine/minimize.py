"""FIRE: minimisation by damped dynamics that restarts when it runs uphill.

    P = F·v;  v ← (1 − α) v + α |v| F/|F|;  P > 0 for long: dt grows, α shrinks
                                             P ≤ 0:          v = 0, dt halves, α resets

Unit masses; the step per atom is bounded. Source: Bitzek et al., Phys. Rev. Lett.
97, 170201 (2006), with the semi-implicit update and the parameters of ASE's FIRE.
"""

from collections.abc import Iterator
from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from sundog.engine.state import MDState
from sundog.errors import SimulationError
from sundog.forcefield.base import AbstractForceField
from sundog.typing import PerSystem, Positions

FIRST_TIMESTEP, LARGEST_TIMESTEP = 0.1, 1.0
"""Timestep dt at the beginning and at most, in units of Å·√(1/eV), with unit masses."""

LONGEST_STEP = 0.2
"""Largest displacement of an atom in one step in Å."""

PATIENCE = 5
"""Number of steps downhill before dt grows."""

FASTER, SLOWER = 1.1, 0.5
"""Factors of dt after steps downhill and after a step uphill."""

FIRST_MIXING, LESS_MIXING = 0.1, 0.99
"""Mixing α at the beginning, and its factor after steps downhill."""


class FireState(eqx.Module):
    """State of a minimisation; `md` holds positions, forces and lists."""

    md: MDState
    velocities: Positions
    timestep: PerSystem
    mixing: PerSystem
    downhill: Int[Array, " systems"]
    steps: Int[Array, ""]

    @property
    def largest_force(self) -> Float[Array, ""]:
        """Largest force on any atom in eV/Å."""
        return self.md.largest_force


def minimize(
    state: MDState,
    force_field: AbstractForceField,
    *,
    force_threshold: float,
    steps: int,
    steps_per_chunk: int = 20,
) -> Iterator[FireState]:
    """Relax positions at fixed cell and yield between chunks of steps.

    Ends when the largest force is below the threshold or after `steps`; momenta are left
    alone.

    Args:
        state: where to start; its forces are up to date.
        force_field: force field whose energy is minimised.
        force_threshold: largest force at the end in eV/Å.
        steps: largest number of steps.
        steps_per_chunk: steps between returns to the host.

    Raises:
        SimulationError: the energy is no longer finite.
    """
    systems = state.system.number_of_systems
    fire = FireState(
        md=state,
        velocities=jnp.zeros_like(state.momenta),
        timestep=jnp.full(systems, FIRST_TIMESTEP, state.momenta.dtype),
        mixing=jnp.full(systems, FIRST_MIXING, state.momenta.dtype),
        downhill=jnp.zeros(systems, jnp.int32),
        steps=jnp.zeros((), jnp.int32),
    )
    done = 0
    while done < steps and fire.largest_force > force_threshold:
        count = min(steps_per_chunk, steps - done)
        after = _fire_steps(fire, force_field, jnp.int32(count), jnp.asarray(force_threshold))
        if after.md.neighbors.overflow:
            larger = fire.md.neighbors.enlarged(fire.md.system, after.md.neighbors)
            fire = replace(fire, md=replace(fire.md, neighbors=larger))
            continue
        if not jnp.isfinite(after.md.potential_energy).all():
            raise SimulationError(
                "minimisation: the energy is no longer a finite number",
                got=f"step {done + count}",
                remedy="Look for overlapping atoms in the structure",
            )
        fire, done = after, done + count
        yield fire


@eqx.filter_jit
def _fire_steps(
    fire: FireState, force_field: AbstractForceField, count: Array, threshold: Array
) -> FireState:
    def unfinished(carry: tuple[Array, FireState]) -> Array:
        done, fire = carry
        sound = ~fire.md.neighbors.overflow & jnp.isfinite(fire.md.potential_energy).all()
        return (done < count) & sound & (fire.largest_force > threshold)

    def step(carry: tuple[Array, FireState]) -> tuple[Array, FireState]:
        return carry[0] + 1, _fire_step(carry[1], force_field, threshold)

    return jax.lax.while_loop(unfinished, step, (jnp.int32(0), fire))[1]


def _fire_step(fire: FireState, force_field: AbstractForceField, threshold: Array) -> FireState:
    md, index, forces = fire.md, fire.md.system.system_index, fire.md.mobile_forces

    def dot(a: Positions, b: Positions) -> PerSystem:
        return md.sum_over_atoms(jnp.sum(a * b, axis=1))

    def of_atom(values: Array) -> Array:
        return values[index][:, None]

    power = dot(forces, fire.velocities)
    going_down = power > 0
    downhill = jnp.where(going_down, fire.downhill + 1, 0)
    patient = going_down & (downhill > PATIENCE)
    timestep = jnp.where(
        patient,
        jnp.minimum(fire.timestep * FASTER, LARGEST_TIMESTEP),
        jnp.where(going_down, fire.timestep, fire.timestep * SLOWER),
    )
    speed = jnp.sqrt(dot(fire.velocities, fire.velocities))
    force = jnp.sqrt(jnp.maximum(dot(forces, forces), 1e-300))
    mixed = (1 - of_atom(fire.mixing)) * fire.velocities + of_atom(
        fire.mixing * speed / force
    ) * forces
    velocities = jnp.where(of_atom(going_down), mixed, 0.0) + of_atom(timestep) * forces
    step = of_atom(timestep) * velocities
    length = jnp.sqrt(jnp.sum(step**2, axis=1, keepdims=True))
    step = step * jnp.minimum(1.0, LONGEST_STEP / jnp.maximum(length, 1e-300))
    # A structure that has converged is held still, whatever it shares its batch with.
    squares = jax.ops.segment_max(
        jnp.sum(forces**2, axis=1), index, num_segments=md.system.number_of_systems
    )
    step = jnp.where(of_atom(jnp.sqrt(jnp.maximum(squares, 0.0)) > threshold), step, 0.0)
    moved = replace(md, system=md.system.at(md.system.positions + step))
    return FireState(
        md=moved.evaluated(force_field),
        velocities=velocities,
        timestep=timestep,
        mixing=jnp.where(
            patient, fire.mixing * LESS_MIXING, jnp.where(going_down, fire.mixing, FIRST_MIXING)
        ),
        downhill=downhill,
        steps=fire.steps + 1,
    )
