"""What the checks of the ensembles share: replicas, trajectories and rows of the table.

Replicas are structures of one batch, independent of each other; standard errors come
from the scatter of their time averages, so that correlation in time does not matter.
"""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from scipy import stats

from sundog.simulate.ensembles import Ensemble
from sundog.simulate.run import run
from sundog.simulate.state import MDState
from sundog.system import System, concatenate, make_system

ARGON = 18
LARGEST_DEVIATION = 4.0
"""Standard errors between a right result and its expectation, at most."""


class Row(NamedTuple):
    """One line of the table of checks.

    Attributes:
        check: what is measured.
        expected: by theory.
        found: by simulation.
        error: standard error of the difference between the two.
        allowance: a known systematic error on top, of the discretisation for instance.
    """

    check: str
    expected: float
    found: float
    error: float
    allowance: float = 0.0

    @property
    def passes(self) -> bool:
        """Whether found and expected agree."""
        bound = LARGEST_DEVIATION * self.error + self.allowance
        return bool(abs(self.found - self.expected) <= bound)


def argon_crystal(cells=2, spacing=5.4, noise=0.05, seed=0, strain=None) -> System:
    """Return an fcc crystal of argon atoms around their sites.

    Args:
        cells: unit cells along each direction, one number or three.
        spacing: lattice constant in Å.
        noise: standard deviation of the displacements in Å.
        seed: of the displacements.
        strain: symmetric 3x3 by which crystal and cell are deformed.
    """
    counts = np.broadcast_to(cells, (3,))
    basis = spacing * np.array([[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]])
    sites = np.stack(np.meshgrid(*map(np.arange, counts), indexing="ij"), -1).reshape(-1, 1, 3)
    positions = (spacing * sites + basis).reshape(-1, 3)
    positions = positions + np.random.default_rng(seed).normal(scale=noise, size=positions.shape)
    deform = np.eye(3) + (np.zeros((3, 3)) if strain is None else np.asarray(strain))
    cell = spacing * np.diag(counts)
    return make_system(
        positions @ deform, np.full(len(positions), ARGON), cell=cell @ deform, pbc=True
    )


def replicas(system: System, count: int) -> System:
    """Return a batch of equal structures."""
    return concatenate([system] * count)


def record(
    state: MDState, ensemble: Ensemble, steps: int, stride: int = 1, rows: int = 100
) -> tuple[MDState, dict[str, np.ndarray]]:
    """Return the state after `steps` and the observables after every `stride` of them."""
    samples: dict[str, list[np.ndarray]] = {}
    for chunk in run(state, ensemble, steps=steps, sample_every=stride, frame_every=rows * stride):
        state = chunk.state
        for name, values in chunk.samples.items():
            samples.setdefault(name, []).append(values)
    return state, {name: np.concatenate(values) for name, values in samples.items()}


def mean_row(check: str, expected: float, values: np.ndarray, allowance: float = 0.0) -> Row:
    """Return a row for the mean of `values` [samples, replicas]."""
    averages = values.mean(axis=0)
    return Row(check, expected, float(averages.mean()), float(stats.sem(averages)), allowance)


def variance_row(check: str, expected: float, values: np.ndarray, allowance: float = 0.0) -> Row:
    """Return a row for the variance of `values` [samples, replicas]."""
    return mean_row(check, expected, (values - values.mean()) ** 2, allowance)


def distribution_row(check: str, values: np.ndarray, cdf) -> Row:
    """Return a row for a Kolmogorov–Smirnov test of independent values, in standard errors."""
    p_value = stats.kstest(np.ravel(values), cdf).pvalue
    return Row(check, 0.0, max(0.0, float(stats.norm.isf(p_value))), 1.0)


def per_structure(state: MDState, values) -> np.ndarray:
    """Return the sum of a per-atom quantity over each structure."""
    return np.asarray(state.sum_over_atoms(jnp.asarray(values)))
