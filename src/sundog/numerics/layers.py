"""Dense layers as pytrees: `Linear`, `MLP`, `LayerNorm`. Weights are [in, out]."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


class Linear(eqx.Module):
    """x W + b."""

    weight: Float[Array, "inputs outputs"]
    bias: Float[Array, " outputs"] | None = None

    def __call__(self, x: Float[Array, "... inputs"]) -> Float[Array, "... outputs"]:
        """Apply to the last axis."""
        y = x @ self.weight
        return y if self.bias is None else y + jnp.broadcast_to(self.bias, y.shape)


class MLP(eqx.Module):
    """W2 silu(W1 x + b1) + b2."""

    hidden: Linear
    output: Linear

    def __call__(self, x: Float[Array, "... inputs"]) -> Float[Array, "... outputs"]:
        """Apply to the last axis."""
        return self.output(jax.nn.silu(self.hidden(x)))


class LayerNorm(eqx.Module):
    """(x − mean)/√(var + 1e-6) · scale + bias over the last axis, biased variance."""

    scale: Float[Array, " features"]
    bias: Float[Array, " features"]

    def __call__(self, x: Float[Array, "atoms features"]) -> Float[Array, "atoms features"]:
        """Apply to the last axis."""
        centred = x - x.mean(axis=-1, keepdims=True)
        variance = jnp.mean(centred**2, axis=-1, keepdims=True)
        normed = centred * jax.lax.rsqrt(variance + 1e-6)
        return normed * self.scale[None] + self.bias[None]
