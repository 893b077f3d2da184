"""The plain sum over images."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import erf

from longrange_charges import SIGMA, disordered, hessian_of_the_plain_sum, plain
from sundog.constants import COULOMB
from sundog.errors import CellError, InputError
from sundog.hamiltonian import check_accuracy
from sundog.longrange.ewald import ewald_energies
from sundog.longrange.planning import Ewald
from sundog.system import concatenate, make_system, pad


def test_rock_salt_has_madelungs_constant():
    # Narrow Gaussians are point charges: σ far below the distance of neighbours, where the
    # self-term no longer belongs to the energy.
    sigma, distance = 0.6, 2.8
    grid = np.stack(np.meshgrid(*[[0, 1]] * 3, indexing="ij"), -1).reshape(-1, 3)
    q = jnp.asarray(1.0 - 2.0 * (grid.sum(axis=1) % 2))
    system = make_system(distance * grid, np.full(8, 8), cell=2 * distance * np.eye(3), pbc=True)
    energy = float(plain(q, system, sigma=sigma).energies.sum())
    # erf(r/σ)/r has no self-interaction to take out: what is left is −Σ q_i q_j/r.
    assert energy / 8 == pytest.approx(-0.5 * 1.7475645946 * COULOMB / distance, rel=1e-8)


def test_a_large_cell_holds_a_molecule():
    # A quadrupole, whose images are felt with the fifth power of the cell.
    places = np.array([[0.0, 0, 0], [1.1, 0, 0], [1.1, 1.3, 0], [0.0, 1.3, 0]])
    q = np.array([0.5, -0.5, 0.5, -0.5])
    system = make_system(places, np.full(4, 8), cell=60 * np.eye(3), pbc=True)
    r = np.linalg.norm(places[:, None] - places[None], axis=2)[np.triu_indices(4, 1)]
    qq = np.outer(q, q)[np.triu_indices(4, 1)]
    expected = COULOMB * np.sum(qq * erf(r / SIGMA) / r)
    found = float(plain(jnp.asarray(q), system).energies.sum())
    assert found == pytest.approx(expected, abs=1e-6)


def test_derivatives_are_those_of_the_energy():
    system, q = disordered(0, atoms=6, total=1.0, density=0.005)
    plan = Ewald(SIGMA, 1e-4).plan_sum(system)

    @jax.jit
    def energy(q, positions, strain):
        return ewald_energies(q, system.at(positions), strain, plan, SIGMA).sum()

    rng = np.random.default_rng(1)
    at = (q, system.positions, jnp.zeros_like(system.cell))
    field = plain(q, system, plan)
    for place, slope in enumerate((field.by_charge, field.gradient, field.virial)):
        direction = jnp.asarray(rng.normal(size=slope.shape))
        step = 1e-4
        ends = []
        for sign in (1, -1):
            moved = list(at)
            moved[place] = moved[place] + sign * step * direction
            ends.append(float(energy(*moved)))
        expected = (ends[0] - ends[1]) / (2 * step)
        assert float(jnp.sum(slope * direction)) == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_strain_moves_cell_and_atoms_together():
    system, q = disordered(1, atoms=6, density=0.005)
    plan = Ewald(SIGMA, 1e-4).plan_sum(system)
    strain = 0.02 * np.random.default_rng(2).normal(size=(3, 3))
    bent = np.eye(3) + strain
    moved = system.at(system.positions @ bent, jnp.asarray(system.cell @ bent))
    none = jnp.zeros_like(system.cell)
    np.testing.assert_allclose(
        ewald_energies(q, system, jnp.asarray(strain[None]), plan, SIGMA),
        ewald_energies(q, moved, none, plan, SIGMA),
        rtol=1e-11,
    )


def test_second_derivatives():
    system, q = disordered(2, atoms=3, density=0.005)
    hessian = hessian_of_the_plain_sum(q, system, Ewald(SIGMA, 1e-4).plan_sum(system))
    assert np.abs(hessian).max() > 1e-3


def test_a_batch_is_its_members_and_padding_is_nothing():
    (one, q_one), (two, q_two) = disordered(3, atoms=5), disordered(4, atoms=7, total=-1.0)
    batch = pad(concatenate([one, two]), 15, 4)
    together = plain(jnp.pad(jnp.concatenate([q_one, q_two]), (0, 3)), batch)
    for start, system, q in ((0, one, q_one), (5, two, q_two)):
        alone = plain(q, system)
        mine = slice(start, start + len(q))
        np.testing.assert_allclose(together.energies[mine], alone.energies, rtol=1e-10)
        np.testing.assert_allclose(together.gradient[mine], alone.gradient, atol=1e-11)
    np.testing.assert_array_equal(together.energies[12:], 0)
    assert np.isfinite(together.gradient).all()
    assert np.isfinite(together.virial).all()


def test_what_has_no_lattice_is_refused_with_a_remedy():
    ewald = Ewald(SIGMA, 1e-4)
    places = np.array([[0.0, 0, 0], [1.5, 0, 0]])
    with pytest.raises(CellError, match=r"exact.* for a molecule"):
        ewald.check(make_system(places, [8, 8]))
    wire = make_system(places, [8, 8], cell=9 * np.eye(3), pbc=(True, False, False))
    with pytest.raises(CellError, match=r"pbc \[True, False, False\]"):
        ewald.check(wire)
    cell = np.array([[40.0, 0, 0], [120.0, 40.0, 0], [0, 120.0, 40.0]])
    with pytest.raises(CellError, match="niggli_reduce"):
        ewald.check(make_system(places, [8, 8], cell=cell, pbc=True))
    with pytest.raises(CellError, match="too large"):
        ewald.plan_mesh(make_system(places, [8, 8], cell=2e3 * np.eye(3), pbc=True))


def test_accuracies_out_of_reach_are_refused_with_a_remedy():
    check_accuracy(5e-5, "float32")
    check_accuracy(1e-8, "float64")
    with pytest.raises(InputError, match=r"5e-05.*float64"):
        check_accuracy(1e-5, "float32")
    for accuracy in (1e-9, 0.1, 0.0, -1.0, float("nan")):
        with pytest.raises(InputError, match=r"1e-08 to 0\.01"):
            check_accuracy(accuracy, "float64")
