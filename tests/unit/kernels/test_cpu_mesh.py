"""Charges to a mesh and back by compiled kernels, as plain JAX does it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fixtures import needs_cpu_kernels
from longrange_charges import disordered, on_mesh
from sundog.kernels.cpu import library
from sundog.kernels.cpu.mesh import CpuTransport
from sundog.longrange.mesh import OnMesh, PlainTransport
from sundog.longrange.plan import Plan
from sundog.system import concatenate, pad

pytestmark = needs_cpu_kernels


def places(order, shape=(8, 11, 9), atoms=700) -> tuple[OnMesh, jax.Array]:
    """Atoms inside and outside of two meshes, and at their edges."""
    rng = np.random.default_rng(order)
    u = rng.uniform(-2, 3, (atoms, 3)) * np.array(shape)
    u[:50] = np.round(u[:50])
    index = jnp.asarray(rng.integers(0, 2, atoms), jnp.int32)
    return OnMesh(jnp.asarray(u), index, shape, order), jnp.asarray(rng.normal(size=atoms))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("order", [5, 6, 7])
def test_both_ways_are_those_of_plain_jax(order, dtype):
    at, charges = places(order)
    charges = charges.astype(dtype)
    plain, fast = PlainTransport(), CpuTransport(threads=2)
    atol = 2e-5 if dtype == "float32" else 1e-13
    meshes = plain.spread(at, charges, 2)
    found = fast.spread(at, charges, 2)
    assert found.dtype == charges.dtype
    np.testing.assert_allclose(found, meshes, atol=atol)
    for a, b in zip(fast.gather(at, meshes), plain.gather(at, meshes), strict=True):
        assert a.dtype == b.dtype == charges.dtype
        np.testing.assert_allclose(a, b, atol=atol)


def test_instruction_sets_and_threads():
    at, charges = places(6)
    first = CpuTransport(threads=1).spread(at, charges, 2)
    try:
        for name in library.INSTRUCTION_SETS:
            library.limit_instruction_set(name)
            alone = CpuTransport(threads=1).spread(at, charges, 2)
            np.testing.assert_allclose(alone, first, atol=1e-13)
            for threads in (1, 2, 3):
                again = CpuTransport(threads=threads)
                np.testing.assert_array_equal(again.spread(at, charges, 2), alone)
                jax.tree.map(
                    np.testing.assert_array_equal,
                    again.gather(at, alone),
                    CpuTransport(threads=1).gather(at, alone),
                )
    finally:
        library.limit_instruction_set(library.INSTRUCTION_SETS[-1])


def test_a_batch_member_does_not_feel_another_that_fell_apart():
    (one, q_one), (two, q_two) = disordered(1, atoms=5), disordered(2, atoms=7)
    batch = pad(concatenate([one, two]), 14, 3)
    plan = Plan(((8, 9, 8),), 1.0, 6, jnp.zeros((), jnp.int32), jnp.zeros((3, 3)))
    q = jnp.pad(jnp.concatenate([q_one, q_two]), (0, 2))
    transport = CpuTransport(threads=2)
    sound = on_mesh(q, batch, plan, transport)
    np.testing.assert_allclose(sound.gradient, on_mesh(q, batch, plan).gradient, atol=1e-14)
    broken = batch.at(batch.positions.at[7].set(jnp.nan))
    found = on_mesh(q.at[7].set(jnp.nan), broken, plan, transport)
    np.testing.assert_array_equal(found.gradient[:5], sound.gradient[:5])
    np.testing.assert_array_equal(found.energies[:5], sound.energies[:5])
