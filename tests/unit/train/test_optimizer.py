"""The optimiser is AMSGrad in optax's form, with the published clip and schedule."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sundog.train.optimizer import averaged, optimizer_of, schedule_of
from sundog.train.settings import Optimizer


def by_hand(gradients, start, decay=0.0):
    """AMSGrad whose maximum is that of the bias-corrected second moment, after a clip of 10."""
    m = v = largest = np.zeros_like(start)
    place = start
    for count, gradient in enumerate(gradients, 1):
        gradient = gradient * min(1.0, 10 / np.linalg.norm(gradient))
        m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2
        largest = np.maximum(largest, v / (1 - 0.999**count))
        change = m / (1 - 0.9**count) / (np.sqrt(largest) + 1e-8) + decay * place
        place = place - 1e-3 * 0.85 ** ((count - 1) / 500_000) * change
    return place


@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_steps_are_those_by_hand(decay):
    rng = np.random.default_rng(0)
    # The norms are above and below the clip, and fall, so that the maximum matters.
    gradients = [rng.normal(size=5) * scale for scale in (40.0, 5.0, 0.1, 0.01, 20.0, 0.001)]
    optimizer = optimizer_of(Optimizer(weight_decay=decay), steps=1000)
    place = jnp.asarray(rng.normal(size=5))
    expected = by_hand(gradients, np.asarray(place), decay)
    with jax.numpy_dtype_promotion("standard"):
        state = optimizer.init(place)
        for gradient in gradients:
            change, state = optimizer.update(jnp.asarray(gradient), state, place)
            place = place + change
    np.testing.assert_allclose(place, expected, rtol=1e-12)


def test_schedules():
    published = schedule_of(Optimizer(), 10**6)
    assert float(published(jnp.asarray(250_000))) == pytest.approx(1e-3 * 0.85**0.5)
    cosine = schedule_of(Optimizer(schedule="cosine", warmup_steps=10), 100)
    assert [float(cosine(jnp.asarray(k))) for k in (0, 50, 100)] == pytest.approx([1e-4, 5e-4, 0.0])
    assert float(schedule_of(Optimizer(schedule="constant"), 5)(jnp.asarray(3))) == 1e-3


def test_the_average_follows_faster_in_the_beginning():
    old, new = jnp.zeros(2, jnp.float32), jnp.ones(2, jnp.float32)
    early = averaged(old, new, 0.999, jnp.asarray(0))
    late = averaged(old, new, 0.999, jnp.asarray(10**6))
    assert early.dtype == jnp.float32
    np.testing.assert_allclose(early, 0.9, rtol=1e-6)
    np.testing.assert_allclose(late, 0.001, rtol=1e-4)
