"""Checks that need no data: each passes a sound model and finds the flaw of a flawed one."""

from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms

from sundog.constants import COULOMB
from sundog.evaluate.benchmarks import (
    charge_transfer,
    dimer_curves,
    extensivity,
    invariance,
    smoothness,
)
from sundog.evaluate.benchmarks.charge_transfer import ChargeTransferTask
from sundog.evaluate.benchmarks.figures import draw
from sundog.evaluate.benchmarks.run import run
from sundog.evaluate.benchmarks.smoothness import STEP, SmoothnessTask
from sundog.evaluate.benchmarks.tasks.base import Answers
from sundog.evaluate.benchmarks.tasks.molecules import acetate, methylammonium, molecules
from sundog.evaluate.benchmarks.tasks.paths import Path, joined
from sundog.evaluate.models import AbstractModel, Answer, Properties


class Toy(AbstractModel):
    """Gives energies, forces and charges by functions of atoms; None where it has none."""

    name = "toy"
    charges = "own"

    def __init__(self, energy, forces=lambda _: None, charges=lambda _: None):
        self.functions = {"energy": energy, "forces": forces, "charges": charges}

    def __call__(self, structures):
        return Answer(np.array([self.functions["energy"](atoms) for atoms in structures]))

    def properties(self, structures):
        for atoms in structures:
            found = {name: function(atoms) for name, function in self.functions.items()}
            yield Properties(**found | {"energy": float(found["energy"])})


def springs(atoms):
    """Energy and forces of Σ (r − 1)²/2 over pairs: invariant, and not extensive."""
    lines = atoms.positions[:, None] - atoms.positions
    lengths = np.linalg.norm(lines, axis=2) + np.eye(len(atoms))
    forces = -((1 - 1 / lengths)[..., None] * lines).sum(axis=1)
    return np.sum((lengths - 1) ** 2) / 4, forces


def ask(task, model):
    return task.score(model, Answers(list(model.properties(task.structures(model)))))


def test_an_invariant_model_is_found_so_and_others_are_not():
    sound = Toy(lambda a: springs(a)[0], lambda a: springs(a)[1])
    metrics = ask(invariance.prepare(None), sound).metrics
    assert metrics["max_energy"] < 1e-6
    assert metrics["max_forces"] < 1e-6
    tilted = Toy(lambda a: 1e-3 * a.positions[0, 2], lambda a: springs(a)[1])
    score = ask(invariance.prepare(None), tilted)
    assert score.metrics["max_energy_rotation"] > 0.1
    assert score.metrics["max_energy_permutation"] > 0.1
    unturned = Toy(lambda a: 0.0, lambda a: np.ones((len(a), 3)))
    metrics = ask(invariance.prepare(None), unturned).metrics
    assert metrics["max_forces_rotation"] > 100
    assert metrics["max_forces_translation"] == 0
    assert "max_forces" in ask(invariance.prepare(None), Toy(lambda a: 0.0)).missing


def along_x(energy, slope, begin=0.4, count=33):
    """The score of one atom on a path, with E(x) and dE/dx."""
    x = begin + STEP * np.arange(count)
    path = Path(
        name="p",
        atoms=Atoms("H", [[begin, 0, 0]]),
        moving=np.array([True]),
        direction=np.array([1.0, 0, 0]),
        start=begin,
        x=x,
    )
    model = Toy(lambda a: energy(a.positions[0, 0]), lambda a: -slope(a.positions) * [[1, 0, 0]])
    return ask(SmoothnessTask([path]), model)


@pytest.mark.parametrize(("power", "ratio"), [(1, 0.5), (2, 1.0), (3, 2.0)])
def test_the_ratio_tells_which_derivative_jumps(power, ratio):
    edge = 0.8  # on the grid, of which every second point remains

    def energy(x):
        return np.where(x > edge, np.abs(x - edge) ** power, 0.0)

    def slope(places):
        x = places[:, :1] - 1e-12  # at the edge itself
        return np.where(x > edge, power * np.abs(x - edge) ** (power - 1), 0.0)

    metrics = along_x(energy, slope).metrics
    assert metrics["roughness_ratio"] == pytest.approx(ratio, rel=0.05)


def test_a_smooth_path_and_forces_of_another_energy():
    smooth = along_x(lambda x: np.exp(-x), lambda p: -np.exp(-p[:, :1]))
    assert smooth.metrics["force_error"] < 1e-5
    assert smooth.metrics["roughness_ratio"] == pytest.approx(8, rel=0.1)
    wrong = along_x(lambda x: np.exp(-x), lambda p: -1.001 * np.exp(-p[:, :1]))
    assert wrong.metrics["force_error"] == pytest.approx(np.exp(-0.4), rel=0.01)  # meV/Å


def test_stretched_structures_keep_their_molecules():
    for path in smoothness.prepare(None).along[:3]:
        end = path.at(path.x[-1])
        moved = path.atoms.get_all_distances()[path.moving][:, path.moving]
        assert end.get_all_distances()[path.moving][:, path.moving] == pytest.approx(moved)
        gap = end.get_all_distances()[path.moving][:, ~path.moving].min()
        assert 8 < gap <= path.x[-1] + 1e-9


def test_extensivity_counts_what_far_molecules_know_of_each_other():
    task = extensivity.prepare(None)
    assert ask(task, Toy(lambda a: float(a.numbers.sum()))).metrics["neutral"] == 0
    # The energy of every atom knows how many others there are: 1 meV for each.
    knowing = ask(task, Toy(lambda a: 1e-3 * len(a) ** 2))
    assert knowing.groups["2 H2O"]["at_1000"] == pytest.approx((36 - 18) / 2)
    charged = Toy(lambda a: 1e-3 * a.info.get("charge", 0) ** 2 * len(a))
    assert ask(task, charged).metrics["neutral"] == 0
    assert ask(task, charged).metrics["with_ion"] == pytest.approx(21 / 8)  # 7 waters, 8 molecules


def test_point_charges_are_the_exact_answer_of_charge_transfer():
    pairs = charge_transfer.prepare(None).pairs

    def charges_with(leak):
        def charges(atoms):
            found = np.zeros(len(atoms))
            for pair in pairs:
                if str(atoms.symbols) == str((pair.a + pair.b).symbols):
                    found[pair.ends[0]] = (1 - leak) * pair.charges[0]
                    found[len(pair.a) + pair.ends[1]] = (1 - leak) * pair.charges[1]
            return found

        return charges

    def model(leak):
        charges = charges_with(leak)

        def energy(atoms):
            q = charges(atoms)
            places = np.flatnonzero(q)
            if len(places) < 2:
                return 0.0
            return COULOMB * np.prod(q[places]) / atoms.get_distance(*places)

        return Toy(energy, charges=charges)

    exact = ask(ChargeTransferTask(pairs), model(0.0)).metrics
    assert exact["charge_error_ions"] == 0
    assert exact["coulomb_error_ions"] < 1e-6
    assert exact["energy_error_ions"] < 1e-6
    leaking = ask(ChargeTransferTask(pairs), model(0.1)).metrics
    assert leaking["charge_error_ions"] == pytest.approx(0.1)
    assert leaking["coulomb_error_ions"] == pytest.approx(19)  # 1 − 0.9²
    assert leaking["energy_error_ions"] == pytest.approx(0.19 * 14.3996 / 50 * 23.0605, rel=1e-4)
    silent = ask(ChargeTransferTask(pairs), Toy(lambda a: 0.0))
    assert silent.metrics["coulomb_error_ions"] == pytest.approx(100)
    assert "no charges" in silent.missing["charge_error_ions"]


def test_a_morse_curve_has_its_minimum_where_it_was_put():
    """Along the path only the shift of the dimer of water counts."""
    task = dimer_curves.prepare(None)
    here = {}
    for name in dimer_curves.NAMES:
        dimer = next(one for one in task.points.dimers if one.group == name)
        here[len(dimer.atoms), dimer.first] = (dimer, dimer.labels["distance"])

    def energy(atoms):
        found = next((v for (size, _), v in here.items() if size == len(atoms)), None)
        if found is None:
            return 0.0
        dimer, distance = found
        a, b = atoms[: dimer.first], atoms[dimer.first :]
        x = np.linalg.norm(b.get_center_of_mass() - a.get_center_of_mass()) - distance
        return 0.2 * ((1 - np.exp(-1.5 * (x - 0.1))) ** 2 - 1)

    score = ask(task, Toy(energy))
    water = score.groups["Water_dimer"]
    assert water["shift"] == pytest.approx(0.1, abs=0.01)
    assert water["minimum"] == pytest.approx(-0.2 * 23.0605, rel=1e-3)
    assert water["wall"] > 20


def test_molecules_have_the_elements_and_charges_that_are_meant():
    found = molecules()
    assert {z for atoms in found for z in atoms.numbers} == {1, 6, 7, 8, 9, 15, 16, 17}
    assert acetate().get_chemical_formula() == "C2H3O2"
    ion = methylammonium()
    assert len(ion) == 8
    distances = ion.get_all_distances() + 9 * np.eye(8)
    assert distances.min() > 0.98
    both = joined(acetate(), ion, 30.0, (1, 1))
    assert both.info["charge"] == 0
    assert both.get_distance(1, 8) == pytest.approx(30)
    assert both.get_all_distances()[:7, 7:].min() > 28  # the hydrogens on nitrogen


def test_curves_of_two_models_are_drawn():
    model = Toy(lambda a: float(len(a)))
    outcomes = [run("extensivity", model, None, report=print) for _ in range(2)]
    picture = draw(outcomes)
    assert picture is not None
    assert picture.startswith(b"\x89PNG")
    without = replace(outcomes[0], score=replace(outcomes[0].score, curves=[]))
    assert draw([without]) is None
