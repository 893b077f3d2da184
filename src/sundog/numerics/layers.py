"""Dense layers as pytrees: `Linear`, `MLP`, `LayerNorm`. Weights have shape [inputs, outputs]."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


class Linear(eqx.Module):
    """Affine map x W + b.

    Attributes:
        weight: matrix W.
        bias: vector b, or None where the map is linear.
    """

    weight: Float[Array, "inputs outputs"]
    bias: Float[Array, " outputs"] | None = None

    def __call__(self, x: Float[Array, "... inputs"]) -> Float[Array, "... outputs"]:
        """Return x W + b over the last axis."""
        y = x @ self.weight
        return y if self.bias is None else y + jnp.broadcast_to(self.bias, y.shape)


class MLP(eqx.Module):
    """Perceptron with one hidden layer: silu(x W₁ + b₁) W₂ + b₂.

    Attributes:
        hidden: affine map to the hidden layer, W₁ and b₁.
        output: affine map from the hidden layer, W₂ and b₂.
    """

    hidden: Linear
    output: Linear

    def __call__(self, x: Float[Array, "... inputs"]) -> Float[Array, "... outputs"]:
        """Return the output of the perceptron over the last axis."""
        return self.output(jax.nn.silu(self.hidden(x)))


class LayerNorm(eqx.Module):
    """Layer normalisation (x − mean)/√(var + 1e-6) · scale + bias over the last axis.

    The variance is the biased one. The offset 1e-6 is that of the published model.

    Attributes:
        scale: factor of each feature.
        bias: offset of each feature.
    """

    scale: Float[Array, " features"]
    bias: Float[Array, " features"]

    def __call__(self, x: Float[Array, "atoms features"]) -> Float[Array, "atoms features"]:
        """Return the normalised features."""
        centred = x - x.mean(axis=-1, keepdims=True)
        variance = jnp.mean(centred**2, axis=-1, keepdims=True)
        normed = centred * jax.lax.rsqrt(variance + 1e-6)
        return normed * self.scale[None] + self.bias[None]
