"""Rules of floating-point precision.

With precision `float64` every array is in float64. With `float32` the model's parameters and
arithmetic are in float32, while positions, cells and sums over atoms stay in float64 (as in the
"mixed" mode of classical engines), so that neither large coordinates nor large energies lose
digits.

JAX has float64 only when its x64 mode is on. The mode belongs to the caller; sundog's
entry points therefore switch it on for their own duration and restore it afterwards.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple, ParamSpec, TypeVar

import jax
import jax.numpy as jnp
import numpy as np

from sundog.numerics.processes import is_forked

P = ParamSpec("P")
R = TypeVar("R")


def x64():
    """Return a context manager that switches on JAX's x64 mode (thread-local, restored on exit)."""
    if hasattr(jax, "enable_x64"):
        return jax.enable_x64(True)
    from jax.experimental import enable_x64  # pyright: ignore  (jax < 0.8)

    return enable_x64(True)


def with_x64(function: Callable[P, R]) -> Callable[P, R]:
    """Return `function` as a decorated entry point that runs under `x64`."""

    @wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        with x64():
            return function(*args, **kwargs)

    return wrapper


class Kept(NamedTuple):
    """An array of JAX among numbers that are written to a pickle, with all its digits.

    Attributes:
        array: its values.
    """

    array: np.ndarray


def packed(tree: Any) -> Any:
    """Return a tree whose arrays a pickle keeps in their precision.

    JAX's own way of pickling makes float32 of float64 where x64 mode is off at the other end.
    """
    return jax.tree.map(
        lambda leaf: Kept(np.asarray(leaf)) if isinstance(leaf, jax.Array) else leaf, tree
    )


def unpacked(tree: Any) -> Any:
    """Return the tree that `packed` was given.

    In a forked process, in which JAX must not be called, the arrays stay those of NumPy.
    """
    make = np.asarray if is_forked() else jnp.asarray
    with x64():
        return jax.tree.map(
            lambda leaf: make(leaf.array) if isinstance(leaf, Kept) else leaf,
            tree,
            is_leaf=lambda node: isinstance(node, Kept),
        )


def whole_products(function: Callable[P, R]) -> Callable[P, R]:
    """Return `function` decorated so that products of float32 matrices are formed in float32.

    GPUs round the factors to TF32 by default, which changes forces by 1e-3 eV/Å.
    """

    @wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        with jax.default_matmul_precision("highest"):
            return function(*args, **kwargs)

    return wrapper
