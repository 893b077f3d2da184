"""The check of a term passes what keeps the contract, and says what breaks it and by how much."""

import jax
import jax.numpy as jnp
import pytest

from foreign_terms import Bump, Well
from sundog.terms.electrostatics import ExactCoulomb
from sundog.testing import ContractError, check_term


def test_terms_that_keep_the_contract_pass():
    check_term(Bump())
    check_term(Well(jnp.asarray([0.3, -0.2]), 6.5))


class Asymmetric(Well):
    def pair(self, distances, i, j):
        return super().pair(distances, i, j) * i["charge"]


class Jump(Bump):
    def pair(self, distances, i, j):
        return super().pair(distances, i, j) + jnp.where(distances < 3.0, 1e-4, 0.0)


class Kink(Bump):
    def pair(self, distances, i, j):
        return super().pair(distances, i, j) + 0.1 * jnp.maximum(3.007 - distances, 0.0)


class Beyond(Bump):
    def pair(self, distances, i, j):
        return super().pair(distances, i, j) + 1e-9


class Wrong(Bump):
    def pair(self, distances, i, j):
        @jax.custom_jvp
        def energy(r):
            return super(Wrong, self).pair(r, i, j)

        energy.defjvps(lambda dr, value, r: 0.9 * value * dr)
        return energy(distances)


class Stopped(Well):
    def sites(self, atoms):
        return jax.tree.map(jax.lax.stop_gradient, super().sites(atoms))


class Nearby(Well):
    def sites(self, atoms):
        sites = super().sites(atoms)
        return sites | {"charge": sites["charge"] - jnp.mean(sites["charge"])}


class Undefined(Well):
    def pair(self, distances, i, j):
        return super().pair(distances, i, j) / i["number"]


class Wide(Bump):
    def pair(self, distances, i, j):
        return super().pair(distances, i, j).astype(jnp.float64)


class Whole(Well):
    def sites(self, atoms):
        return super().sites(atoms) | {"number": atoms.numbers}


WELL = jnp.asarray([0.3, -0.2]), 6.5
BROKEN = {
    "symmetric": Asymmetric(*WELL),
    r"without jumps and kinks, between 2\.98 and 3\.00 Å: off by 0\.0001, allowed": Jump(),
    "without jumps and kinks, between": Kink(),
    r"zero at 4 Å, from the cutoff of 4 on: off by 1e-09, allowed 0": Beyond(),
    "is the integral of its slope": Wrong(),
    "derivative by charges is that of finite differences": Stopped(*WELL),
    "do not see padding": Nearby(*WELL),
    "padding has finite sites": Undefined(*WELL),
    "`pair` keeps the precision of the atoms": Wide(),
    "its sites are not what a pair sum can take": Whole(*WELL),
}


@pytest.mark.parametrize("said", BROKEN)
def test_a_broken_promise_is_named(said):
    with pytest.raises(ContractError, match=said):
        check_term(BROKEN[said])


def test_a_cutoff_is_wanted():
    with pytest.raises(ContractError, match="a cutoff in Å is given"):
        check_term(ExactCoulomb(4.0))
    with pytest.raises(ContractError, match="zero at 3"):
        check_term(Bump(), 3.0)
