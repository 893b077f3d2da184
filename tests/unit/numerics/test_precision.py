"""Products of matrices are whole, also where a device would round their factors."""

import jax
import jax.numpy as jnp

from fixtures import ethanol, pairs_for, small_force_field
from sundog.forcefield.formulations.plain import on_plain
from sundog.numerics.precision import whole_products


def test_products_are_whole_in_what_is_decorated_alone():
    def square(a):
        return a @ a

    a = jnp.ones((2, 2), jnp.float32)
    assert "HIGHEST" in str(jax.make_jaxpr(whole_products(square))(a))
    assert "HIGHEST" not in str(jax.make_jaxpr(square)(a))


def test_force_fields_have_no_other_products():
    reference = small_force_field("exact", precision="float32")
    system = ethanol()
    for force_field in (reference, on_plain(reference)):
        pairs = pairs_for(force_field, system)
        lowered = jax.jit(lambda s, ff=force_field, p=pairs: ff(s, p).forces).lower(system)
        products = [line for line in lowered.as_text().splitlines() if "dot_general" in line]
        assert products
        assert all("HIGHEST" in line for line in products)
