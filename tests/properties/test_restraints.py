"""Contracts of restraints: derivatives, symmetries, and what is added to a force field."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from fixtures import (
    call,
    ethanol,
    moved,
    needs_cpu_kernels,
    small_crystal,
    small_force_field,
)
from potentials import Harmonic, LennardJones
from sundog.engine.ensembles import nve
from sundog.engine.restraints.distance import distance_restraint
from sundog.engine.restraints.droplet import droplet_restraint
from sundog.engine.restraints.minimum_image import minimum_image
from sundog.engine.restraints.position import position_restraint
from sundog.engine.restraints.restrained import RestrainedForceField, restrained
from sundog.engine.run import run
from sundog.engine.state import initial_state, with_thermal_momenta
from sundog.errors import CellError, InputError
from sundog.forcefield.formulations.cpu import on_cpu
from sundog.system import System, concatenate, make_system, pad

NOTHING = Harmonic(0.0)


def rattled(system: System, seed=0, scale=0.3) -> System:
    noise = np.random.default_rng(seed).normal(scale=scale, size=system.positions.shape)
    return moved(system, noise)


def energies(restraint, system: System) -> np.ndarray:
    return np.asarray(restraint.energies(system, jnp.zeros_like(system.cell)))


def batch() -> System:
    return pad(concatenate([small_crystal(), small_crystal(seed=1, scale=1.2)]), 27, 3)


CRYSTAL_PAIRS = [(0, 5), ([1, 2], [7, 8, 9])]
CASES = {
    "positions": (
        position_restraint(small_crystal(), [0, 3, 7], [1.0, 2.0, 0.5]),
        rattled(small_crystal()),
    ),
    "positions of a molecule": (position_restraint(ethanol(), [0, 4], 3.0), rattled(ethanol())),
    "positions in a batch": (position_restraint(batch(), [0, 13, 20], 2.0), rattled(batch())),
    "distances beyond": (
        distance_restraint(small_crystal(), CRYSTAL_PAIRS, 2.0, upper_angstrom=0.5),
        rattled(small_crystal()),
    ),
    "distances below": (
        distance_restraint(ethanol(), [(0, 5), ([1, 2], 7)], 1.5, lower_angstrom=6.0),
        rattled(ethanol()),
    ),
    "distances in a batch": (
        distance_restraint(batch(), [(0, 5), (13, 20)], 2.0, upper_angstrom=1.0),
        rattled(batch()),
    ),
    "droplet": (droplet_restraint(ethanol(), 1.0), rattled(ethanol())),
    "droplet around a place": (
        droplet_restraint(ethanol(), 1.0, centre=[0.5, 0.2, -0.1], atoms=[1, 2, 5]),
        rattled(ethanol()),
    ),
}
case = pytest.mark.parametrize(("restraint", "system"), CASES.values(), ids=CASES)


@case
def test_forces_are_the_negative_gradient(restraint, system):
    prediction = call(restrained(NOTHING, [restraint]), system, {})
    assert float(jnp.abs(prediction.forces).max()) > 0.1
    h, numerical = 1e-4, np.zeros(system.positions.shape)
    for index in np.ndindex(*numerical.shape):
        step = np.zeros_like(numerical)
        step[index] = h
        numerical[index] = (
            energies(restraint, moved(system, -step)) - energies(restraint, moved(system, step))
        ).sum() / (2 * h)
    np.testing.assert_allclose(prediction.forces, numerical, atol=1e-7)


@case
def test_the_virial_is_the_derivative_by_strain(restraint, system):
    prediction = call(restrained(NOTHING, [restraint]), system, {})
    h, rng = 1e-5, np.random.default_rng(4)
    strain = rng.normal(size=(3, 3))
    strain = strain + strain.T

    def strained(sign):
        growth = np.eye(3) + sign * h * strain
        return energies(restraint, system.at(system.positions @ growth, system.cell @ growth))

    numerical = (strained(1) - strained(-1)) / (2 * h)
    expected = np.sum(np.asarray(prediction.virial) * strain, axis=(1, 2))
    np.testing.assert_allclose(expected, numerical, atol=1e-6)


@case
def test_only_what_says_so_depends_on_the_place(restraint, system):
    shifted = moved(system, np.array([0.3, -0.2, 0.5]))
    same = np.allclose(energies(restraint, shifted), energies(restraint, system), atol=1e-10)
    assert same == restraint.conserves_momentum
    forces = np.asarray(call(restrained(NOTHING, [restraint]), system, {}).forces)
    assert np.allclose(forces.sum(axis=0), 0, atol=1e-10) == restraint.conserves_momentum


@case
def test_turns_change_only_what_is_fastened_to_the_room(restraint, system):
    turn = Rotation.from_euler("xyz", [0.3, 1.1, -0.7]).as_matrix()
    turned = system.at(system.positions @ turn, system.cell @ turn)
    same = np.allclose(energies(restraint, turned), energies(restraint, system), atol=1e-10)
    # Places in a periodic cell turn with the cell.
    assert same == (restraint.conserves_momentum or bool(system.pbc[0].all()))


@pytest.mark.parametrize(
    ("kernels", "precision"),
    [
        pytest.param("reference", "float32", marks=pytest.mark.slow),
        pytest.param("cpu", "float32", marks=needs_cpu_kernels),
        pytest.param("cpu", "float64", marks=needs_cpu_kernels),
    ],
)
def test_restraints_are_added_to_any_force_field(kernels, precision):
    force_field = small_force_field("truncated", precision=precision)
    if kernels == "cpu":
        force_field = on_cpu(force_field, threads=2)
    system = rattled(small_crystal(), scale=0.05)

    def of_strength(k):
        restraints = [
            position_restraint(small_crystal(), [1, 2], k),
            distance_restraint(system, [(0, 5)], k, upper_angstrom=1.0),
        ]
        return restraints, restrained(force_field, restraints)

    restraints, both = of_strength(1.0)
    pairs = both.pairs_once(system)
    plain, sum_of_all = call(force_field, system, pairs), call(both, system, pairs)
    # The same program, so that the network rounds alike.
    unrestrained = call(of_strength(0.0)[1], system, pairs)
    alone = call(restrained(NOTHING, restraints), system, {})
    rounding = {"float32": 2e-6, "float64": 1e-10}[precision]
    for name in ("energy", "forces", "virial"):
        got, expected = getattr(sum_of_all, name), getattr(unrestrained, name)
        assert got.dtype == expected.dtype
        np.testing.assert_allclose(got, expected + getattr(alone, name), atol=1e-10, rtol=1e-12)
        np.testing.assert_allclose(expected, getattr(plain, name), atol=rounding, rtol=rounding)
    assert set(sum_of_all.energies) == {*plain.energies, *(one.name for one in restraints)}
    total = sum(np.asarray(one) for one in sum_of_all.energies.values())
    np.testing.assert_allclose(sum_of_all.energy, total, rtol=1e-6)
    assert both.cutoffs == force_field.cutoffs


def test_there_is_no_force_within_the_bounds():
    system = ethanol()
    d = float(np.linalg.norm(system.positions[0] - system.positions[5]))
    restraints = [
        distance_restraint(system, [(0, 5)], 9.0, lower_angstrom=d - 0.01, upper_angstrom=d + 0.01),
        droplet_restraint(system, 10.0),
    ]
    prediction = call(restrained(NOTHING, restraints), system, {})
    np.testing.assert_array_equal(prediction.forces, 0)
    np.testing.assert_array_equal(prediction.energy, 0)


def test_a_distance_is_the_shortest_image_and_groups_are_whole():
    cell = np.array([[8.0, 0, 0], [3.0, 7.0, 0], [-2.0, 1.0, 9.0]])
    places = np.array([[0.2, 0.1, 0.1], [-0.3, 0.2, 0.4], [1.4, 1.1, 0.3]])
    positions = places + np.array([[0, 0, 0], [1, 0, 0], [2, -1, 1]]) @ cell
    system = make_system(positions, [8, 8, 6], cell=cell, pbc=True)
    restraint = distance_restraint(system, [([0, 1], 2)], 1.0, upper_angstrom=3.0)
    expected = np.linalg.norm(places[2] - places[:2].mean(axis=0))
    (distance,) = restraint.distances(system, jnp.zeros((1, 3, 3)))
    assert float(distance) == pytest.approx(expected)


def test_the_minimum_image_is_the_shortest_of_all():
    rng = np.random.default_rng(0)
    cell = np.array([[6.0, 0, 0], [2.9, 5.5, 0], [-2.5, 2.0, 7.0]])
    vectors = rng.uniform(-20, 20, (50, 3))
    for pbc in ([True] * 3, [True, False, True], [False] * 3):
        mesh = np.meshgrid(*[np.arange(-9, 10) if p else [0] for p in pbc], indexing="ij")
        images = vectors[:, None] + np.stack(mesh, -1).reshape(-1, 3) @ cell
        shortest = np.linalg.norm(images, axis=2).min(axis=1)
        found = minimum_image(
            jnp.asarray(vectors),
            jnp.broadcast_to(jnp.asarray(cell), (50, 3, 3)),
            jnp.broadcast_to(jnp.asarray(pbc), (50, 3)),
        )
        np.testing.assert_allclose(np.linalg.norm(found, axis=1), shortest)


def test_a_reference_is_given_in_the_users_coordinates():
    positions = np.array([[100.0, 0, 0], [103.0, 1.0, 0]])
    for kwargs in ({}, {"cell": 8 * np.eye(3), "pbc": True}):
        system = make_system(positions, [18, 18], **kwargs)
        away = position_restraint(system, [1], 2.0, reference=[[103.0, 1.5, 0.0]])
        np.testing.assert_allclose(energies(away, system), [0.25])


@pytest.mark.slow
def test_energy_is_conserved_with_restraints():
    rng = np.random.default_rng(2)
    grid = np.stack(np.meshgrid(*[np.arange(3)] * 3, indexing="ij"), -1).reshape(-1, 3)
    positions = 4.2 * grid + rng.normal(scale=0.05, size=(27, 3))
    system = make_system(positions, np.full(27, 18))
    force_field = restrained(
        LennardJones(),
        [
            position_restraint(system, np.arange(5), 0.5),
            distance_restraint(system, [(10, 20), ([11, 12], 25)], 0.2, upper_angstrom=4.0),
            droplet_restraint(system, 5.0, 0.1),
        ],
    )
    assert isinstance(force_field, RestrainedForceField)
    assert not force_field.conserves_momentum
    force_field.check(system)
    state = with_thermal_momenta(initial_state(system, force_field, seed=1), 40.0)
    chunks = list(run(state, nve(force_field, 2.0, 0), steps=300, sample_every=1, frame_every=300))
    samples = {k: np.concatenate([c.samples[k] for c in chunks]) for k in chunks[0].samples}
    assert np.ptp(samples["conserved_energy_ev"]) < 0.01 * np.ptp(samples["kinetic_energy_ev"])
    assert samples["energy_droplet_restraint_ev"].max() > 0


def test_what_does_not_fit_is_refused():
    system, crystal = ethanol(), small_crystal()
    with pytest.raises(InputError, match=r"integers from 0 to 8"):
        position_restraint(system, [9], 1.0)
    with pytest.raises(InputError, match="different atoms"):
        position_restraint(system, [1, 1], 1.0)
    with pytest.raises(InputError, match="force constant is out of range"):
        position_restraint(system, [1], -1.0)
    with pytest.raises(InputError, match="place is needed"):
        position_restraint(system, [1], 1.0, reference=np.zeros((2, 3)))
    with pytest.raises(InputError, match="lower bound is above"):
        distance_restraint(system, [(0, 1)], 1.0, lower_angstrom=3, upper_angstrom=2)
    with pytest.raises(InputError, match="share no atom"):
        distance_restraint(system, [(0, [0, 1])], 1.0)
    with pytest.raises(InputError, match="half the smallest height"):
        distance_restraint(crystal, [(0, 1)], 1.0, upper_angstrom=3.0)
    with pytest.raises(CellError, match="without periodic"):
        droplet_restraint(crystal, 3.0)
    one = position_restraint(system, [8], 1.0)
    with pytest.raises(InputError, match="names must be different"):
        restrained(NOTHING, [one, one])
    water = make_system(np.eye(3), [8, 1, 1])
    with pytest.raises(InputError, match="another structure"):
        restrained(NOTHING, [one]).check(water)
    assert restrained(NOTHING, []) is NOTHING
