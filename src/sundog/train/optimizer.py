"""The optimiser of training and its schedule.

    g ← g · min(1, clip/|g|);   m = β₁ m + (1 − β₁) g,   v = β₂ v + (1 − β₂) g²
    v̂ = max(v̂, v/(1 − β₂ᵗ));   θ ← θ − η(t) [ m/(1 − β₁ᵗ)/(√v̂ + ε) + λ θ ]
    η(t) = η₀ f^(t/T), constant, or a cosine; over the first steps times t/warm-up

This is AMSGrad as optax has it: the maximum is that of the bias-corrected second moment, in torch
that of the raw one, so that trajectories differ from the second step on. Source: Reddi, Kale,
Kumar, ICLR 2018; settings of the published run: clip 10, η₀ = 1e-3, f = 0.85, T = 500,000, β = 0.9
and 0.999, ε = 1e-8, λ = 0, neither warm-up nor average.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PyTree

from sundog.extras import require
from sundog.train.settings import Optimizer

BETAS, EPSILON = (0.9, 0.999), 1e-8
"""Decays β of both moments, and ε."""

Schedule = Callable[[Int[Array, ""]], Float[Array, ""]]
"""Function from the number of steps made before to the learning rate."""


def schedule_of(settings: Optimizer, steps: int) -> Schedule:
    """Return the learning rate as a function of the step.

    Args:
        settings: settings of the optimiser.
        steps: number of steps of the whole run, at the end of which a cosine is zero.
    """

    def rate(count: Int[Array, ""]) -> Float[Array, ""]:
        step = jnp.asarray(count).astype(float)
        match settings.schedule:
            case "exponential":
                factor = settings.decay_factor ** (step / settings.decay_steps)
            case "constant":
                factor = jnp.ones_like(step)
            case "cosine":
                done = jnp.minimum(step / max(steps, 1), 1.0)
                factor = 0.5 * (1.0 + jnp.cos(jnp.pi * done))
        if settings.warmup_steps:
            factor = factor * jnp.minimum((step + 1.0) / settings.warmup_steps, 1.0)
        return settings.learning_rate * factor

    return rate


def optimizer_of(settings: Optimizer, steps: int) -> Any:
    """Return the optimiser as a gradient transformation of optax.

    Args:
        settings: settings of the optimiser.
        steps: number of steps of the whole run.

    Raises:
        UnavailableError: optax is not installed.
    """
    optax = require("optax", "training", "train")
    parts = [
        optax.clip_by_global_norm(settings.clip_norm),
        optax.scale_by_amsgrad(*BETAS, EPSILON),
    ]
    if settings.weight_decay:
        parts.append(optax.add_decayed_weights(settings.weight_decay))
    return optax.chain(*parts, optax.scale_by_learning_rate(schedule_of(settings, steps)))


def averaged(
    average: PyTree[Array], parameters: PyTree[Array], decay: float, step: Int[Array, ""]
) -> PyTree[Array]:
    """Return the moving average of the parameters after another step.

    The decay is at first smaller, min(decay, (1 + t)/(10 + t)), so that the random parameters of
    the beginning are soon forgotten.

    Args:
        average: average before the step.
        parameters: parameters after it.
        decay: decay per step.
        step: number of steps made before.
    """
    count = step.astype(float)
    own = jnp.minimum(decay, (1.0 + count) / (10.0 + count))

    def mixed(old: Array, new: Array) -> Array:
        share = own.astype(old.dtype)
        return share * old + (1 - share) * new

    return jax.tree.map(mixed, average, parameters)
