"""Suites: every model and every benchmark has its cell, whatever became of it."""

import json
import re

import numpy as np
import pytest
from ase.calculators.emt import EMT
from ase.calculators.lj import LennardJones

from sundog.errors import FileFormatError, InputError
from sundog.evaluate.benchmarks.names import BENCHMARKS, SUITES
from sundog.evaluate.leaderboard.page import page
from sundog.evaluate.leaderboard.run import SCHEMA, Entrant, run
from sundog.evaluate.models import CalculatorModel, calculator_model

ORIGIN = {
    "started": "2026-01-01",
    "device": "cpu",
    "platform": "Linux",
    "python": "3",
    "weights": {"name": "<w>", "sha256": "abc"},
}
NAMES = ("s22", "extensivity", "sapt10k")


class Silent(EMT):
    """Refuses everything."""

    def calculate(self, *_, **__):
        raise ValueError("nothing <here>")


def entrants(*models):
    return [Entrant(model, {"precision": "float64"}, ORIGIN) for model in models]


@pytest.fixture(scope="module")
def finished():
    saved, lines = [], []
    models = CalculatorModel(LennardJones, "<lj>"), CalculatorModel(Silent, "silent")
    outcome = run(
        "quick",
        NAMES,
        entrants(*models),
        None,
        report=lines.append,
        save=saved.append,
    )
    return outcome, saved, lines


def test_missing_data_and_failures_are_cells_with_reasons(finished):
    outcome, saved, lines = finished
    done, silent = outcome.rows
    assert [cell.status for cell in done.cells.values()] == ["done", "done", "skipped"]
    assert [cell.status for cell in silent.cells.values()] == ["failed", "failed", "skipped"]
    assert "nothing <here>" in silent.cells["s22"].reason
    assert "sapt10k.zip" in done.cells["sapt10k"].reason
    assert len([line for line in lines if line.startswith("Skipped")]) == 1
    assert len(saved) == 6  # after every cell
    s22 = done.cells["s22"]
    assert s22.value == s22.outcome.score.metrics["mae"]
    low, high = s22.interval
    assert low < s22.value < high
    assert done.structures_per_s > 0
    assert silent.structures_per_s is None
    again = json.loads(json.dumps(outcome.json(), allow_nan=False))
    assert again["schema"] == SCHEMA
    assert again["benchmarks"]["sapt10k"]["published"]["mae_all"] == 0.90


def test_the_page_says_all_and_needs_nothing_else(finished):
    outcome, saved, _ = finished
    text = page(outcome)
    assert "&lt;lj&gt;" in text
    assert "<lj>" not in text
    assert "nothing &lt;here&gt;" in text
    assert "sapt10k.zip" in text
    assert text.count("data:image/png;base64,") == 1  # s22 has no curves
    assert not re.search(r'(src|href)="(?!data:|#)', text)
    assert f"{outcome.rows[0].cells['s22'].value:.3f}" in text
    assert "0.9</td>" in text  # published, of sapt10k
    assert page(saved[0]).count("not yet run") == 5


def test_damaged_data_and_models_of_one_name_are_refused(tmp_path):
    (tmp_path / "sapt10k.zip").write_text("no archive")
    model = calculator_model("mine=ase.calculators.lj:LennardJones")
    assert model.name == "mine"
    quiet = {"report": lambda _: None, "save": lambda _: None}
    with pytest.raises(FileFormatError, match="cannot be read"):
        run("paper", NAMES, entrants(model), tmp_path, **quiet)
    with pytest.raises(InputError, match="one name"):
        run("quick", ("s22",), entrants(model, model), None, **quiet)


def test_suites_are_made_of_benchmarks():
    assert all(set(names) <= set(BENCHMARKS) for names in SUITES.values())
    assert set(SUITES["full"]) == set(BENCHMARKS)


def test_metrics_of_sound_models_are_finite(finished):
    outcome, _, _ = finished
    found = outcome.rows[0].cells["extensivity"].outcome.score
    assert np.isfinite(list(found.metrics.values())).all()
    assert set(found.units) == set(found.metrics)
