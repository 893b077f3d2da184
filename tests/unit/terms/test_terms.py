"""The check values of the published model, and the contracts of every term."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sundog.properties import AtomicProperties
from sundog.terms.dispersion import Dispersion
from sundog.terms.electrostatics import ExactCoulomb, TruncatedCoulomb, WolfCoulomb
from sundog.terms.zbl import ZBL
from sundog.testing import check_term

MEV = 1e-3


def softplus_inverse(y):
    return jnp.log(jnp.expm1(jnp.asarray(y)))


def published_zbl():
    # c is normalised, so any common factor of softplus(c) is allowed.
    return ZBL(
        a=softplus_inverse([1.08682452, 0.95284524, 0.45579214, 0.2372969]),
        c=softplus_inverse([0.19126666, 0.54208646, 0.24340954, 0.02323733]),
        p=softplus_inverse(0.25565306),
        d=softplus_inverse(2.24567539),
        cutoff=4.5,
        switch_off=1.5,
    )


def atoms(number, charge=1.0, ratio=1.0):
    return AtomicProperties(
        numbers=jnp.asarray([number], jnp.int32),
        energies=jnp.zeros(1),
        partial_charges=jnp.asarray([charge]),
        hirshfeld_ratios=jnp.asarray([ratio]),
    )


def pair_energy(term, r, a, b):
    return float(term.pair(jnp.asarray([float(r)]), term.sites(a), term.sites(b))[0])


@pytest.mark.parametrize(
    ("z_i", "z_j", "r", "expected"),
    [
        (1, 1, 0.74, 0.888248),
        (6, 1, 1.09, 0.135259),
        (8, 1, 0.96, 0.649348),
        (6, 8, 1.20, 0.084800),
        (6, 6, 1.20, 0.072025),
        (6, 6, 0.80, 7.296573),
    ],
)
def test_zbl_pairs(z_i, z_j, r, expected):
    assert pair_energy(published_zbl(), r, atoms(z_i), atoms(z_j)) == pytest.approx(
        expected, abs=2e-6
    )


@pytest.mark.parametrize(("r", "expected"), [(4, 1.833704), (8, 0.475075), (10, 0.066334)])
def test_truncated_coulomb_of_unit_charges(r, expected):
    term = TruncatedCoulomb(4.0, 12.0)
    assert pair_energy(term, r, atoms(1), atoms(1)) == pytest.approx(expected, abs=5e-7)


def test_coulomb_treatments_share_one_potential_and_differ_as_documented():
    a, b = atoms(8, -0.8), atoms(1, 0.4)
    truncated = TruncatedCoulomb(4.0, 12.0)
    wolf = WolfCoulomb(truncated)
    assert pair_energy(wolf, 3.0, a, b) == pair_energy(truncated, 3.0, a, b)
    at_cutoff = 14.399645351950548 * float(jax.lax.erf(jnp.float64(3.0))) / 12
    assert float(wolf.self_energy(a)[0]) == pytest.approx(-0.5 * at_cutoff * 0.64, rel=1e-12)
    assert float(truncated.self_energy(a)[0]) == 0
    # Far apart, the damping of the exact interaction is gone.
    assert pair_energy(ExactCoulomb(4.0), 40.0, a, b) == pytest.approx(
        14.399645351950548 * -0.32 / 40, rel=1e-12
    )


@pytest.mark.parametrize(
    ("a", "b", "r", "expected_mev"),
    [
        (atoms(6), atoms(6), 4.0, -2.81031),
        (atoms(8, ratio=0.9), atoms(8, ratio=0.9), 2.8, -2.058689),
        (atoms(1, ratio=0.6), atoms(1, ratio=0.6), 2.5, -0.630555),
        (atoms(6, ratio=0.8), atoms(8, ratio=0.9), 3.5, -1.900896),
    ],
)
def test_dispersion_pairs(a, b, r, expected_mev):
    energy = pair_energy(Dispersion(1.2, np.inf), r, a, b)
    assert energy / MEV == pytest.approx(expected_mev, abs=5e-6)


TERMS = {
    "zbl": (published_zbl(), 1.5),
    "truncated": (TruncatedCoulomb(4.0, 12.0), 12.0),
    "wolf": (WolfCoulomb(TruncatedCoulomb(4.0, 12.0)), 12.0),
    "dispersion": (Dispersion(1.2, 12.0), 12.0),
    "exact": (ExactCoulomb(4.0), np.inf),
    "dispersion of all pairs": (Dispersion(1.2, np.inf), np.inf),
}


@pytest.mark.parametrize("name", TERMS)
def test_keeps_the_contract_of_a_term(name):
    check_term(*TERMS[name])


@pytest.mark.parametrize(
    "name", [name for name, (_, cutoff) in TERMS.items() if np.isfinite(cutoff)]
)
def test_vanishes_smoothly_at_its_cutoff(name):
    term, cutoff = TERMS[name]
    a, b = atoms(8, -0.8, 0.9), atoms(1, 0.4, 0.6)

    def energy(r):
        return term.pair(r[None], term.sites(a), term.sites(b))[0]

    inside = jnp.float64(cutoff - 1e-5)
    assert abs(energy(inside)) < 1e-8
    assert abs(jax.grad(energy)(inside)) < 1e-4
