"""Task of profiles of the energy along an angle, each of one molecule.

Predicted and reference profiles are relative to the conformer that is lowest in the reference. The
barrier is the highest less the lowest energy of a profile.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from jaxtyping import Float

from sundog.evaluate import statistics
from sundog.evaluate.benchmarks.tasks.base import (
    AbstractTask,
    Answers,
    Curve,
    FailedItem,
    Score,
    none_computed,
)
from sundog.evaluate.models import AbstractModel
from sundog.units import KCAL_PER_MOL

WORST = 20
"""Number of profiles in the list of the worst."""

DRAWN = 4
"""Number of profiles in the figure, those with the largest errors."""


@dataclass(frozen=True)
class Profile:
    """Energy profile of a molecule along an angle.

    Attributes:
        name: Name of the molecule.
        conformers: Conformers, two or more.
        angles: Angle of each conformer in degrees.
        reference: Reference energies in kcal/mol, up to a constant.
    """

    name: str
    conformers: Sequence[Atoms]
    angles: Float[np.ndarray, " conformers"]
    reference: Float[np.ndarray, " conformers"]


class ProfileTask(AbstractTask):
    """Task of energy profiles, compared with reference values."""

    items = "profiles"
    needs = "energy"

    def __init__(self, profiles: Sequence[Profile]):
        """Make the task of profiles."""
        self.profiles = list(profiles)

    def structures(self, model: AbstractModel) -> list[Atoms]:
        """Return the conformers of all profiles."""
        return [atoms for profile in self.profiles for atoms in profile.conformers]

    def score(self, model: AbstractModel, answers: Answers) -> Score:
        """Return metrics in kcal/mol, each the mean over profiles.

        Raises:
            InputError: No profile could be computed.
        """
        first, failed, found = 0, [], []
        for profile in self.profiles:
            last = first + len(profile.conformers)
            energies = answers.energies[first:last] / KCAL_PER_MOL
            why = next((why for n in range(first, last) if (why := answers.reason(n))), None)
            if why is not None:
                failed.append(FailedItem(profile.name, why))
            else:
                lowest = profile.reference.argmin()
                reference = profile.reference - profile.reference[lowest]
                found.append((profile, reference, energies - energies[lowest]))
            first = last
        if not found:
            raise none_computed(self.items, failed)
        gaps = [predicted - reference for _, reference, predicted in found]
        each = {
            "mae": np.array([statistics.mean_absolute(gap) for gap in gaps]),
            "rmse": np.array([statistics.root_mean_square(gap) for gap in gaps]),
            "mae_barrier": np.array([abs(np.ptp(p) - np.ptp(r)) for _, r, p in found]),
        }
        metrics = {name: float(values.mean()) for name, values in each.items()}
        order = np.argsort(-each["mae"])[:WORST]
        return Score(
            metrics=metrics,
            units=dict.fromkeys(metrics, "kcal/mol"),
            intervals={
                name: statistics.interval(values, statistics.mean_signed)
                for name, values in each.items()
            },
            n=len(found),
            n_of=len(self.profiles),
            failed=failed,
            worst=[{"name": found[n][0].name, "mae": float(each["mae"][n])} for n in order],
            curves=[_curve(*found[n]) for n in order[:DRAWN]],
        )


def _curve(profile: Profile, reference: np.ndarray, predicted: np.ndarray) -> Curve:
    order = np.argsort(profile.angles)
    return Curve(
        panel=profile.name,
        label="model",
        x=profile.angles[order],
        x_label="angle (°)",
        y=predicted[order],
        y_label="energy (kcal/mol)",
        reference=reference[order],
    )
