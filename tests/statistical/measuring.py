"""What the checks of the ensembles share: replicas, trajectories and rows of the table.

Replicas are structures of one batch, independent of each other; standard errors come
from the scatter of their time averages, so that correlation in time does not matter.
"""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from scipy import stats

from sundog.engine.ensembles import Ensemble
from sundog.engine.run import run
from sundog.engine.state import MDState
from sundog.system import System, concatenate

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
