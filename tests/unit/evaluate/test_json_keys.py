"""Keys of the JSON files and their order, which readers outside sundog rely on."""

from dataclasses import replace

import numpy as np
from ase.build import molecule
from ase.calculators.lj import LennardJones

from sundog.bench.rows import Figures, Row, failed, merged
from sundog.coverage.census import take_census
from sundog.coverage.neighborhoods import Radius
from sundog.coverage.outcome import Comparison, Outcome, by_element
from sundog.coverage.reference import missing, reference_of
from sundog.coverage.saturation import saturation
from sundog.data.labels import find_labels
from sundog.evaluate.benchmarks.run import run as run_benchmark
from sundog.evaluate.datasets.run import run as run_on_data
from sundog.evaluate.leaderboard.run import Entrant
from sundog.evaluate.leaderboard.run import run as run_suite
from sundog.evaluate.models import CalculatorModel

SCORE = "metrics units n n_of failed intervals groups worst missing curves shown"
BENCHMARK = (
    f"schema benchmark model {SCORE} unit items charges settings structures atoms "
    "seconds_computing structures_per_s card sample sample_structures_per_s "
    "one_by_one_structures_per_s batched_over_one_by_one seconds provenance"
)
CARD = (
    "name title source licence metric protocol data headline published published_by hamiltonian "
    "downloads"
)
ERRORS = "mae mae_interval rmse max r2 values structures"
DATA = (
    "schema model keys metrics n n_of without_label failed warnings worst seconds "
    "structures_per_s atoms_per_s data settings provenance"
)
COVERAGE = (
    "schema radius radius_unit structures atoms environments elements saturation reference data "
    "seconds_reading seconds atoms_per_s"
)
SATURATION = (
    "structures mean spread singletons held_once unseen_atom unseen_left_out new_per_structure"
)
REFERENCE = (
    "source radius radius_unit structures environments missing_environments missing_atoms "
    "covered_atoms_share missing"
)
ASKED = "case atoms kernels precision prepared_steps cutoff_angstrom"
MEASURED = (
    "force_us_per_atom step_us_per_atom compile_s peak_memory_mb force_spread step_spread "
    "ns_per_day startup_s drift"
)
ROUNDS = "force_timings step_timings rounds"
SOFTWARE = "python sundog commit"


def keys(content):
    return " ".join(content)


def lennard_jones():
    return CalculatorModel(LennardJones, "lj")


def test_benchmarks_and_suites():
    outcome = run_benchmark("extensivity", lennard_jones(), None, one_by_one=2, report=print)
    content = replace(outcome, provenance={"device": "cpu"}).json()
    assert keys(content) == BENCHMARK
    assert keys(content["card"]) == CARD
    assert keys(content["curves"][0]) == "panel label x x_label y y_label reference logarithmic"
    entrants = [Entrant(lennard_jones(), {}, {})]
    names = ("s22", "sapt10k")
    suite = run_suite("quick", names, entrants, None, report=print, save=lambda suite: None).json()
    assert keys(suite) == "schema suite benchmarks rows seconds"
    assert keys(suite["rows"][0]) == "model settings provenance cells"
    done, skipped = suite["rows"][0]["cells"].values()
    assert keys(done) == "status metric value unit interval reason outcome"
    assert keys(skipped) == "status reason"
    judged = BENCHMARK.split(" card ")[0] + " seconds"
    assert keys(done["outcome"]) == judged
    assert keys(done["outcome"]["worst"][0]) == "name group reference predicted"


def test_labelled_structures():
    structures = [molecule("H2O"), molecule("CH4")]
    for atoms in structures:
        atoms.set_array("REF_forces", np.ones((len(atoms), 3)))
    outcome, _ = run_on_data(
        lennard_jones(), structures, find_labels(structures, {}), advance=lambda count: None
    )
    content = replace(outcome, data="set", provenance={}).json()
    assert keys(content) == DATA
    forces = content["metrics"]["forces"]
    assert keys(forces) == f"unit {ERRORS} mean_cosine by_element by_class"
    assert keys(forces["by_class"]["HO"]) == keys(forces["by_element"]["H"]) == ERRORS
    assert keys(content["worst"]["forces"][0]) == "structure composition source rmse"


def test_coverage():
    census = take_census([molecule("H2O"), molecule("CH4")], Radius(2.0))
    known = reference_of(take_census([molecule("H2O")], Radius(2.0)), "water")
    outcome = Outcome(
        data="set",
        radius=census.radius,
        structures=census.structures,
        atoms=8,
        environments=len(census.fingerprints),
        elements=by_element(census),
        saturation=saturation(census),
        comparison=Comparison(known, missing(census, known), 8),
        seconds_reading=1.0,
        seconds=2.0,
    )
    content = outcome.json()
    assert keys(content) == COVERAGE
    assert keys(content["elements"]["C"]) == "atoms environments singletons"
    assert keys(content["saturation"]) == SATURATION
    assert keys(content["reference"]) == REFERENCE
    lacking = content["reference"]["missing"][0]
    assert keys(lacking) == "environment fingerprint count atoms"
    assert keys(lacking["atoms"][0]) == "structure atom"
    alone = replace(outcome, saturation=None, comparison=None).json()
    assert [alone["saturation"], alone["reference"]] == [None, None]


def test_rows_of_the_speed_benchmark():
    asked = Row(case="water-24", atoms=24, kernels="auto", precision="float32")
    figures = Figures(
        force_seconds=[1.0], step_seconds=[2.0], electrostatics="ewald", jax="1", checked="fine"
    )
    done = merged(asked, [figures])
    told = "electrostatics jax checked"
    assert keys(done.json()) == f"{ASKED} {MEASURED} {ROUNDS} {told} {SOFTWARE}"
    chosen = merged(replace(asked, chosen="ewald"), [figures])
    told = "jax checked"
    assert keys(chosen.json()) == (f"electrostatics {ASKED} {MEASURED} {ROUNDS} {told} {SOFTWARE}")
    assert keys(failed(asked, "killed").json()) == f"{ASKED} {MEASURED} error {SOFTWARE}"
