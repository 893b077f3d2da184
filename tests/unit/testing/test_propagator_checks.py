"""Broken promises of propagators are found, each by its name."""

from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import pytest

from propagator_states import rigid_water, two_crystals
from sundog.engine.propagators.base import AbstractPropagator
from sundog.testing import ContractError
from sundog.testing.propagators import check_propagator

EXACT = float("inf")


class Broken(AbstractPropagator):
    """Kick that breaks a promise of the contract."""

    timestep: jax.Array
    how: str = eqx.field(static=True)

    def __call__(self, state):
        dt = self.timestep
        match self.how:
            case "key":
                noise = jax.random.normal(state.key, state.momenta.shape, jnp.float64)
                noise = jnp.where(state.mobile[:, None], noise, 0.0)
                return replace(state, momenta=state.momenta + noise)
            case "frozen":
                push = jnp.where(state.system.is_atom[:, None], dt, 0.0)
                return replace(state, momenta=state.momenta + push)
            case "padding":
                push = jnp.where(state.masses[:, None] == 1, dt, 0.0)
                return replace(state, momenta=state.momenta + push)
            case "step":
                return replace(state, step=state.step + 1)
            case "shape":
                return replace(state, heat=state.heat.astype(jnp.float32))
            case "heat":
                return replace(state, momenta=0.9 * state.momenta)
            case "order":
                return replace(state, momenta=state.momenta * (1 - dt))
        return replace(state, momenta=state.momenta + dt * state.momenta**2)

    def constrained(self):
        if self.how == "rigid":
            return self
        return super().constrained()


@pytest.mark.parametrize(
    ("how", "claims", "words"),
    [
        ("key", {}, "key that it has drawn from"),
        ("frozen", {}, "frozen atoms at rest"),
        ("padding", {}, "leaves padding"),
        ("step", {}, "counting of steps"),
        ("shape", {}, "types of the state"),
        ("heat", {"counts_heat": True}, "energy that it exchanges"),
        ("heat", {"preserves_volume": True}, "volume of phase space"),
        ("order", {"order": EXACT}, "is exact"),
        ("order", {"order": 2}, "accurate to order 2"),
        ("rigid", {"rigid": "water"}, "lengths of rigid bonds"),
        ("none", {"reversible": True}, "time is reversed"),
    ],
)
def test_a_broken_promise_is_found(how, claims, words):
    if "rigid" in claims:
        claims = {"rigid": rigid_water()}
    with pytest.raises(ContractError, match=words):
        check_propagator(Broken(jnp.asarray(0.1), how), two_crystals(), **claims)
