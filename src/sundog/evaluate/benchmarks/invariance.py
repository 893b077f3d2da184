"""Invariance: energy and forces of molecules that are turned, moved, mirrored and renumbered.

    E(R x + t) = E(x),  F(R x + t) = R F(x)   for every R of O(3), every t and every order of atoms

A rotation matrix times positions is rounded like anything else: an invariant model in float64
comes out at 1e-9 eV and below, in float32 at about 1e-4 meV per eV of energy.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase import Atoms
from jaxtyping import Float, Int
from scipy.spatial.transform import Rotation

from sundog.evaluate.benchmarks.card import NO_DATA, Card
from sundog.evaluate.benchmarks.tasks.base import AbstractTask, Answers, Score, none_computed
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
TIMES = 4
FARTHEST = 100.0
"""Å, of the translations along each axis."""
KINDS = ("rotation", "translation", "reflection", "permutation")


@dataclass(frozen=True)
class Change:
    """A molecule that ought to have the same energy.

    Attributes:
        kind: of `KINDS`.
        original: number of the molecule.
        matrix: by which positions and forces are turned.
        shift: Å.
        order: which atom comes at each place.
    """

    kind: str
    original: int
    matrix: Float[np.ndarray, "3 3"]
    shift: Float[np.ndarray, " 3"]
    order: Int[np.ndarray, " atoms"]

    def of(self, atoms: Atoms) -> Atoms:
        """Return the molecule changed."""
        changed = atoms[self.order]
        changed.positions = changed.positions @ self.matrix.T + self.shift
        return changed


def prepare(data_dir: Path | None) -> "InvarianceTask":
    """Return the task; no folder is needed."""
    return InvarianceTask(molecules())


class InvarianceTask(AbstractTask):
    """Molecules and their changed copies."""

    items = "changed molecules"
    needs = "properties"

    def __init__(self, originals: Sequence[Atoms]):
        """Take molecules."""
        self.originals = list(originals)
        rng = np.random.default_rng(0)
        self.changes = [
            _change(kind, number, len(atoms), rng)
            for number, atoms in enumerate(self.originals)
            for kind in KINDS
            for _ in range(TIMES)
        ]

    def structures(self, model: AbstractModel) -> list[Atoms]:
        """Return the molecules, then the changed ones."""
        changed = [change.of(self.originals[change.original]) for change in self.changes]
        return self.originals + changed

    def score(self, model: AbstractModel, answers: Answers) -> Score:
        """Return the largest changes, in all and by kind.

        Raises:
            InputError: no molecule could be computed.
        """
        energies, forces, failed = [], [], []
        for place, change in enumerate(self.changes, len(self.originals)):
            name = f"{self.originals[change.original].symbols} {change.kind}"
            if why := answers.reason(place) or answers.reason(change.original):
                failed.append({"name": name, "reason": why})
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
