"""Recordings made of arrays, for tests of analyses: no run, no network."""

from collections.abc import Mapping, Sequence

import numpy as np
from ase import Atoms

from sundog.analysis.carry_out import analyze
from sundog.analysis.choices import Choices
from sundog.analysis.recording import Recording, Wrapping
from sundog.analysis.result import Result
from sundog.io.topologies import topology_from_atoms
from sundog.io.trajectories.chunks import Frames

CELLS = {
    "cubic": np.diag([14.0, 14.0, 14.0]),
    "orthorhombic": np.diag([12.0, 15.0, 18.0]),
    "hexagonal": np.array([[15.0, 0, 0], [-7.5, 15 * np.sqrt(3) / 2, 0], [0, 0, 16.0]]),
    "octahedral": 15.0
    * np.array([[1, 0, 0], [1 / 3, np.sqrt(8) / 3, 0], [-1 / 3, np.sqrt(2) / 3, np.sqrt(6) / 3]]),
}
"""Four shapes of cells, lattice vectors as rows in Å."""


def recording(
    atoms: Atoms,
    positions: np.ndarray,
    apart_ps: float = 0.01,
    *,
    name: str = "run",
    wrapping: Wrapping = "unwrapped",
    extras: Mapping[str, np.ndarray] | None = None,
    settings: Mapping[str, object] | None = None,
    energies: Mapping[str, np.ndarray] | None = None,
    chunk: int = 97,
) -> Recording:
    """Return a recording whose frames come in chunks of an odd size."""
    count = len(positions)
    cells = np.repeat(atoms.cell.array[None], count, 0) if atoms.cell.rank == 3 else None
    frames = Frames(apart_ps * np.arange(count), positions, cells, extras or {})
    parts = [frames[begin : begin + chunk] for begin in range(0, count, chunk)]
    return Recording(
        name,
        atoms,
        topology_from_atoms(atoms),
        lambda: iter(parts),
        frozenset(frames.extras),
        wrapping,
        settings or {},
        energies or {},
    )


def result_of(what: str, one: Recording, **choices: object) -> Result:
    """Return the result of one observable."""
    return analyze([one], [what], Choices(**choices)).results[what][one.name]


def values_of(result: Result) -> dict[str, float]:
    """Return the means of the quantities of a result by name."""
    return {one.name: one.value.mean for one in result.quantities}


def correlated(
    samples: int, inefficiency: float, seed: int, columns: Sequence[int] = ()
) -> np.ndarray:
    """Return an AR(1) series of unit variance with a known statistical inefficiency."""
    a = (inefficiency - 1) / (inefficiency + 1)
    noise = np.random.default_rng(seed).normal(size=(samples, *columns)) * np.sqrt(1 - a * a)
    series = np.empty_like(noise)
    series[0] = noise[0] / np.sqrt(1 - a * a)
    for k in range(1, samples):
        series[k] = a * series[k - 1] + noise[k]
    return series
