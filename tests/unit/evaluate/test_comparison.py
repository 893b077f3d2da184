"""Labels, and the errors of predictions against them, on numbers known by hand."""

import numpy as np
import pytest
from ase.build import molecule
from ase.calculators.singlepoint import SinglePointCalculator

from sundog.data.labels import find_labels
from sundog.errors import FileFormatError, InputError
from sundog.evaluate.datasets.comparison import Comparison, unit_slope
from sundog.evaluate.datasets.run import run, warnings
from sundog.evaluate.models import AbstractModel, Answer, Failure, Properties
from sundog.units import DEBYE, KCAL_PER_MOL


def labelled(name, **labels):
    atoms = molecule(name)
    for key, value in labels.items():
        if np.shape(value)[:1] == (len(atoms),):
            atoms.set_array(key, np.asarray(value))
        else:
            atoms.info[key] = value
    return atoms


def compared(structures, predictions, unit="eV"):
    comparison = Comparison(structures, find_labels(structures, {}, unit))
    for number, predicted in enumerate(predictions):
        comparison.add(number, Properties(**predicted))
    return comparison.finished()


def test_energies_are_relative_within_a_composition():
    names, labels = ["H2O", "H2O", "CH4", "H2O"], [1.0, 2.0, 50.0, 3.0]
    structures = [labelled(n, REF_energy=e) for n, e in zip(names, labels, strict=True)]
    predictions = [{"energy": e} for e in (-100.0, -99.0, 7.0, -97.0)]
    metrics = compared(structures, predictions).metrics()["energy"]
    # Of water: references −1, 0, 1, predictions −4/3, −1/3, 5/3; methane has nothing to compare.
    assert metrics.overall.values == 3
    assert metrics.overall.mae == pytest.approx(4 / 9)
    assert metrics.overall.max == pytest.approx(2 / 3)
    assert metrics.by_class.keys() == {"HO"}


def test_ions_are_another_composition():
    structures = [labelled("OH", REF_energy=0.0, charge=q) for q in (-1, 1)]
    assert not compared(structures, [{"energy": 0.0}, {"energy": 5.0}]).metrics()


def test_forces_by_element_and_their_cosine():
    reference = np.array([[1.0, 0, 0], [0, 1.0, 0], [0, 0, 0]])
    predicted = np.array([[1.0, 0, 0], [0, 0, 1.0], [0, 0, 0.5]])
    structures = [labelled("H2O", REF_forces=reference)]
    metrics = compared(structures, [{"forces": predicted}]).metrics()["forces"]
    assert metrics.overall.mae == pytest.approx(2.5 / 9)
    assert metrics.overall.rmse == pytest.approx(np.sqrt(2.25 / 9))
    assert metrics.mean_cosine == pytest.approx(0.5)
    assert metrics.by_element["O"].mae == 0
    assert metrics.by_element["H"].values == 6
    assert metrics.overall.mae_interval is None  # one structure
    assert metrics.overall.r2 == pytest.approx(1 - 2.25 / (2 - 4 / 9))


def test_dipoles_in_debye():
    structures = [labelled("CO", REF_dipole=np.array([0, 0, 1.0]) * DEBYE)]
    metrics = compared(structures, [{"dipole": np.array([0, 2.0, 0]) * DEBYE}]).metrics()
    assert metrics["dipole"].mean_vector_error == pytest.approx(np.sqrt(5))
    assert metrics["dipole"].mean_angle_degrees == pytest.approx(90)
    assert metrics["dipole_magnitude"].overall.mae == pytest.approx(1)


def test_stress_charges_and_ratios():
    stress = np.arange(6.0)
    structures = [
        labelled("H2O", REF_stress=stress, charges=np.ones(3), hirshfeld_ratios=[1.0] * 3)
    ]
    full = np.array([[0, 5, 4], [5, 1, 3], [4, 3, 2.0]])
    predicted = {"stress": full, "charges": np.zeros(3), "hirshfeld_ratios": np.full(3, 0.5)}
    metrics = compared(structures, [predicted]).metrics()
    assert metrics["stress"].overall.max == 0
    assert metrics["charges"].overall.mae == 1
    assert metrics["hirshfeld_ratios"].by_element["H"].mae == 0.5


def test_labels_are_found_under_the_names_of_the_field_and_given_ones():
    atoms = labelled("H2O", REF_energy=1.0, energy=2.0, E=3.0)
    atoms.calc = SinglePointCalculator(atoms, forces=np.ones((3, 3)))
    labels = find_labels([atoms], {})
    assert dict(labels.keys) == {"energy": "REF_energy", "forces": "forces"}
    assert labels.of(atoms, "energy") == 1.0
    given = find_labels([atoms], {"energy": "E"}, "kcal/mol")
    assert given.of(atoms, "energy") == pytest.approx(3 * KCAL_PER_MOL)
    assert given.of(molecule("H2O"), "energy") is None


def test_wrong_keys_missing_labels_and_wrong_shapes():
    atoms = labelled("H2O", enrgy=1.0)
    with pytest.raises(InputError, match=r"no structure has a label.*enrgy.*energy_key"):
        find_labels([atoms], {})
    with pytest.raises(InputError, match=r"energy_key.*energy2.*Perhaps enrgy"):
        find_labels([atoms], {"energy": "energy2"})
    with pytest.raises(InputError, match="unit"):
        find_labels([atoms], {}, "rydberg")
    atoms = labelled("H2O", REF_forces=np.ones(4))
    with pytest.raises(FileFormatError, match="REF_forces: a label of the wrong shape"):
        compared([atoms], [{"forces": np.ones((3, 3))}])


def test_missing_labels_and_odd_units_are_told():
    rng = np.random.default_rng(0)
    forces = [rng.normal(size=(3, 3)) for _ in range(3)]
    structures = [labelled("H2O", REF_forces=f / KCAL_PER_MOL) for f in forces]
    structures.append(molecule("H2O"))
    predictions = [{"forces": f} for f in forces] + [{"forces": forces[0]}]
    comparison = compared(structures, predictions)
    assert unit_slope(comparison) == pytest.approx(1 / KCAL_PER_MOL)
    told = " ".join(warnings(comparison))
    assert "1 structures have no label" in told
    assert "23.1 times the predictions" in told
    assert compared(structures, predictions, "kcal/mol").metrics()["forces"].overall.max < 1e-12


class Known(AbstractModel):
    """Knows the forces of water, and nothing of methane."""

    name, charges = "known", "own"

    def __call__(self, structures):
        return Answer(np.full(len(structures), np.nan))

    def properties(self, structures):
        for atoms in structures:
            known = len(atoms) == 3
            yield Properties(forces=np.ones((3, 3))) if known else Failure("no methane")


def test_a_run_lists_failures_and_the_worst_structures():
    names = ("H2O", "CH4", "H2O")
    structures = [labelled(n, REF_forces=np.zeros((len(molecule(n)), 3))) for n in names]
    structures[2].arrays["REF_forces"][:] = 3.0
    done = []
    outcome, _ = run(Known(), structures, find_labels(structures, {}), advance=done.append)
    assert len(done) == 3
    assert [outcome.n, outcome.n_of] == [2, 3]
    assert outcome.failed == {1: "no methane"}
    assert [one.structure for one in outcome.worst["forces"]] == [2, 0]
    with pytest.raises(InputError, match=r"nothing can be compared.*no methane"):
        run(Known(), structures[1:2], find_labels(structures, {}), advance=done.append)


def test_directions_of_forces_that_all_but_vanish_are_not_compared():
    structures = [labelled("H2O", REF_forces=np.full((3, 3), 1e-6))]
    metrics = compared(structures, [{"forces": np.ones((3, 3))}]).metrics()["forces"]
    assert metrics.mean_cosine is None
    assert "mean_cosine" not in metrics.json()


def test_labels_say_their_keys_and_those_that_are_not_used():
    atoms = labelled("H2O", energy=-1.0, REF_energy=-2.0, hirsh_ratios=np.ones(3))
    labels = find_labels([atoms], {})
    assert labels.keys == {"energy": "REF_energy", "hirshfeld_ratios": "hirsh_ratios"}
    assert labels.describe() == (
        "Labels: energy with REF_energy, hirshfeld_ratios with hirsh_ratios; not used are energy"
    )
    assert "not used" not in find_labels([labelled("H2O", REF_energy=-2.0)], {}).describe()
    chosen = find_labels([atoms], {"energy": "energy"})
    assert chosen.describe().endswith("not used are REF_energy")


def test_compositions_that_stand_alone_are_said():
    structures = [labelled(name, REF_energy=0.0) for name in ("H2O", "CH4")]
    alone = compared(structures, [{"energy": 1.0}, {"energy": 2.0}])
    assert any("no composition has two structures" in line for line in warnings(alone))
