"""Folding of AcAla₁₅NMe in the gas phase: from an extended chain, and out of a helix."""

from pathlib import Path

import numpy as np
from ase import Atoms
from jaxtyping import Float

from sundog.evaluate.benchmarks.card import NO_DATA, Card
from sundog.evaluate.benchmarks.tasks.base import (
    AbstractTask,
    Answers,
    Curve,
    FailedItem,
    Score,
    none_computed,
)
from sundog.evaluate.models import AbstractModel
from sundog.prepare.peptides.polyalanine import peptide_groups, polyalanine
from sundog.runs.settings import SimulationSettings

CARD = Card(
    name="polyalanine",
    title="AcAla15NMe in the gas phase at 300 K",
    source="Simulation; the molecule folds into a helix in simulations with machine-learned and "
    "classical force fields",
    licence="No data",
    metric="Share of the hydrogen bonds of a helix",
    protocol="300 ps of Langevin dynamics (0.1/ps, 1.5 fs, hydrogens of 3 amu) from an extended "
    "chain and from an ideal α helix, both relaxed. A bond of a helix is C=O···H–N from a residue "
    "to the third (3-10) or fourth (α) after it, shorter than 2.6 Å; a residue counts once. The "
    "share is that in the last tenth, `folded_after` the first time at which half are there. One "
    "run each: a chain that has not folded in 300 ps may yet do so.",
    data=NO_DATA,
    headline="helix_from_extended",
)
"""Card of the benchmark."""

RESIDUES = 15
"""Number of alanine residues."""

HYDROGEN_BOND = 2.6
"""Longest distance in Å from O to H of a hydrogen bond."""

SETTINGS = SimulationSettings.of(
    steps=200_000,
    timestep_fs=1.5,
    hydrogen_mass=3.0,
    friction_per_ps=0.1,
    minimize=True,
    sample_every=200,
    frame_every=200,
)
"""Settings of the runs: 300 ps."""

STARTS = {"extended": (180.0, 180.0), "helix": (-57.0, -47.0)}
"""Angles φ and ψ in degrees of the chains that the runs start from."""


def prepare(data_dir: Path | None) -> "PolyalanineTask":
    """Return the task; no folder is needed."""
    return PolyalanineTask(SETTINGS)


def helix_share(
    positions: Float[np.ndarray, "frames atoms 3"], residues: int = RESIDUES
) -> Float[np.ndarray, " frames"]:
    """Return the share of C=O groups with a hydrogen bond of an α or 3-10 helix.

    Args:
        positions: Positions in Å of the atoms that `polyalanine` builds.
        residues: Number of residues without the caps.
    """
    groups = peptide_groups(residues)
    count = residues - 2  # groups with a fourth residue after them; the caps count as residues
    bonded = np.zeros((len(positions), count), bool)
    for ahead in (3, 4):
        hydrogens = groups.hydrogens[ahead - 1 :][:count]
        apart = positions[:, groups.oxygens[:count]] - positions[:, hydrogens]
        bonded |= np.linalg.norm(apart, axis=-1) < HYDROGEN_BOND
    return bonded.mean(axis=1)


class PolyalanineTask(AbstractTask):
    """Task of one simulation from each starting structure."""

    items = "simulations"
    needs = "trajectory"

    def __init__(self, settings: SimulationSettings):
        """Make the task with the settings of the runs."""
        self.settings = settings

    def structures(self, model: AbstractModel) -> list[Atoms]:
        """Return the chains that the runs start from."""
        return [polyalanine(RESIDUES, *angles) for angles in STARTS.values()]

    def score(self, model: AbstractModel, answers: Answers) -> Score:
        """Return the share of helix at the end, and the time of folding.

        Raises:
            InputError: No simulation came to its end.
        """
        metrics, failed, missing, curves = {}, [], {}, []
        for number, start in enumerate(STARTS):
            if (reason := answers.reason(number)) is not None:
                failed.append(FailedItem(start, reason))
                continue
            found = answers.trajectory(number)
            time, share = found.time_ps, helix_share(found.positions)
            metrics[f"helix_from_{start}"] = float(share[-max(1, len(share) // 10) :].mean())
            curves.append(
                Curve(
                    panel="hydrogen bonds of a helix",
                    label=f"from {start}",
                    x=time,
                    x_label="time, ps",
                    y=share,
                    y_label="share",
                )
            )
            if start == "extended":
                folded = np.flatnonzero(share >= 0.5)
                if len(folded):
                    metrics["folded_after"] = float(time[folded[0]])
                else:
                    missing["folded_after"] = f"less than half folded in all {time[-1]:.0f} ps"
        if not metrics:
            raise none_computed(self.items, failed)
        return Score(
            metrics=metrics,
            units={name: "ps" if name == "folded_after" else "" for name in metrics},
            n=len(STARTS) - len(failed),
            n_of=len(STARTS),
            failed=failed,
            missing=missing,
            curves=curves,
        )
