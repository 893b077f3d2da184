"""Random parameters, and their shapes, for layers of the model.

Weights are drawn with variance 1/inputs (LeCun normal), biases are zero.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from sundog.numerics.layers import MLP, LayerNorm, Linear


def table(key: PRNGKeyArray, *shape: int) -> Float[Array, "..."]:
    """Return a matrix, or a stack of them, whose entries have variance 1/(their rows)."""
    inputs = shape[-2]
    return jax.random.normal(key, shape) / jnp.sqrt(inputs * 1.0)


def linear(key: PRNGKeyArray, inputs: int, outputs: int, bias: bool = True) -> Linear:
    """Return a dense layer.

    Args:
        key: key of the random numbers.
        inputs: number of input features.
        outputs: number of output features.
        bias: whether the layer has a bias.
    """
    return Linear(table(key, inputs, outputs), jnp.zeros(outputs) if bias else None)


def mlp(key: PRNGKeyArray, inputs: int, hidden: int, outputs: int, bias: bool = True) -> MLP:
    """Return a perceptron with one hidden layer.

    Args:
        key: key of the random numbers.
        inputs: number of input features.
        hidden: number of features of the hidden layer.
        outputs: number of output features.
        bias: whether the two layers have biases.
    """
    first, second = jax.random.split(key)
    return MLP(linear(first, inputs, hidden, bias), linear(second, hidden, outputs, bias))


def layer_norm(features: int) -> LayerNorm:
    """Return a layer normalisation with unit scale and zero bias."""
    return LayerNorm(jnp.ones(features), jnp.zeros(features))
