"""`--dry-run`: settings, memory and duration of a run, measured on a few steps."""

from typing import TYPE_CHECKING

import yaml

from sundog.engine.run import run
from sundog.loading import describe_boxes
from sundog.runs.assembly import ensemble_of
from sundog.runs.setup import Setup
from sundog.single_points.memory import forecast

if TYPE_CHECKING:
    from sundog.engine.state import MDState

TIMED_CHUNKS = 3
"""Number of chunks that are timed after the one that compiles; the fastest counts."""

STEPS_PER_CHUNK = 10
"""Smallest number of steps of a chunk that is timed, rounded up to whole cycles of the ensemble."""


def print_plan(setup: Setup, state: "MDState") -> None:
    """Print settings, size, speed and memory of a run that would begin with a state.

    A few steps are computed for it.
    """
    settings = setup.job.settings
    print("Settings:")
    print("  " + yaml.safe_dump(setup.config, sort_keys=False).rstrip().replace("\n", "\n  "))
    print(f"Structure: {setup.describe()}")
    for line in (*setup.said, *describe_boxes(state.neighbors)):
        print(line)
    memory = forecast(setup.force_field, state.system, state.neighbors)
    if state.system.number_of_atoms > memory.most_atoms:
        print(
            f"{memory}. The run would not fit: use a smaller cutoff, a smaller system or a device "
            "with more memory"
        )
        return
    ensemble = ensemble_of(setup.force_field, settings, setup.mechanics)
    each = -(-STEPS_PER_CHUNK // ensemble.cycle) * ensemble.cycle
    total = (1 + TIMED_CHUNKS) * each
    chunks = list(
        run(
            state,
            ensemble,
            steps=total,
            sample_every=each,
            frame_every=each,
        )
    )
    # The first chunk compiles.
    fastest = min(chunk.seconds for chunk in chunks[1:] if not chunk.repeats) / each
    hours = settings.steps * fastest / 3600
    rows = settings.steps // settings.output.sample_every
    frames = 1 + settings.steps // settings.output.frame_every
    print(f"Start-up and compilation of the steps: {chunks[0].seconds:.1f} s")
    print(
        f"Speed: {1e3 * fastest:.3g} ms/step, "
        f"{settings.timestep_fs * 1e-6 / fastest * 86400:.3g} ns/day per replica"
    )
    print(
        f"The run: {settings.steps} steps, {settings.steps * settings.timestep_fs * 1e-3:g} ps, "
        f"about {hours:.2g} h; {rows} rows and {frames} frames a replica"
    )
    print(memory)
