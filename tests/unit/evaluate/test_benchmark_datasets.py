"""Benchmarks of labelled sets, on tiny files of their formats."""

import json
from zipfile import ZipFile

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule
from ase.calculators.lj import LennardJones
from ase.io import write

from sundog.errors import FileFormatError, MissingDataError
from sundog.evaluate.benchmarks import md22, ncia, torsionnet500
from sundog.evaluate.benchmarks.run import benchmark, run
from sundog.evaluate.models import AbstractModel, Answer, CalculatorModel, Properties
from sundog.units import DEBYE, KCAL_PER_MOL

NCIA = """5
charge=1 charge_a=1 charge_b=0 selection_a=1,4-5 selection_b=2-3 scaling={scaling} \
benchmark_Eint=-2.0 benchmark_unit={unit} group=OHk-O
  O 0 0 0
  H 5 0 0
  H 5 0 0.75
  H 0 0 1
  H 0 1 0
"""


class Molecules(AbstractModel):
    """−1 kcal/mol for structures of more than one molecule; one dipole, no forces."""

    name = "molecules"
    charges = "own"

    def __call__(self, structures):
        sizes = [np.ptp(atoms.positions, axis=0).max() for atoms in structures]
        return Answer(-KCAL_PER_MOL * (np.array(sizes) > 4))

    def properties(self, structures):
        for _ in structures:
            yield Properties(energy=0.0, dipole=np.array([0, 0, 0.5]))


def ncia_set(folder, name="IHB100x10", scalings=("0.8", "1.0"), unit="kcal/mol"):
    place = folder / "geometries" / f"NCIA_{name}"
    place.mkdir(parents=True)
    for scaling in scalings:
        text = NCIA.format(scaling=scaling, unit=unit)
        (place / f"01.001_{scaling.replace('.', '')}0.xyz").write_text(text)
    return folder


def test_ncia_reads_the_distribution_and_says_which_sets_are_not_there(tmp_path):
    task = ncia.prepare(ncia_set(tmp_path))
    first = task.dimers[0]
    assert str(first.atoms.symbols) == "OH4"
    assert [first.first, first.charges, first.reference] == [3, (1, 0), -2.0]
    assert first.atoms.positions[3:, 0] == pytest.approx([5, 5])
    outcome = run("ncia", Molecules(), tmp_path, report=print)
    assert outcome.score.metrics["mae_IHB100x10"] == pytest.approx(1.0)
    assert outcome.score.metrics["mae_at_1.00"] == pytest.approx(1.0)
    assert outcome.score.groups["IHB100x10 OHk-O"]["n"] == 2
    assert set(outcome.score.missing) == {f"mae_{name}" for name in ncia.SETS} - {"mae_IHB100x10"}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("kcal/mol", "kJ/mol", "energies in kJ/mol"),
        ("selection_b=2-3", "selection_b=2", "each atom once"),
        ("charge_a=1 ", "", "no charge_a"),
        ("1,4-5", "all", "selection all"),
    ],
)
def test_ncia_refuses_what_it_does_not_know(old, new, words, tmp_path):
    path = next(ncia_set(tmp_path, scalings=("0.8",)).rglob("*.xyz"))
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(FileFormatError, match=words):
        ncia.prepare(tmp_path)


def test_ncia_reads_packages_as_it_reads_folders(tmp_path):
    plain = ncia.prepare(ncia_set(tmp_path / "plain"))
    package = tmp_path / ncia.PACKAGE.format("IHB100x10")
    with ZipFile(package, "w") as archive:
        archive.writestr("NCIA_IHB100x10/NCIA_IHB100x10_benchmark.txt", "not a geometry")
        for path in (tmp_path / "plain").rglob("*.xyz"):
            archive.write(path, f"NCIA_IHB100x10/geometries/{path.name}")
    packed = ncia.prepare(tmp_path)
    for one, other in zip(plain.dimers, packed.dimers, strict=True):
        assert one.atoms == other.atoms
        assert (one.name, one.group, one.labels) == (other.name, other.group, other.labels)
    package.write_bytes(package.read_bytes()[:200])
    with pytest.raises(FileFormatError, match="cannot be used"):
        ncia.prepare(tmp_path)


@pytest.mark.parametrize("name", ["ncia", "torsionnet500", "qm7b", "alphaml", "md22"])
def test_missing_data_name_the_file_and_where_it_comes_from(name, tmp_path):
    for folder in (None, tmp_path):
        with pytest.raises(MissingDataError, match=r"data_dir.*into data_dir"):
            benchmark(name).prepare(folder)


@pytest.mark.parametrize("name", ["qm7b", "alphaml"])
def test_dipoles_are_compared_in_debye(name, tmp_path):
    frames = [molecule("H2O"), molecule("NH3")]
    for atoms, dipole in zip(frames, ([0, 0, 0.6], [0, 0.5, 0]), strict=True):
        atoms.info["REF_dipole"] = np.array(dipole)
    write(tmp_path / f"{name}.extxyz", frames)
    outcome = run(name, Molecules(), tmp_path, report=print)
    metrics = outcome.score.metrics
    assert metrics["mae_dipole_magnitude"] == pytest.approx(0.05 / DEBYE)
    assert metrics["mean_angle_degrees_dipole"] == pytest.approx(45)
    assert outcome.score.units["mean_angle_degrees_dipole"] == "°"
    assert outcome.card.headline in outcome.score.shown
    del frames[1].info["REF_dipole"]
    write(tmp_path / f"{name}.extxyz", frames)
    with pytest.raises(FileFormatError, match="frame 1 has no REF_dipole"):
        benchmark(name).prepare(tmp_path)


def md22_file(path, scale=1.0, frames=250):
    rng = np.random.default_rng(0)
    places = molecule("CH4").positions + 0.05 * rng.normal(size=(frames, 5, 3))
    energies, forces = [], []
    for one in places:
        atoms = Atoms("CH4", one, calculator=LennardJones())
        energies.append(atoms.get_potential_energy() / KCAL_PER_MOL)
        forces.append(scale * atoms.get_forces() / KCAL_PER_MOL)
    arrays = {"R": places, "z": molecule("CH4").numbers, "F": np.array(forces)}
    np.savez(path, E=np.array(energies)[:, None], **arrays)


def test_md22_takes_frames_evenly_and_converts_units(tmp_path):
    md22_file(tmp_path / "md22_one.npz")
    md22_file(tmp_path / "md22_two.npz", scale=1.1)
    outcome = run("md22", CalculatorModel(LennardJones, "lj"), tmp_path, report=print)
    assert outcome.score.n == 2 * md22.FRAMES
    assert outcome.score.groups["one"]["mae_forces"] < 1e-12
    assert outcome.score.groups["one"]["mae_energy"] < 1e-12
    assert outcome.score.groups["two"]["mae_forces"] > 0.1
    np.savez(tmp_path / "md22_two.npz", R=np.zeros((2, 5, 3)))
    with pytest.raises(FileFormatError, match="no z, E, F"):
        md22.prepare(tmp_path)


def torsion_frames():
    """Hydrogen peroxide; the model has energy 2 kcal/mol more for the second conformer."""
    frames = []
    for angle, reference in ((0.0, 5.0), (120.0, 1.0), (240.0, 4.0)):
        atoms = molecule("H2O2")
        atoms.info |= {"profile": "peroxide", "angle": angle}
        atoms.info["REF_energy"] = (reference - 100) * KCAL_PER_MOL
        frames.append(atoms)
    frames[0].positions[0, 0] += 10  # −1 kcal/mol by `Molecules`
    return frames


def test_profiles_are_relative_to_the_lowest_of_the_reference(tmp_path):
    frames = torsion_frames()
    write(tmp_path / "torsionnet500.extxyz", frames)
    outcome = run("torsionnet500", Molecules(), tmp_path, report=print)
    # Reference 4, 0, 3; model −1, 0, 0.
    assert outcome.score.metrics["mae"] == pytest.approx((5 + 0 + 3) / 3)
    assert outcome.score.metrics["mae_barrier"] == pytest.approx(4 - 1)
    assert outcome.score.curves[0].reference == pytest.approx([4, 0, 3])

    fragment = {
        "atom_symbols": frames[0].get_chemical_symbols(),
        "conformer_coordinates": [atoms.positions.tolist() for atoms in frames],
        "dft_energy_profile": [[0.0, 5.0], [120.0, 1.0], [240.0, 4.0]],
    }
    (tmp_path / "TorsionNet500.json").write_text(json.dumps({"fragment_001": fragment}))
    again = run("torsionnet500", Molecules(), tmp_path, report=print)
    assert again.score.metrics == pytest.approx(outcome.score.metrics)
    fragment["dft_energy_profile"].pop()
    (tmp_path / "TorsionNet500.json").write_text(json.dumps({"fragment_001": fragment}))
    with pytest.raises(FileFormatError, match="fragment_001 is no profile"):
        torsionnet500.prepare(tmp_path)
