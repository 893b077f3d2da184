"""The map of conformations, where umap-learn is installed, and tables in Parquet beside CSV."""

import sys

import numpy as np
import pytest

from recordings import recording
from sundog.analysis.carry_out import analyze
from sundog.analysis.choices import Choices
from sundog.analysis.files import write_analysis
from sundog.analysis.proteins.umap import Map
from sundog.prepare.peptides.polyalanine import polyalanine


def test_runs_of_two_conformations_are_two_islands(tmp_path, monkeypatch):
    # pytest puts tests/unit on the path, and numba would take its folder for the package.
    monkeypatch.setitem(sys.modules, "coverage", None)
    pytest.importorskip("umap")
    random = np.random.default_rng(1)
    runs = []
    for name, angles in (("helix", (-60.0, -45.0)), ("strand", (-140.0, 135.0))):
        atoms = polyalanine(8, *angles)
        frames = atoms.positions + random.normal(scale=0.1, size=(30, len(atoms), 3))
        runs.append(recording(atoms, frames, name=name))
    found = analyze(runs, [Map.name], Choices())
    table = found.together[Map.name].tables["together"]
    assert [*table["run"]] == ["helix"] * 30 + ["strand"] * 30
    plane = np.stack([table["x"], table["y"]], axis=1)
    apart = np.linalg.norm(plane[:, None] - plane[None], axis=-1)
    np.fill_diagonal(apart, np.inf)
    assert np.all((apart.argmin(axis=1) < 30) == (np.arange(60) < 30))

    parquet = pytest.importorskip("pyarrow.parquet")
    write_analysis(found, tmp_path / "out", {})
    written = parquet.read_table(tmp_path / "out" / "umap" / "all.together.parquet")
    assert written.column("run").to_pylist() == [*table["run"]]
    np.testing.assert_array_equal(written.column("x").to_numpy(), table["x"])
