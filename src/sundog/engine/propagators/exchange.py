"""Replica exchange: replicas at neighbouring temperatures swap them now and then.

    accept with min(1, exp Δ),   Δ = (β_a − β_b) (H_a − H_b),   H = U + P₀ V

β = 1/kT. The temperatures move between the replicas and the momenta are scaled along with
them, so that every trajectory stays continuous. Pairs of even and odd rank take turns.
Sources: Sugita, Okamoto, Chem. Phys. Lett. 314, 141 (1999); with pressure: Okabe, Kawata,
Okamoto, Mikami, Chem. Phys. Lett. 335, 435 (2001).
"""

from dataclasses import replace
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from sundog.engine.propagators.base import AbstractPropagator
from sundog.engine.reservoirs.base import AbstractReservoir, Variables
from sundog.engine.state import MDState
from sundog.typing import PerSystem
from sundog.units import BOLTZMANN


class Exchanges(eqx.Module):
    """Variables of replica exchange.

    Attributes:
        exchanges: tried and made swaps between ranks k and k + 1, coldest first.
    """

    exchanges: Int[Array, "systems 2"]


class ExchangeCounts(AbstractReservoir):
    """Counter of the swaps; no energy is stored in it."""

    variables: ClassVar[Variables[Exchanges]] = Variables(Exchanges)

    def first(self, state: MDState) -> Exchanges:
        """Return zeros."""
        return Exchanges(jnp.zeros((state.heat.shape[0], 2), jnp.int64))

    def energy(self, state: MDState) -> PerSystem:
        """Return zero."""
        return jnp.zeros_like(state.heat)


class ReplicaExchange(AbstractPropagator):
    """Swaps of temperatures; after the last kick of a step, when energies are up to date.

    Attributes:
        every: steps between attempts.
        pressure: P₀ in eV/Å³, zero at constant volume.
    """

    every: Int[Array, ""] = eqx.field(converter=jnp.asarray)
    pressure: Float[Array, ""] = eqx.field(converter=jnp.asarray)

    def __call__(self, state: MDState) -> MDState:
        """Return the state, in every `every`-th step after an attempt."""
        due = (state.step + 1) % self.every == 0
        return jax.lax.cond(due, lambda: self._attempt(state), lambda: state)

    def constrained(self) -> "ReplicaExchange":
        """Return the propagator itself, which scales all momenta of a replica alike."""
        return self

    def _attempt(self, state: MDState) -> MDState:
        key, draw = jax.random.split(state.key)
        order = jnp.argsort(state.temperature)
        ladder = state.temperature[order]
        beta = 1 / (BOLTZMANN * ladder)
        enthalpy = (state.potential_energy + self.pressure * state.system.volume)[order]
        delta = (beta[:-1] - beta[1:]) * (enthalpy[:-1] - enthalpy[1:])
        ranks = jnp.arange(len(delta))
        tried = ranks % 2 == ((state.step + 1) // self.every) % 2
        made = tried & (jnp.log(jax.random.uniform(draw, delta.shape)) < delta)
        nobody = jnp.zeros(1, bool)
        goes_up, goes_down = jnp.concatenate([made, nobody]), jnp.concatenate([nobody, made])
        swapped = jnp.where(goes_up, jnp.roll(ladder, -1), ladder)
        swapped = jnp.where(goes_down, jnp.roll(ladder, 1), swapped)
        temperature = jnp.zeros_like(ladder).at[order].set(swapped)
        scale = jnp.sqrt(temperature / state.temperature)
        counts = jnp.stack([jnp.append(tried, False), jnp.append(made, False)], axis=1)
        counts = counts.astype(jnp.int64)
        so_far = ExchangeCounts.variables.of(state).exchanges
        after = replace(
            ExchangeCounts.variables.put(state, exchanges=so_far + counts),
            key=key,
            temperature=temperature,
            momenta=state.momenta * scale[state.system.system_index][:, None],
        )
        return replace(after, heat=state.heat + after.kinetic_energy - state.kinetic_energy)
