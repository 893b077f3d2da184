"""Precision as a policy.

`float64`: every array. `float32`: the model's parameters and arithmetic, while
positions, cells and sums over atoms stay float64 (as in the "mixed" mode of
classical engines), so that neither large coordinates nor large energies round.

JAX has float64 only when its x64 mode is on. The mode is the caller's to choose;
sundog's doors therefore open it for their own duration and leave it as it was.
"""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import jax

P = ParamSpec("P")
R = TypeVar("R")


def x64():
    """Return a context manager under which JAX has float64 (thread-local, restored on exit)."""
    if hasattr(jax, "enable_x64"):
        return jax.enable_x64(True)
    from jax.experimental import enable_x64  # pyright: ignore  (jax < 0.8)

    return enable_x64(True)


def with_x64(function: Callable[P, R]) -> Callable[P, R]:
    """Decorate a door: run `function` under `x64`."""

    @wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        with x64():
            return function(*args, **kwargs)

    return wrapper


def whole_products(function: Callable[P, R]) -> Callable[P, R]:
    """Decorate what computes: products of float32 matrices are formed in float32.

    By default GPUs round their factors to TF32, which moves forces by 1e-3 eV/Å.
    """

    @wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        with jax.default_matmul_precision("highest"):
            return function(*args, **kwargs)

    return wrapper
