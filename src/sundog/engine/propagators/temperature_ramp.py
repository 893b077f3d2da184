"""Temperature as a linear function of time, for heating, annealing and quenching."""

from dataclasses import replace

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from sundog.engine.propagators.base import AbstractPropagator
from sundog.engine.state import MDState


class TemperatureRamp(AbstractPropagator):
    """Temperature of all baths by the number of the step; first in the recipe.

    Attributes:
        begin: temperature at step 0 in K.
        end: temperature from step `steps` on in K.
        steps: number of steps that the ramp takes.
    """

    begin: Float[Array, ""] = eqx.field(converter=jnp.asarray)
    end: Float[Array, ""] = eqx.field(converter=jnp.asarray)
    steps: Int[Array, ""] = eqx.field(converter=jnp.asarray)

    def __call__(self, state: MDState) -> MDState:
        """Return the state with the temperature of this step."""
        progress = jnp.minimum((state.step + 1) / self.steps, 1.0)
        temperature = self.begin + progress * (self.end - self.begin)
        return replace(state, temperature=jnp.broadcast_to(temperature, state.heat.shape))

    def constrained(self) -> "TemperatureRamp":
        """Return the propagator itself, which leaves the momenta alone."""
        return self
