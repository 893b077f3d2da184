"""The loss by hand, missing labels, and its gradient against finite differences."""

from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from ase.build import molecule

from fixtures import SIMPLE, random_force_field
from sundog.data.records import Record, gathered
from sundog.forcefield.prediction import Prediction
from sundog.train.batch import Ring, Room, make_batch
from sundog.train.loss import loss, loss_of, pseudo_huber, square
from sundog.train.step import parts_of

QUANTITIES = ("forces", "dipole", "hirshfeld_ratios", "energy", "charges")
ROOM = Room(atoms=16, short=80, long=80, structures=4)


def record(name, labels=None, seed=0, shake=0.05):
    atoms = molecule(name)
    rng = np.random.default_rng(seed)
    n = len(atoms)
    every = {
        "forces": rng.normal(size=(n, 3)),
        "dipole": rng.normal(size=3),
        "hirshfeld_ratios": rng.uniform(0.5, 1.0, n),
        "energy": np.array(rng.normal()),
        "charges": rng.normal(size=n),
    }
    return Record(
        numbers=atoms.numbers.astype(np.int32),
        positions=atoms.positions + shake * rng.normal(size=(n, 3)),
        cell=np.zeros((3, 3)),
        pbc=np.zeros(3, bool),
        total_charge=0.0,
        multiplicity=1.0,
        labels=every if labels is None else {k: every[k] for k in labels},
        number=seed,
        own_name=name,
    )


@pytest.fixture(scope="module")
def force_field():
    return random_force_field(SIMPLE, "exact")


def batch_of(*records, shape=ROOM):
    members = gathered(records, QUANTITIES)
    return make_batch(members, shape, {"short": 3.0, "long": np.inf}, QUANTITIES)


def guess(batch, seed=1):
    rng = np.random.default_rng(seed)
    atoms, systems = batch.system.number_of_atoms, batch.system.number_of_systems
    return Prediction(
        energy=jnp.asarray(rng.normal(size=systems)),
        forces=jnp.asarray(rng.normal(size=(atoms, 3))),
        virial=jnp.zeros((systems, 3, 3)),
        volume=jnp.zeros(systems),
        energies={},
        partial_charges=jnp.asarray(rng.normal(size=atoms)),
        hirshfeld_ratios=jnp.asarray(rng.uniform(0.5, 1, atoms)),
        dipole=jnp.asarray(rng.normal(size=(systems, 3))),
    )


def test_means_are_over_the_structures_that_have_the_label():
    records = [
        record("H2O"),
        record("NH3", ["dipole", "forces"], seed=2),
        record("CO", ["hirshfeld_ratios"], seed=3),
    ]
    batch = batch_of(*records)
    found = guess(batch)
    weights = {"forces": 10.0, "dipole": 1.0, "hirshfeld_ratios": 1.0}
    value, parts = loss_of(found, batch, weights, square, True)
    water, ammonia, monoxide = slice(0, 3), slice(3, 7), slice(7, 9)
    forces = [
        np.mean((np.asarray(found.forces)[rows] - one.labels["forces"]) ** 2)
        for rows, one in ((water, records[0]), (ammonia, records[1]))
    ]
    ratios = [
        np.mean((np.asarray(found.hirshfeld_ratios)[rows] - one.labels["hirshfeld_ratios"]) ** 2)
        for rows, one in ((water, records[0]), (monoxide, records[2]))
    ]
    dipoles = np.stack([records[0].labels["dipole"], records[1].labels["dipole"]])
    dipole = np.mean((np.asarray(found.dipole)[:2] - dipoles) ** 2)
    by_hand = 10 * np.mean(forces) + dipole + np.mean(ratios)
    assert value == pytest.approx(by_hand, rel=1e-12)
    assert parts.terms["forces"] == pytest.approx(np.mean(forces), rel=1e-12)
    assert parts.of_structures.sum() == pytest.approx(by_hand, rel=1e-12)
    assert parts.of_structures[3] == 0


def test_components_of_a_dipole_and_atoms_may_be_unknown():
    one = record("H2O")
    dipole, forces = one.labels["dipole"].copy(), one.labels["forces"].copy()
    dipole[1], forces[2] = np.nan, np.nan
    batch = batch_of(replace(one, labels={"dipole": dipole, "forces": forces}))
    found = guess(batch)
    _, parts = loss_of(found, batch, {"forces": 1.0, "dipole": 1.0}, square, True)
    left = [0, 2]
    by_hand = np.mean((np.asarray(found.dipole)[0, left] - dipole[left]) ** 2)
    assert parts.terms["dipole"] == pytest.approx(by_hand, rel=1e-12)
    by_hand = np.mean((np.asarray(found.forces)[:2] - forces[:2]) ** 2)
    assert parts.terms["forces"] == pytest.approx(by_hand, rel=1e-12)


def test_energies_of_one_composition_count_by_their_differences():
    first, second, other = record("H2O"), record("H2O", seed=5), record("CO", seed=6)
    batch = batch_of(first, second, other)
    found = guess(batch)
    _, parts = loss_of(found, batch, {"energy": 1.0}, square, True)
    labels = np.array([first.labels["energy"], second.labels["energy"]])
    difference = (np.asarray(found.energy)[:2] - labels) / 3
    assert parts.terms["energy"] == pytest.approx(np.var(difference), rel=1e-12)
    _, parts = loss_of(found, batch, {"energy": 1.0}, square, False)
    difference = np.append(difference, (found.energy[2] - other.labels["energy"]) / 2)
    assert parts.terms["energy"] == pytest.approx(np.mean(difference**2), rel=1e-12)


def test_pseudo_huber_is_square_where_small_and_linear_where_large():
    rho = pseudo_huber(0.1)
    assert rho(jnp.asarray(1e-3)) == pytest.approx(1e-6, rel=1e-4)
    assert rho(jnp.asarray(200.0)) / rho(jnp.asarray(100.0)) == pytest.approx(2.0, rel=1e-2)


@pytest.fixture(scope="module")
def gradient():
    @eqx.filter_jit
    def of(parameters, skeleton, batch):
        weights = {"forces": 10.0, "dipole": 1.0, "hirshfeld_ratios": 1.0, "charges": 0.5}

        def total(parameters):
            return loss(eqx.combine(parameters, skeleton), batch, weights)[0]

        return jax.value_and_grad(total)(parameters)

    return of


def test_the_gradient_is_that_of_finite_differences(force_field, gradient):
    parameters, skeleton = parts_of(force_field)
    batch = batch_of(record("H2O"), record("NH3", ["forces"], seed=2))
    _, exact = gradient(parameters, skeleton, batch)
    rng = np.random.default_rng(0)
    direction = jax.tree.map(lambda p: jnp.asarray(rng.normal(size=p.shape)), parameters)
    slope = sum(jax.tree.leaves(jax.tree.map(lambda g, d: (g * d).sum(), exact, direction)))
    step = 1e-5
    up, down = (
        gradient(jax.tree.map(lambda p, d, s=s: p + s * d, parameters, direction), skeleton, batch)[
            0
        ]
        for s in (step, -step)
    )
    assert float(slope) == pytest.approx(float(up - down) / (2 * step), rel=1e-7)


def test_a_label_that_is_not_there_does_not_reach_the_gradient(force_field, gradient):
    parameters, skeleton = parts_of(force_field)
    whole = record("H2O")
    unlabelled = replace(
        whole, labels={k: np.full_like(v, np.nan) for k, v in whole.labels.items()}
    )
    with_it, without = (
        gradient(parameters, skeleton, batch_of(*records))
        for records in ((whole, unlabelled), (whole, record("H2O", [])))
    )
    assert with_it[0] == without[0]
    for one, other in zip(jax.tree.leaves(with_it), jax.tree.leaves(without), strict=True):
        assert np.isfinite(one).all()
        assert np.array_equal(one, other)
    alone = gradient(parameters, skeleton, batch_of(whole))
    assert float(alone[0]) == pytest.approx(float(with_it[0]), rel=1e-12)


def test_flat_and_ring_give_the_same_loss_and_gradient(force_field, gradient):
    parameters, skeleton = parts_of(force_field)
    charged = replace(record("CH4", seed=3), total_charge=1.0, multiplicity=2.0)
    records = [record("H2O"), record("NH3", ["forces"], seed=2), charged]
    flat, ring = (
        gradient(parameters, skeleton, batch_of(*records, shape=shape))
        for shape in (ROOM._replace(atoms=20), Ring(width=8, molecules=4))
    )
    assert float(ring[0]) == pytest.approx(float(flat[0]), rel=1e-12)
    for one, other in zip(jax.tree.leaves(ring[1]), jax.tree.leaves(flat[1]), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-11)
