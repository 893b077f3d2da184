"""The ASE calculator with ASE's own tools."""

import numpy as np
import pytest
from ase import units
from ase.build import bulk, molecule
from ase.calculators.calculator import PropertyNotImplementedError
from ase.calculators.test import gradient_test
from ase.filters import FrechetCellFilter
from ase.md.verlet import VelocityVerlet
from ase.optimize import BFGS

from fixtures import small_force_field
from sundog import Calculator
from sundog.errors import CellError, ChargeError, UnsupportedElementError


def calculator(electrostatics="exact", **kwargs):
    return Calculator(small_force_field(electrostatics), **kwargs)


def test_results_hold_everything_documented():
    atoms = molecule("CH3CH2OH")
    atoms.calc = calculator()
    energy = atoms.get_potential_energy()
    results = atoms.calc.results
    assert atoms.get_potential_energy(force_consistent=True) == energy
    assert atoms.get_forces().shape == (9, 3)
    assert atoms.get_charges().sum() == pytest.approx(0, abs=1e-12)
    assert atoms.get_dipole_moment().shape == (3,)
    assert results["hirshfeld_ratios"].shape == (9,)
    terms = ("so3krates", "zbl", "electrostatics", "dispersion")
    assert sum(results[f"energy_{name}"] for name in terms) == pytest.approx(energy)


def test_forces_follow_the_energy():
    atoms = molecule("H2O")
    atoms.calc = calculator()
    analytic, numeric = gradient_test(atoms)
    np.testing.assert_allclose(analytic, numeric, atol=1e-6)


@pytest.mark.parametrize("electrostatics", ["truncated", "ewald"])
def test_stress_follows_the_energy_under_ases_sign_convention(electrostatics):
    atoms = bulk("C", cubic=True)
    atoms.rattle(0.05, seed=1)
    atoms.calc = calculator(electrostatics)
    stress = atoms.get_stress()
    step = 1e-4
    for k, (a, b) in enumerate([(0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1)]):
        energies = []
        for sign in (1, -1):
            strain = np.eye(3)
            strain[a, b] += sign * step / 2
            strain[b, a] += sign * step / 2
            strained = atoms.copy()
            strained.set_cell(atoms.cell @ strain, scale_atoms=True)
            strained.calc = atoms.calc
            energies.append(strained.get_potential_energy())
        expected = (energies[0] - energies[1]) / (2 * step) / atoms.get_volume()
        assert stress[k] == pytest.approx(expected, abs=1e-7)


def test_one_calculator_serves_many_structures_and_cells():
    calc = calculator("truncated")
    crystal, water = bulk("C", cubic=True), molecule("H2O")
    water.calc = crystal.calc = calc
    first = (crystal.get_potential_energy(), water.get_potential_energy())
    crystal.set_cell(crystal.cell * 0.8, scale_atoms=True)  # the lists must grow
    squeezed = crystal.get_potential_energy()
    fresh = crystal.copy()
    fresh.calc = calculator("truncated")
    assert squeezed == pytest.approx(fresh.get_potential_energy(), rel=1e-12)
    again = molecule("H2O")
    again.calc = calc
    assert again.get_potential_energy() == pytest.approx(first[1], rel=1e-12)
    moved = molecule("H2O")
    moved.translate([3.0, -40.0, 0.2])
    moved.calc = calc
    assert moved.get_potential_energy() == pytest.approx(first[1], rel=1e-12)


def test_a_cell_that_jumps_under_ewald_gets_lists_and_mesh_of_its_own():
    box = molecule("H2O", cell=[8.0, 8.0, 8.0], pbc=True)
    box.calc = calculator("ewald")
    box.get_potential_energy()
    box.set_cell([30.0, 20.0, 20.0])
    fresh = box.copy()
    fresh.calc = calculator("ewald")
    assert box.get_potential_energy() == pytest.approx(fresh.get_potential_energy(), rel=1e-12)


def test_charge_and_spin_of_info_are_read_and_noticed():
    atoms = molecule("H2O")
    atoms.calc = calculator()
    neutral = atoms.get_potential_energy()
    atoms.info["charge"] = 1
    cation = atoms.get_potential_energy()
    assert cation != neutral
    assert atoms.get_charges().sum() == pytest.approx(1)
    atoms.info["spin"] = 4
    assert atoms.get_potential_energy() != cation
    atoms.info["spin"] = 1
    with pytest.raises(ChargeError, match="odd number"):
        atoms.get_potential_energy()


def test_explicit_charge_goes_before_info():
    atoms = molecule("H2O")
    atoms.info["charge"] = 0
    atoms.calc = calculator(charge=-1)
    assert atoms.get_charges().sum() == pytest.approx(-1)


def test_refusals():
    argon = molecule("H2O")
    argon.symbols[0] = "Ar"
    argon.calc = calculator()
    with pytest.raises(UnsupportedElementError, match="Ar"):
        argon.get_potential_energy()
    crystal = bulk("C")
    crystal.calc = calculator("exact")
    with pytest.raises(CellError, match="truncated"):
        crystal.get_potential_energy()
    water = molecule("H2O")
    water.calc = calculator()
    with pytest.raises(PropertyNotImplementedError, match="stress"):
        water.get_stress()


def test_optimiser_cell_filter_and_dynamics_run():
    crystal = bulk("C", cubic=True)
    crystal.rattle(0.02, seed=0)
    crystal.calc = calculator("truncated")
    before = crystal.get_potential_energy()
    BFGS(FrechetCellFilter(crystal), logfile=None).run(fmax=1e-6, steps=3)
    assert crystal.get_potential_energy() < before
    water = molecule("H2O")
    water.calc = calculator()
    total = []
    dynamics = VelocityVerlet(water, 0.1 * units.fs)
    dynamics.attach(lambda: total.append(water.get_total_energy()))
    dynamics.run(20)
    assert np.ptp(total) < 1e-3


def test_the_state_of_jax_is_left_alone():
    import jax

    atoms = molecule("H2O")
    atoms.calc = calculator()
    with jax.enable_x64(False):
        assert np.isfinite(atoms.get_forces()).all()
        assert atoms.get_forces().dtype == np.float64
        assert not jax.config.jax_enable_x64
