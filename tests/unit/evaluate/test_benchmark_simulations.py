"""Benchmarks that are simulations: how they are run by either engine, and scored."""

from dataclasses import replace

import numpy as np
import pytest
from ase.calculators.lj import LennardJones

from fixtures import small_force_field
from sundog.errors import InputError
from sundog.evaluate.benchmarks import liquid_water, polyalanine, speed
from sundog.evaluate.benchmarks.tasks.base import Answers, FailedItem
from sundog.evaluate.dynamics import Trajectory, simulated, simulated_by_ase
from sundog.evaluate.models import CalculatorModel, Failure, ForceFieldModel
from sundog.prepare.peptides.polyalanine import polyalanine as chain
from sundog.prepare.water import water_box
from sundog.runs.settings import SimulationSettings

SHORT = SimulationSettings.of(
    steps=8, timestep_fs=0.2, sample_every=2, frame_every=2, hydrogen_mass=3.0, minimize=True,
    minimize_steps=3,
)  # fmt: skip


def argon():
    return LennardJones(sigma=2.0, epsilon=0.01, rc=6.0, smooth=True)


def trajectory(**known):
    """A trajectory of which a score looks at some arrays only."""
    frames = len(next(iter(known.values())))
    others = {
        "time_ps": np.arange(1.0, frames + 1),
        "positions": np.zeros((frames, 1, 3)),
        "cells": np.zeros((frames, 3, 3)),
        "seconds": np.ones(frames),
    }
    return Trajectory(energy=0.0, **others | known)


@pytest.mark.parametrize("ensemble", ["nvt", "npt"])
@pytest.mark.parametrize("engine", ["sundog", "ase"])
def test_trajectories_have_what_is_promised(engine, ensemble):
    box, settings, lines = water_box(16, 0.9), replace(SHORT, ensemble=ensemble), []
    if engine == "ase":
        found = simulated_by_ase(argon(), box, settings, lines.append)
    else:
        found = simulated(small_force_field(cutoff=5.0), box, settings, lines.append)
    np.testing.assert_allclose(found.time_ps, [0.0004, 0.0008, 0.0012, 0.0016])
    assert found.positions.shape == (4, 48, 3)
    assert found.cells.shape == (4, 3, 3)
    assert np.isfinite(found.energy)
    assert (found.seconds > 0).all()
    moved = np.diff(found.positions, axis=0)
    assert (np.abs(moved).max(axis=(1, 2)) > 1e-5).all()
    volumes = np.linalg.det(found.cells)
    assert (np.ptp(volumes) > 0) == (ensemble == "npt")
    assert any("0.0016 of 0.0016 ps" in line for line in lines)


def test_what_cannot_be_simulated_is_told():
    box = water_box(16)
    model = ForceFieldModel(small_force_field("exact"), "small")
    (found,) = model.trajectories([box], SHORT, print)
    assert "exact" in found.reason

    class Broken(LennardJones):
        def calculate(self, *arguments, **keywords):
            raise RuntimeError("no licence")

    (found,) = CalculatorModel(Broken, "broken").trajectories([box], SHORT, print)
    assert found == Failure("RuntimeError: no licence")
    task = speed.SpeedTask(SHORT, (16,))
    with pytest.raises(InputError, match="none of the simulations"):
        task.score(model, Answers([found]))


def test_density_structure_and_diffusion_of_a_liquid_that_is_known():
    """Oxygens on a random walk with D = 0.2 Å²/ps in a cell that breathes."""
    task = liquid_water.LiquidWaterTask(liquid_water.SETTINGS)
    box = task.structures(None)[0]
    rng, frames, frame_ps = np.random.default_rng(0), 600, 0.075
    steps = rng.normal(0, np.sqrt(2 * 0.2 * frame_ps), (frames, 216, 3)).repeat(3, axis=1)
    scale = 1 + 0.01 * rng.normal(size=frames)[:, None, None]
    found = trajectory(
        time_ps=frame_ps * np.arange(1, frames + 1),
        positions=(box.positions + np.cumsum(steps, axis=0)) * scale,
        cells=box.cell.array * scale,
    )
    score = task.score(None, Answers([found]))
    assert score.metrics["density"] == pytest.approx(1.0, abs=0.005)
    low, high = score.intervals["density"]
    assert low < 1.0 < high
    assert score.metrics["diffusion"] == pytest.approx(0.2, rel=0.1)
    assert {curve.panel for curve in score.curves} == {
        "density", "structure", "displacement of O",
    }  # fmt: skip
    structure = next(curve for curve in score.curves if curve.panel == "structure")
    assert structure.y[structure.x > 5].mean() == pytest.approx(1.0, abs=0.05)


def test_a_chain_that_folds_is_seen_to():
    task = polyalanine.PolyalanineTask(polyalanine.SETTINGS)
    extended, helix = (atoms.positions for atoms in task.structures(None))
    assert polyalanine.helix_share(np.array([extended, helix])).tolist() == [0.0, 1.0]
    # A 3-10 helix counts as well, a β strand does not.
    assert polyalanine.helix_share(chain(15, -49.0, -26.0).positions[None])[0] == 1.0
    assert polyalanine.helix_share(chain(15, -139.0, 135.0).positions[None])[0] == 0.0
    time = np.arange(1.0, 21.0)

    def run(folds_at):
        places = np.where((time >= folds_at)[:, None, None], helix, extended)
        return trajectory(time_ps=time, positions=places)

    score = task.score(None, Answers([run(7.0), Failure("it blew up")]))
    assert score.metrics == {"helix_from_extended": 1.0, "folded_after": 7.0}
    assert score.failed == [FailedItem("helix", "it blew up")]
    score = task.score(None, Answers([run(100.0), run(0.0)]))
    assert score.metrics == {"helix_from_extended": 0.0, "helix_from_helix": 1.0}
    assert "20 ps" in score.missing["folded_after"]


def test_speed_is_the_median_without_the_compilation():
    task = speed.SpeedTask(replace(SHORT, steps=10), (16, 32))
    found = trajectory(seconds=np.array([9.0, 0.02, 0.01, 0.04, 0.02]))
    score = task.score(None, Answers([found, Failure("too large")]))
    assert score.metrics["per_atom_48"] == pytest.approx(0.01 / 48 * 1e6)
    assert score.metrics["ns_per_day_48"] == pytest.approx(0.2e-6 * 86_400 / 0.01)
    assert (score.n, score.n_of) == (1, 2)
    assert score.failed == [FailedItem("water of 96 atoms", "too large")]


def test_cards_ask_for_what_the_engine_can_do():
    for module in (liquid_water, polyalanine, speed):
        assert module.prepare(None).settings is module.SETTINGS
        assert module.SETTINGS.steps // module.SETTINGS.output.frame_every >= 10
