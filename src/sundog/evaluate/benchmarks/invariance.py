"""Invariance: energy and forces of molecules that are rotated, moved, mirrored and renumbered.

    E(R x + t) = E(x),  F(R x + t) = R F(x)   for every R of O(3), every t and every order of atoms

Rotated positions are rounded, so that even an invariant model does not give zero: errors are 1e-9
eV and below in float64, about 1e-4 meV per eV of energy in float32.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase import Atoms
from jaxtyping import Float, Int
from scipy.spatial.transform import Rotation

from sundog.evaluate.benchmarks.card import NO_DATA, Card
from sundog.evaluate.benchmarks.tasks.base import (
    AbstractTask,
    Answers,
    FailedItem,
    Score,
    none_computed,
)
from sundog.evaluate.benchmarks.tasks.molecules import molecules
from sundog.evaluate.models import AbstractModel

CARD = Card(
    name="invariance",
    title="Invariance under rotation, translation, reflection and renumbering",
    source="Molecules and ions of ase.build.molecule (G2 geometries), changed at random with a "
    "fixed seed",
    licence="LGPL-2.1-or-later (ASE)",
    metric="Largest change of the energy (meV) and of a force component (meV/Å)",
    protocol="Eight molecules and two ions; each four times turned, moved by up to 100 Å, mirrored "
    "and renumbered. Forces are turned back before they are compared.",
    data=NO_DATA,
    headline="max_forces",
)
"""Card of the benchmark."""

TIMES = 4
"""Number of random changes of each kind, for each molecule."""

FARTHEST = 100.0
"""Longest translation along each axis in Å; in float32 positions then keep 1e-5 Å."""

KINDS = ("rotation", "translation", "reflection", "permutation")
"""Kinds of changes under which the energy is invariant."""


@dataclass(frozen=True)
class Change:
    """Change of a molecule under which the energy is invariant.

    Attributes:
        kind: Kind of the change, one of `KINDS`.
        original: Number of the molecule.
        matrix: Orthogonal matrix that transforms positions and forces.
        shift: Translation in Å.
        order: Number of the atom that comes at each place.
    """

    kind: str
    original: int
    matrix: Float[np.ndarray, "3 3"]
    shift: Float[np.ndarray, " 3"]
    order: Int[np.ndarray, " atoms"]

    def of(self, atoms: Atoms) -> Atoms:
        """Return a molecule after the change."""
        changed = atoms[self.order]
        changed.positions = changed.positions @ self.matrix.T + self.shift
        return changed


def prepare(data_dir: Path | None) -> "InvarianceTask":
    """Return the task; no folder is needed."""
    return InvarianceTask(molecules())


class InvarianceTask(AbstractTask):
    """Task of molecules and their changed copies."""

    items = "changed molecules"
    needs = "properties"

    def __init__(self, originals: Sequence[Atoms]):
        """Make the task, with random changes of the molecules."""
        self.originals = list(originals)
        rng = np.random.default_rng(0)
        self.changes = [
            _change(kind, number, len(atoms), rng)
            for number, atoms in enumerate(self.originals)
            for kind in KINDS
            for _ in range(TIMES)
        ]

    def structures(self, model: AbstractModel) -> list[Atoms]:
        """Return the molecules, then their changed copies."""
        changed = [change.of(self.originals[change.original]) for change in self.changes]
        return self.originals + changed

    def score(self, model: AbstractModel, answers: Answers) -> Score:
        """Return the largest changes, in all and by kind.

        Raises:
            InputError: No molecule could be computed.
        """
        energies, forces, failed = [], [], []
        for place, change in enumerate(self.changes, len(self.originals)):
            name = f"{self.originals[change.original].symbols} {change.kind}"
            if why := answers.reason(place) or answers.reason(change.original):
                failed.append(FailedItem(name, why))
            gap = answers.energies[place] - answers.energies[change.original]
            energies.append(1e3 * abs(gap))
            before, after = answers.of(change.original, "forces"), answers.of(place, "forces")
            turned = np.nan
            if before is not None and after is not None:
                turned = 1e3 * np.abs(after @ change.matrix - before[change.order]).max()
            forces.append(turned)
        if len(failed) == len(self.changes):
            raise none_computed(self.items, failed)
        kinds = np.array([change.kind for change in self.changes])
        found = {"energy": (np.array(energies), "meV"), "forces": (np.array(forces), "meV/Å")}
        metrics, units = {}, {}
        for quantity, (values, unit) in found.items():
            for kind in ("", *KINDS):
                some = values[(kinds == kind) | (kind == "")]
                if np.isfinite(some).any():
                    key = f"max_{quantity}_{kind}" if kind else f"max_{quantity}"
                    metrics[key], units[key] = float(np.nanmax(some)), unit
        missing = {} if "max_forces" in metrics else {"max_forces": "the model has no forces"}
        return Score(
            metrics=metrics,
            units=units,
            n=len(self.changes) - len(failed),
            n_of=len(self.changes),
            failed=failed,
            missing=missing,
        )


def _change(kind: str, original: int, size: int, rng: np.random.Generator) -> Change:
    matrix, shift, order = np.eye(3), np.zeros(3), np.arange(size)
    match kind:
        case "rotation":
            matrix = Rotation.from_quat(rng.normal(size=4)).as_matrix()
        case "translation":
            shift = rng.uniform(-FARTHEST, FARTHEST, 3)
        case "reflection":
            normal = rng.normal(size=3)
            matrix -= 2 * np.outer(normal, normal) / (normal @ normal)
        case "permutation":
            order = rng.permutation(size)
    return Change(kind, original, matrix, shift, order)
