"""Benchmarks: reading their data, interaction energies by any model, metrics."""

from zipfile import ZipFile

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.lj import LennardJones

from fixtures import needs_cpu_kernels, small_force_field
from sundog.constants import COULOMB
from sundog.data.keys import APART
from sundog.errors import FileFormatError, InputError, MissingDataError
from sundog.evaluate.benchmarks import s22, s66x8, sapt10k
from sundog.evaluate.benchmarks.names import BENCHMARKS
from sundog.evaluate.benchmarks.run import benchmark, run
from sundog.evaluate.benchmarks.tasks.base import Answers
from sundog.evaluate.benchmarks.tasks.dimers import Dimer, DimerTask
from sundog.evaluate.models import (
    AbstractModel,
    Answer,
    CalculatorModel,
    Failure,
    ForceFieldModel,
    Properties,
    calculator_model,
)
from sundog.forcefield.formulations.choice import with_kernels
from sundog.units import KCAL_PER_MOL


class Known(AbstractModel):
    """Binds every dimer of `n` atoms by n kcal/mol, and fails for those with a name on a list."""

    name = "known"
    charges = "fragments"

    def __init__(self, failing=()):
        self.failing = failing

    def __call__(self, structures):
        energies = np.array([self._energy(atoms) for atoms in structures])
        return Answer(energies, dict.fromkeys(np.flatnonzero(np.isnan(energies)), "no"))

    def properties(self, structures):
        return iter([Failure("energies only")] * len(structures))

    def _energy(self, atoms):
        if len(atoms) in self.failing:
            return np.nan
        return 7.0 - len(atoms) * KCAL_PER_MOL * (np.ptp(atoms.positions) < 1000)


def frame(name, charges=(0, 0), apart=False, **changes):
    """One frame of SAPT10k's file: two molecules of hydrogen."""
    rows = [[0, 0, 0], [0, 0, 0.75], [3, 0, 0], [3, 0, 0.75]]
    shift = APART if apart else 0.0
    info = {"num_a": 2, "num_b": 2, "charge_a": charges[0], "charge_b": charges[1]}
    info |= {"benchmark_Eint": -3.0, "energy": -3.0, "folder_name": "SET", "file_name": name}
    words = " ".join(f"{k}={v}" for k, v in (info | changes).items() if v is not None)
    lines = [f"H {x + shift * (n > 1)} {y} {z}" for n, (x, y, z) in enumerate(rows)]
    return "\n".join(["4", f"Properties=species:S:1:pos:R:3 {words}", *lines, ""])


def zipped(tmp_path, *frames):
    with ZipFile(tmp_path / "sapt10k.zip", "w") as archive:
        archive.writestr("sapt10k.xyz", "".join(frames))
        archive.writestr("__MACOSX/._sapt10k.xyz", b"\0\1")
    return tmp_path


def pair(name, charges=(0, 0)):
    return frame(f"{name}-dimer.xyz", charges), frame(f"{name}-dimer.xyz", charges, apart=True)


def test_sapt10k_is_scored_by_charge(tmp_path):
    folder = zipped(tmp_path, *pair("a"), *pair("b", (1, 0)), *pair("c", (1, -1)))
    lines = []
    outcome = run("sapt10k", Known(), folder, report=lines.append)
    assert outcome.card.name == "sapt10k"
    assert outcome.score.n == outcome.score.n_of == 3
    assert outcome.structures == 6
    for key in ("mae_all", "mae_neutral", "mae_charged", "mae_salt_bridges", "rmse_all"):
        assert outcome.score.metrics[key] == pytest.approx(1.0)
    assert outcome.score.metrics["me_all"] == pytest.approx(-1.0)
    assert outcome.score.intervals["mae_all"] == pytest.approx((1.0, 1.0))
    assert "mae_s66x8" not in outcome.score.metrics  # there is none of them
    assert outcome.score.groups["SET"]["n"] == 3
    assert outcome.card.published["mae_all"] == 0.90
    assert outcome.score.worst[0]["predicted"] == pytest.approx(-4.0)
    assert outcome.settings == {}
    assert len(lines) == 1


def test_sapt10k_is_judged_as_published_where_no_treatment_was_chosen(tmp_path):
    """With a cutoff the energy has −V(rc) Σ qᵢqⱼ over pairs within it, each counted once."""
    folder = zipped(tmp_path, *pair("a"), *pair("b", (1, -1)))
    exact = small_force_field("exact")
    chosen = run("sapt10k", ForceFieldModel(exact, "small"), folder, report=print)
    asked, lines = [], []

    def remake(hamiltonian):
        asked.append((hamiltonian.electrostatics, hamiltonian.cutoff_angstrom))
        return small_force_field(*asked[-1])

    model = ForceFieldModel(exact, "small", remake=remake)
    outcome = run("sapt10k", model, folder, report=lines.append)
    assert asked == [("truncated", 1000.0)]
    assert outcome.settings == {"electrostatics": "truncated", "cutoff_angstrom": 1000.0}
    assert "truncated (1000 Å), as in the published values" in lines[0]
    values = [
        {row["name"]: row["predicted"] for row in found.score.worst} for found in (chosen, outcome)
    ]
    # Charges of ±1 meet within the cutoff, and not where the monomers are apart. What the
    # charges of each monomer have of their own is smaller: they are equal, and polarised.
    shift = COULOMB / 1000 / KCAL_PER_MOL
    assert values[1]["b"] - values[0]["b"] == pytest.approx(shift, rel=0.1)


@pytest.mark.parametrize(
    ("frames", "words"),
    [
        ((*pair("a"), frame("b-dimer.xyz")), "last dimer"),
        ((pair("a")[0], pair("b")[1]), "frame 1"),
        ((frame("a", folder_name=None), frame("a")), "folder_name"),
        (("4\nnonsense\nH 0 0\n",), "cannot be read"),
        ((frame("a", num_a=0), frame("a", apart=True)), "monomer A"),
    ],
)
def test_damaged_data_are_refused(frames, words, tmp_path):
    with pytest.raises(FileFormatError, match=words):
        sapt10k.prepare(zipped(tmp_path, *frames))


@pytest.mark.parametrize("name", ["sapt10k", "s66x8"])
def test_missing_data_say_what_is_missing_and_how_to_get_it(name, tmp_path):
    for folder in (None, tmp_path):
        with pytest.raises(MissingDataError, match=r"data_dir.*Put "):
            benchmark(name).prepare(folder)


def test_no_zip_at_all(tmp_path):
    (tmp_path / "sapt10k.zip").write_text("this is no archive")
    with pytest.raises(FileFormatError, match="BadZipFile"):
        sapt10k.prepare(tmp_path)


def test_s66x8_has_curves(tmp_path):
    text = frame("x").replace("num_a=2", "atoms_in_monomer_a=2 interaction_energy_kcal_mol=-3.5")
    frames = [text.replace("num_b=2", f"name=Water-Water_{r}") for r in ("0.90", "1.00", "2.00")]
    (tmp_path / "s66x8.extxyz").write_text("".join(frames))
    outcome = run("s66x8", Known(), tmp_path, report=print)
    assert outcome.score.metrics["mae"] == pytest.approx(0.5)
    assert outcome.score.metrics["mae_at_2.00"] == pytest.approx(0.5)
    (tmp_path / "s66x8.extxyz").write_text(text)
    with pytest.raises(FileFormatError, match="frame 0 has no name"):
        s66x8.prepare(tmp_path)


def test_s22_comes_with_ase():
    dimers = s22.prepare(None).dimers
    assert len(dimers) == 22
    water = next(dimer for dimer in dimers if dimer.name == "Water_dimer")
    assert water.reference == pytest.approx(-5.0, abs=0.05)  # kcal/mol
    assert [len(one) for one in water.monomers()] == [3, 3]


def test_every_benchmark_has_a_card_of_its_name():
    for name in BENCHMARKS:
        card = benchmark(name).CARD
        assert card.name == name
        assert all((card.title, card.source, card.licence, card.metric, card.protocol, card.data))
    with pytest.raises(InputError, match="s66x8"):
        benchmark("s66x9")


def test_failures_are_told_and_left_out_of_the_metrics(tmp_path):
    outcome = run("s22", Known(failing=(6, 8)), None, report=print)
    names = [failure.name for failure in outcome.score.failed]
    assert sorted(names) == ["Ammonia_dimer", "Water_dimer"]
    assert [outcome.score.n, outcome.score.n_of] == [20, 22]
    sizes = [len(atoms) for atoms in s22.prepare(None).structures(Known())]
    assert outcome.structures == sum(size not in (6, 8) for size in sizes) < len(sizes)
    with pytest.raises(InputError, match="s22: the model computed none of the dimers"):
        run("s22", Known(failing=range(100)), None, report=print)


def test_a_calculator_gets_the_monomers_one_by_one():
    dimers = s22.prepare(None).dimers[:3]
    model, task = CalculatorModel(LennardJones, "lj"), DimerTask(dimers)
    structures = task.structures(model)
    assert len(structures) == 9
    values, failed = task.interactions(
        Answers([Properties(energy=e) for e in model(structures).energies])
    )
    assert not failed
    assert len(structures[0]) == len(structures[3]) + len(structures[6])
    energies = []
    for part in (dimers[0].together(), *dimers[0].monomers()):
        part.calc = LennardJones()
        energies.append(part.get_potential_energy())
    expected = (energies[0] - energies[1] - energies[2]) / KCAL_PER_MOL
    assert values[0] == pytest.approx(expected, rel=1e-12)


class Broken:
    """No calculator."""


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("ase.calculators.lj", "module:factory"),
        ("no.such.module:Thing", "ModuleNotFoundError"),
        ("ase.calculators.lj:NoSuch", "NoSuch"),
        (f"{__name__}:Broken", "no ASE calculator"),
    ],
)
def test_a_factory_that_cannot_be_used_is_refused(target, words):
    with pytest.raises(InputError, match=words):
        calculator_model(target)


def test_a_calculator_that_fails_is_told():
    answer = calculator_model("ase.calculators.emt:EMT")([Atoms("Si"), Atoms("H2", [[0] * 3] * 2)])
    assert "NotImplementedError" in answer.failures[0]
    assert set(answer.failures) == {0, 1}  # coinciding atoms have no finite energy


def salt_bridge():
    positions = [[0, 0, 0], [0, 0, 1.0], [3, 0, 0], [3, 0, 1.0], [3, 0.9, -0.4]]
    atoms = Atoms("OHNHH", positions)
    return Dimer(name="s", group="g", atoms=atoms, first=2, charges=(-1, 1), reference=0.0)


@pytest.mark.parametrize(
    "kernels",
    [
        "reference",
        pytest.param("plain", marks=pytest.mark.slow),
        pytest.param("cpu", marks=needs_cpu_kernels),
    ],
)
def test_charges_of_monomers_bind_in_the_dimer_and_apart(kernels):
    dimer = salt_bridge()
    reference = small_force_field("exact")
    force_field, _ = with_kernels(reference, kernels)
    values = {}
    for fragments in (True, False):
        model = ForceFieldModel(force_field, "small", fragments=fragments)
        structures = [dimer.together(), dimer.separated()]
        answer = model(structures)
        assert not answer.failures
        values[fragments] = answer.energies[0] - answer.energies[1]
        # Monomers far apart meet by their charges alone.
        if fragments:
            further = dimer.separated()
            further.positions[2:, 0] += 9e5
            assert model([further]).energies[0] - answer.energies[1] == pytest.approx(
                14.399645 * (1 / 10_003 - 1 / 910_003), rel=1e-3
            )
    assert abs(values[True] - values[False]) > 1e-3


def test_structures_a_force_field_cannot_describe_are_told():
    model = ForceFieldModel(small_force_field("exact"), "small")
    answer = model([Atoms("Si"), Atoms("H2", [[0, 0, 0], [0, 0, 0.75]], info={"charge": 0})])
    assert "Si" in answer.failures[0]
    assert np.isfinite(answer.energies[1])
