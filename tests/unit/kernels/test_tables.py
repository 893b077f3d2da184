from functools import cache

import jax
import jax.numpy as jnp
import numpy as np

from sundog.kernels.tables import tabulate
from sundog.model import initialization as init
from sundog.numerics.bernstein import bernstein_basis

DECAY, CUTOFF, COUNT = 0.94, 4.3, 16


@cache
def filters():
    keys = jax.random.split(jax.random.key(3), 2)
    return [init.mlp(key, COUNT, 24, width) for key, width in zip(keys, (8, 6), strict=True)]


def exact(r):
    basis = bernstein_basis(r, COUNT, DECAY)
    return jnp.concatenate([one(basis) for one in filters()], axis=1)


def test_table_follows_the_network_in_value_and_slope():
    table = tabulate(filters(), decay=DECAY, cutoff=CUTOFF).astype("float64")
    r = jnp.asarray(np.random.default_rng(0).uniform(0.3, CUTOFF, 500))
    np.testing.assert_allclose(table(r), exact(r), atol=1e-8)
    slope, reference = (
        jax.jvp(function, (r,), (jnp.ones_like(r),))[1] for function in (table, exact)
    )
    np.testing.assert_allclose(slope, reference, atol=1e-6)


def test_table_covers_all_distances():
    table = tabulate(filters(), decay=DECAY, cutoff=CUTOFF).astype("float64")
    ends = jnp.asarray([0.0, 1e-3, np.nextafter(CUTOFF, 0), CUTOFF])
    assert np.isfinite(table(ends)).all()
    np.testing.assert_allclose(table(ends[1:]), exact(ends[1:]), atol=1e-7)
