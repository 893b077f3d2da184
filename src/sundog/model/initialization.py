"""Random parameters, and their shapes, for layers of the model, drawn as for the published weights.

Matrices are drawn with variance 1/inputs from a normal distribution that is cut at two standard
deviations (LeCun normal), rows of tables with variance 1/width from a whole one; biases are zero.
Source: the defaults of flax's `Dense` and `Embed`, which the published code used.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from sundog.numerics.layers import MLP, LayerNorm, Linear


def matrices(key: PRNGKeyArray, *shape: int) -> Float[Array, "..."]:
    """Return a matrix, or a stack of them, whose entries have variance 1/(their rows)."""
    stacked = tuple(range(len(shape) - 2))
    return jax.nn.initializers.lecun_normal(batch_axis=stacked)(key, shape)


def table(key: PRNGKeyArray, rows: int, width: int) -> Float[Array, "rows width"]:
    """Return a table whose entries have variance 1/(its width), a row for each element.

    Args:
        key: key of the random numbers.
        rows: number of rows.
        width: number of columns.
    """
    return jax.random.normal(key, (rows, width)) / jnp.sqrt(width * 1.0)


def linear(key: PRNGKeyArray, inputs: int, outputs: int, bias: bool = True) -> Linear:
    """Return a dense layer.

    Args:
        key: key of the random numbers.
        inputs: number of input features.
        outputs: number of output features.
        bias: whether the layer has a bias.
    """
    return Linear(matrices(key, inputs, outputs), jnp.zeros(outputs) if bias else None)


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
