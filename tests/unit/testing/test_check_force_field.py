"""The check of a force field says what breaks its contract and by how much."""

from dataclasses import replace

import jax.numpy as jnp
import pytest

from potentials import Harmonic, ListlessLennardJones, Split, argon
from sundog.testing import ContractError, check_force_field


def test_potentials_that_keep_the_contract_pass():
    near, far = ListlessLennardJones(cutoff=4.0), ListlessLennardJones(cutoff=4.7)
    check_force_field(near, argon())
    check_force_field(Split(near, far), argon(), skip=("symmetries", "batches"))


class Broken(ListlessLennardJones):
    """One in which one number is wrong, or depends on what it must not."""

    def __call__(self, system, pairs):
        return self.spoilt(super().__call__(system, pairs), system)


class WrongForces(Broken):
    def spoilt(self, found, system):
        return replace(found, forces=1.01 * found.forces)


class WrongVirial(Broken):
    def spoilt(self, found, system):
        return replace(found, virial=found.virial + 0.01 * jnp.eye(3)[None])


class WrongSum(Broken):
    def spoilt(self, found, system):
        return replace(found, energy=found.energy + 1e-6)


class Ordered(Broken):
    def spoilt(self, found, system):
        first = system.positions[0, 0] * 1e-9 * jnp.ones_like(found.energy)
        energies = {name: one + first for name, one in found.energies.items()}
        return replace(found, energy=found.energy + first, energies=energies)


class Padded(Broken):
    def spoilt(self, found, system):
        return replace(found, forces=jnp.where(system.is_atom[:, None], found.forces, 1.0))


class WrongWeight(Split):
    def weighted(self, weight):
        return replace(self, weight=float(weight) ** 2)


BROKEN = {
    "forces in eV/Å: the negative gradient of the energy": WrongForces(),
    "virial in eV: the derivative by the strain xx: off by 0.01, allowed": WrongVirial(),
    "energies: terms add up": WrongSum(),
    "translated structure: energy: off by": Ordered(),
    "padding: no energy, force or virial: off by 1, allowed 0": Padded(),
}


@pytest.mark.parametrize("said", BROKEN)
def test_a_broken_promise_is_named(said):
    with pytest.raises(ContractError, match=said):
        check_force_field(BROKEN[said], argon())


def test_a_weight_that_does_not_count_is_named():
    broken = WrongWeight(ListlessLennardJones(cutoff=4.0), ListlessLennardJones(cutoff=4.7))
    skipped = ("derivatives", "symmetries", "batches")
    with pytest.raises(ContractError, match=r"weighted\(2\): forces count the long range twice"):
        check_force_field(broken, argon(), skip=skipped)


def test_what_is_not_promised_is_left_out():
    # Springs to points in space: they feel a translation, and no strain.
    harmonic, system = Harmonic(1.0), argon()
    check_force_field(harmonic, system, skip=("symmetries", "derivatives"))
    with pytest.raises(ContractError, match="translated structure"):
        check_force_field(harmonic, system, skip=("derivatives",))
