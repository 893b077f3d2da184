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
from typing import ParamSpec, TypeVar

import jax

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


def whole_products(function: Callable[P, R]) -> Callable[P, R]:
    """Return `function` decorated so that products of float32 matrices are formed in float32.

    GPUs round the factors to TF32 by default, which changes forces by 1e-3 eV/Å.
    """

    @wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        with jax.default_matmul_precision("highest"):
            return function(*args, **kwargs)

    return wrapper
